/**
 * Challenges of one agent's sessions: when coming online pauses a session (LO4, CH1, CH2), and the challenges by time,
 * of inactivity and at an interval. A paused or locked session has no timers running; an answer starts them anew.
 */
import { comesOnline, isChallenged } from './challenge.ts'
import { audit } from './audit.ts'
import { ask } from './requests.ts'
import { type AgentState, clearTimer, note, type Session, setTimer } from './state.ts'
import { type DialId, SessionId, type SiteId, type UserName } from '#shared/ids.ts'
import { formatDuration } from '#shared/policy/duration.ts'
import { type ComingOnline } from '#shared/policy/policy.ts'
import { type PauseCause } from '#shared/wire/agent-link.schema.ts'

const minuteMs = 60_000

/**
 * The challenge under which `session` is to be resumed in `site`: one that is open already, or the one of coming online.
 * A locked session needs none: its unlock is the proof (FB3).
 */
export function pauseOnResume(state: AgentState, session: Session, site: SiteId): PauseCause | undefined {
  if (session.state === 'paused') return session.paused
  const { contact, policy } = session
  session.pausedWhy = undefined
  if (session.state !== 'active' || contact === undefined) return undefined
  const why = comesOnline(contact, site, state.settings.seamlessFailover)
  if (why === null || !isChallenged(policy.challengeComingOnline, contact.heardMs, state.now.policyMs)) return undefined
  const awayMs = Math.round(state.now.policyMs - contact.heardMs)
  const away = Number.isFinite(awayMs)
    ? `${inSeconds(awayMs)} after the last contact`
    : 'with none since the agent started'
  session.pausedWhy = `${onlineWords[why]}, ${away}; ${graceWords(policy.challengeComingOnline)}`
  const text = `${session.user} must prove identity again: ${session.pausedWhy}`
  note(state, 'session.challenged', ['LO4', policy.challengeComingOnline.mode === 'always' ? 'CH1' : 'CH2'], text)
  return 'coming-online'
}

const onlineWords = {
  'was-offline': 'it was offline',
  'cross-site': 'it has come to another site',
  'not-seamless': 'it has moved inside its site and seamlessFailover is off',
} as const

function graceWords(policy: ComingOnline): string {
  if (policy.mode === 'always') return 'the policy says always'
  return `the grace period is ${policy.minutes} min`
}

function inSeconds(ms: number): string {
  return formatDuration(Math.round(ms / 1_000) * 1_000)
}

/** Shows the challenge: nothing is served, the agent stays online (CH3). */
export function showPaused(state: AgentState, session: Session, cause: PauseCause | undefined): void {
  if (session.state !== 'paused') audit(state, 'challenge', session.user, session.id, cause ?? 'unknown-session')
  session.state = 'paused'
  session.paused = cause
  session.answeredBy = undefined
  stopChallengeTimers(state, session.id)
}

/** The session is active, by login, unlock or answer of `by`. */
export function showActive(state: AgentState, session: Session, by: UserName): void {
  session.answeredBy = session.state === 'paused' ? by : undefined
  session.pausedWhy = undefined
  session.state = 'active'
  session.paused = undefined
  session.unknownThere = false
  session.offlineProofMs = undefined
  armInactivity(state, session)
  const { challengeIntervalMinutes } = session.policy
  if (challengeIntervalMinutes > 0)
    setTimer(state, intervalKey(session.id), challengeIntervalMinutes * minuteMs, 'policy')
}

/** Somebody used the workstation: the time of inactivity begins anew. */
export function active(state: AgentState, session: Session): void {
  if (session.state === 'active') armInactivity(state, session)
}

export function stopChallengeTimers(state: AgentState, session: SessionId): void {
  clearTimer(state, intervalKey(session))
  clearTimer(state, inactivityKey(session))
}

/** A challenge timer fired; `false` when the key is of no such timer. */
export function challengeTimerFired(state: AgentState, key: string): boolean {
  const [kind, id] = [key.slice(0, key.indexOf(':')), key.slice(key.indexOf(':') + 1)]
  if (kind !== 'interval' && kind !== 'inactivity') return false
  const session = state.sessions.get(SessionId(id))
  if (session?.state === 'active') challenge(state, session, kind)
  return true
}

/** Paused here at once, with or without an appliance; whoever serves the session is told. */
function challenge(state: AgentState, session: Session, cause: 'interval' | 'inactivity'): void {
  const { challengeIntervalMinutes, challengeInactivityMinutes } = session.policy
  session.pausedWhy =
    cause === 'interval'
      ? `${challengeIntervalMinutes} min after the last proof of identity`
      : `nobody was active for ${challengeInactivityMinutes} min`
  showPaused(state, session, cause)
  note(state, 'session.challenged', ['CH3', 'CH4'], `${session.user} is challenged: ${cause}`)
  if (session.where.at === 'bound' && !session.unknownThere) askPause(state, session, session.where.dial, cause)
}

/** Tells the appliance of a challenge that was begun here. */
export function askPause(state: AgentState, session: Session, dial: DialId, cause: PauseCause): void {
  const owner = {
    kind: 'operation',
    operation: 'pause',
    session: session.id,
    call: null,
    decision: null,
    again: null,
  } as const
  ask(state, dial, owner, { type: 'pause', session: session.id, ticket: session.ticket, cause })
}

function armInactivity(state: AgentState, session: Session): void {
  const { challengeInactivityMinutes } = session.policy
  if (challengeInactivityMinutes === 0) return
  setTimer(state, inactivityKey(session.id), challengeInactivityMinutes * minuteMs, 'policy')
}

const intervalKey = (session: SessionId): string => `interval:${session}`
const inactivityKey = (session: SessionId): string => `inactivity:${session}`
