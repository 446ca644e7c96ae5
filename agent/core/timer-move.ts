/**
 * Agents of profile `timer` come home by themselves (FB4): while a session is bound outside its home site, the appliances
 * of home are tried every `failoverSiteTimeout`, and whoever answers takes the sessions over without a challenge. Where
 * nobody answers they stay. Each stays bound to the old appliance until the new one has said yes, so that nothing is ever
 * between the two. A paused session waits for its answer where it is.
 */
import { audit } from './audit.ts'
import { type Report } from './pass.ts'
import { ask } from './requests.ts'
import { answeredBy, resumed } from './sessions.ts'
import { type AgentState, clearTimer, type PassRun, type Session, setTimer, type TimerTask, warn } from './state.ts'
import { type DialId } from '#shared/ids.ts'
import { type ApplianceMessage } from '#shared/wire/agent-link.schema.ts'

export const timerMoveTimer = 'timer-move'

/** Keeps the timer running exactly while a session is away. */
export function keepTimer(state: AgentState): void {
  if (state.profile !== 'timer') return
  if (away(state).length === 0) clearTimer(state, timerMoveTimer)
  else if (!state.timers.has(timerMoveTimer))
    setTimer(state, timerMoveTimer, state.settings.failoverSiteTimeoutMs, 'policy')
}

/** The task that begins now; `undefined` where the one before is not done. */
export function timerTask(state: AgentState): TimerTask | undefined {
  const tasks = [...[...state.passes.values()].map(({ task }) => task), ...state.retries.values()]
  return tasks.some(({ kind }) => kind === 'timer') ? undefined : { kind: 'timer', from: new Map(), moved: new Set() }
}

/** Notes who is to move, now that the home site has been decided anew (HS5); `false` when nobody is. */
export function chooseWhoMoves(state: AgentState, { from }: TimerTask): boolean {
  from.clear()
  for (const { id, where } of away(state)) if (where.at === 'bound') from.set(id, where.dial)
  return from.size > 0
}

function away(state: AgentState): readonly Session[] {
  const { site } = state.home
  if (site === null) return []
  return [...state.sessions.values()].filter(
    ({ where, state: said }) => where.at === 'bound' && where.place.site !== site && said !== 'paused',
  )
}

/** Asks an appliance of home to take over; returns the outcome where there is nobody left to move. */
export function askToTakeOver(state: AgentState, run: PassRun, task: TimerTask, dial: DialId): Report | undefined {
  for (const id of task.from.keys()) {
    const session = state.sessions.get(id)
    if (session === undefined || !isWaiting(task, session)) {
      task.from.delete(id)
      continue
    }
    ask(
      state,
      dial,
      { kind: 'pass', pass: run.id, session: id },
      { type: 'resume', session: id, ticket: session.ticket },
    )
  }
  return task.from.size === 0 ? answeredBy(state, dial) : undefined
}

/** Whether the session is still where it was when it was to move; a loss, an unlock or a challenge has gone before. */
function isWaiting({ from }: TimerTask, { id, where, state }: Session): boolean {
  return where.at === 'bound' && where.dial === from.get(id) && state !== 'paused'
}

/** The appliance of home goes on with the session. */
export function takenOver(
  state: AgentState,
  task: TimerTask,
  session: Session,
  dial: DialId,
  message: ApplianceMessage & { type: 'resumed' },
): void {
  const link = state.links.get(dial)
  if (link?.phase !== 'open' || session.where.at !== 'bound' || !isWaiting(task, session)) return
  audit(
    state,
    'failover',
    session.user,
    session.id,
    `${session.where.place.appliance} to ${link.place.appliance}, timer`,
  )
  session.replicated = message.replicated
  resumed(state, session, dial, 'home', message)
  task.moved.add(session.id)
}

/** The appliance of home does not know it (yet): it stays, and the next time it is asked again. */
export function notTakenOver(state: AgentState, session: Session, reason: string): void {
  warn(state, 'session.stays', ['FB4'], `the session of ${session.user} stays where it is: ${reason} at home`)
}
