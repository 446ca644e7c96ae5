/**
 * Sessions and their bindings. A session stays bound until it ends, is unlocked or its appliance is lost (BD1, BD3);
 * sessions of one agent may be bound to different appliances (BD2).
 */
import { askAdoption, tellEnded } from './adoption.ts'
import { askPause, pauseOnResume, showPaused, stopChallengeTimers } from './challenges.ts'
import { type Report } from './pass.ts'
import { ask } from './requests.ts'
import {
  type AgentState,
  emit,
  type Ending,
  note,
  type RequestOwner,
  type Session,
  setTimer,
  type UnlockTask,
  warn,
  type Whereabouts,
} from './state.ts'
import { type Binding, type Stage } from '#shared/decision.ts'
import { type DialId, type SessionId, type SiteId } from '#shared/ids.ts'
import { siteOf } from '#shared/topology/stages.ts'
import { type PauseCause } from '#shared/wire/agent-link.schema.ts'

/** Binds `session` to the open link `dial`, reached in `stage`. */
export function bind(state: AgentState, session: Session, dial: DialId, stage: Stage): void {
  const link = state.links.get(dial)
  if (link?.phase !== 'open') return
  session.where = { at: 'bound', dial, stage, place: link.place }
  session.contact = undefined
}

/** Temporary: bound through the last resort to a site outside home and failover (SPEC.md section 1). */
export function isTemporary(state: AgentState, stage: Stage, site: SiteId): boolean {
  if (stage !== 'last-resort' && stage !== 'serving') return false
  const topology = state.slots.inUse
  const home = topology === undefined ? undefined : siteOf(topology, state.home.site)
  if (home === undefined) return true
  return site !== home.id && site !== home.failover.primary && site !== home.failover.secondary
}

/** Whoever answers over the link `dial`, as the outcome of a candidate. */
export function answeredBy(state: AgentState, dial: DialId): Report {
  const link = state.links.get(dial)
  const place = link?.phase === 'open' ? link.place : undefined
  return { outcome: 'answered', appliance: place?.appliance, site: place?.site }
}

export function bindingOf(state: AgentState, where: Whereabouts): Binding | null {
  if (where.at !== 'bound') return null
  const { stage, place } = where
  const { appliance, site } = place
  return { appliance, site, stage, temporary: isTemporary(state, stage, site) }
}

/** The pass ended with nothing: cached data serve meanwhile (OF1, SP7). Other sessions are untouched. */
export function goOffline(state: AgentState, session: Session): void {
  session.where = { at: 'offline' }
  if (session.contact !== undefined) session.contact = { ...session.contact, wasOffline: true }
  warn(state, 'session.offline', ['OF1', 'SP7'], `${session.user} works on without an appliance`)
}

/** LO5: the appliance does not know the session. Never silently: it is paused there until its own user logs in. */
export function pauseUnknown(state: AgentState, session: Session, dial: DialId, stage: Stage): void {
  bind(state, session, dial, stage)
  if (session.where.at === 'bound') session.pausedWhy = `${session.where.place.appliance} does not know the session`
  showPaused(state, session, undefined)
  session.unknownThere = true
  warn(
    state,
    'session.unknown',
    ['LO5'],
    `the new appliance does not know the session of ${session.user}: login needed`,
  )
}

/** The appliance has ended the session, or its user has. */
export function dropSession(state: AgentState, session: SessionId): void {
  state.sessions.delete(session)
  stopChallengeTimers(state, session)
  for (const run of state.passes.values()) {
    if (run.task.kind === 'failover') run.task.sessions.delete(session)
  }
}

/** What the appliance says of a resumed session; what was done here meanwhile is told to it. */
export function resumed(
  state: AgentState,
  session: Session,
  dial: DialId,
  stage: Stage,
  there: { readonly state: 'active' | 'locked' | 'paused'; readonly paused?: PauseCause | undefined },
): void {
  bind(state, session, dial, stage)
  session.unknownThere = false
  if (session.state === 'locked' && there.state === 'active') askLock(state, session, dial, null)
  // A challenge that began while the appliance was being asked stays (CH3).
  else if (session.paused !== undefined && there.state === 'active') askPause(state, session, dial, session.paused)
  else if (there.state === 'paused') showPaused(state, session, there.paused)
  else session.state = there.state
}

