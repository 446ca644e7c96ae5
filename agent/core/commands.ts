/** What people ask at the workstation: sign in, lock, unlock, sign out. */
import { type Command } from './events.ts'
import { audit } from './audit.ts'
import { active } from './challenges.ts'
import { startPass } from './passes.ts'
import { answerFailed } from './replies.ts'
import { answerHere, askLock, askLogout, askUnlockInPlace } from './sessions.ts'
import { type AgentState, type Ending, type Session } from './state.ts'
import { assertNever } from '#shared/assert.ts'
import { SessionId } from '#shared/ids.ts'

/** A login or unlock that stays busy for this long fails with that reason (LO6). Wire ms. */
const busyGiveUpMs = 30_000

export function command(state: AgentState, asked: Command): void {
  if (asked.type === 'login') {
    const { call, user, password } = asked
    const giveUpAtMs = state.now.wireMs + busyGiveUpMs
    startPass(state, { kind: 'login', call, session: newSessionId(state), user, password, giveUpAtMs })
    return
  }
  const session = state.sessions.get(asked.session)
  if (session === undefined) {
    answerFailed(state, asked.call, 'unknown-session', null)
    return
  }
  switch (asked.type) {
    case 'lock':
      lock(state, session, asked.call)
      return
    case 'logout':
      logout(state, session, asked.call)
      return
    case 'activity':
      active(state, session)
      answerHere(state, session.id, 'lock', asked.call)
      return
    case 'unlock': {
      const { call, password } = asked
      const giveUpAtMs = state.now.wireMs + busyGiveUpMs
      const user = asked.user ?? session.user
      const task = { kind: 'unlock', call, session: session.id, user, password, giveUpAtMs } as const
      // The answer to a challenge is no new attempt: it goes to the bound appliance (SP8).
      if (session.state === 'paused' && askUnlockInPlace(state, session, task, null)) return
      startPass(state, task)
      return
    }
    default:
      assertNever(asked)
  }
}

/** Unique across restarts of the agent, whose random stream begins anew. */
function newSessionId(state: AgentState): SessionId {
  return SessionId(`${state.id}-${Math.round(state.now.wallMs).toString(36)}-${state.random.hex(8)}`)
}

/** Locked here at once, with or without an appliance; a paused session stays paused. */
function lock(state: AgentState, session: Session, call: number): void {
  if (session.state === 'active') {
    session.state = 'locked'
    audit(state, 'lock', session.user, session.id)
  }
  if (session.where.at === 'bound' && !session.unknownThere) askLock(state, session, session.where.dial, call)
  else answerHere(state, session.id, 'lock', call)
}

function logout(state: AgentState, session: Session, call: number): void {
  // A second click, while the appliance is being told, is the same logout.
  if (!state.endings.has(session.id)) audit(state, 'logout', session.user, session.id)
  const ending = endingOf(state, session)
  if (session.where.at === 'bound') {
    askLogout(state, session.id, ending, session.where.dial, call)
    return
  }
  state.endings.set(session.id, ending)
  answerHere(state, session.id, 'logout', call)
}

function endingOf(state: AgentState, { ticket, user, policy, offlineProofMs }: Session): Ending {
  if (ticket !== '') return { kind: 'ticket', ticket }
  return { kind: 'started-offline', user, policy, startedAtMs: Math.round(offlineProofMs ?? state.now.wallMs) }
}