/** Asks the appliance to go on with the session, under a challenge where one is due (LO4, OF6). */
export function askResume(state: AgentState, session: Session, dial: DialId, owner: RequestOwner): void {
  if (session.offlineProofMs !== undefined) {
    askAdoption(state, session, dial, owner)
    return
  }
  const link = state.links.get(dial)
  if (link?.phase !== 'open') return
  const pause = session.unknownThere ? undefined : pauseOnResume(state, session, link.place.site)
  const { id, ticket } = session
  ask(state, dial, owner, { type: 'resume', session: id, ticket, ...(pause === undefined ? {} : { pause }) })
}

/** Tells the appliance of a lock, made just now or while none was reached. */
export function askLock(state: AgentState, session: Session, dial: DialId, call: number | null): void {
  const owner = {
    kind: 'operation',
    operation: 'lock',
    session: session.id,
    call,
    decision: null,
    again: null,
  } as const
  ask(state, dial, owner, { type: 'lock', session: session.id, ticket: session.ticket })
}

/** Tells the appliance of a logout; until it confirms, the ending is kept and told again to whoever is found (SP7). */
export function askLogout(
  state: AgentState,
  session: SessionId,
  ending: Ending,
  dial: DialId,
  call: number | null,
): void {
  state.endings.set(session, ending)
  const owner = { kind: 'operation', operation: 'logout', session, call, decision: null, again: null } as const
  if (ending.kind === 'ticket') ask(state, dial, owner, { type: 'logout', session, ticket: ending.ticket })
  else tellEnded(state, session, ending, dial, owner)
}

/** As soon as any pass finds an appliance, the agent's offline sessions rejoin there (SP7). */
export function rejoinOffline(state: AgentState, dial: DialId): void {
  for (const session of state.sessions.values()) {
    if (session.where.at !== 'offline' || isAsked(state, session.id)) continue
    askResume(state, session, dial, { kind: 'rejoin', session: session.id })
    note(state, 'session.rejoins', ['SP7'], `${session.user} comes back from offline`)
  }
  for (const [session, ending] of state.endings) {
    if (!isAsked(state, session)) askLogout(state, session, ending, dial, null)
  }
}

/** Whether an appliance is being asked about `session` already, outside any pass. */
function isAsked(state: AgentState, session: SessionId): boolean {
  return [...state.requests.values()].some(
    ({ owner }) => (owner.kind === 'rejoin' || owner.kind === 'operation') && owner.session === session,
  )
}

export const offlineRetryTimer = 'offline-retry'

/** Background attempts while offline, every `offlineRetryInterval`, ±20 % (OF2). */
export function ensureOfflineRetry(state: AgentState): void {
  if (state.timers.has(offlineRetryTimer)) return
  const { offlineRetryIntervalMs, offlineRetryJitter } = state.settings
  const factor = offlineRetryJitter ? 0.8 + (0.4 * state.random.below(1_000)) / 1_000 : 1
  setTimer(state, offlineRetryTimer, offlineRetryIntervalMs * factor, 'policy')
}

/** Whether something of this agent waits for an appliance. */
export function wantsAppliance(state: AgentState): boolean {
  const linked = [...state.links.values()].some((link) => link.phase === 'open')
  return !linked || [...state.sessions.values()].some((session) => session.where.at === 'offline')
}

/** Answers a lock or a logout that was done here and not confirmed by any appliance yet. */
export function answerHere(
  state: AgentState,
  id: SessionId,
  operation: 'lock' | 'logout' | 'unlock' | 'pause',
  call: number,
): void {
  if (operation === 'logout') dropSession(state, id)
  const session = state.sessions.get(id)
  const answer = {
    outcome: 'accepted',
    session: id,
    state: session?.state ?? 'ended',
    binding: session === undefined ? null : bindingOf(state, session.where),
    replicated: null,
    decision: null,
  } as const
  emit(state, { type: 'answer', call, answer })
}

/** Asks the appliance that serves the session; `false` when none does. What is lost on the way is begun again as a pass. */
export function askUnlockInPlace(
  state: AgentState,
  session: Session,
  task: UnlockTask,
  decision: number | null,
): boolean {
  if (session.where.at !== 'bound') return false
  const { user, password, call } = task
  const { id, ticket } = session
  const owner = { kind: 'operation', operation: 'unlock', session: id, call, decision, again: task } as const
  const message = session.unknownThere
    ? ({ type: 'login', session: id, user, password } as const)
    : ({ type: 'unlock', session: id, ticket, user, password } as const)
  ask(state, session.where.dial, owner, message)
  return true
}
