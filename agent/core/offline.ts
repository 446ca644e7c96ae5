/**
 * Work without an appliance: what an online login leaves behind, and the logins and unlocks of a pass that found nobody
 * (OF3, OF4). Passwords are matched by the shell, off the loop; whether they may be is decided before and after it.
 */
import { audit } from './audit.ts'
import { hasRoom } from './audit-queue.ts'
import { showActive } from './challenges.ts'
import { changedOfflineUser, offlineUser, withOfflineUser, withoutOfflineUser } from './offline-data.ts'
import {
  afterFailure,
  afterOnlineLogin,
  afterSuccess,
  mayLogIn,
  type OfflineRefusal,
  type OfflineTime,
} from './offline-login.ts'
import { answerAccepted, answerFailed } from './replies.ts'
import { dropSession } from './sessions.ts'
import { type AgentState, emit, type LoginTask, note, type Session, type UnlockTask, warn } from './state.ts'
import { assert } from '#shared/assert.ts'
import { type FailureCode } from '#shared/failure.ts'
import { type UserName } from '#shared/ids.ts'
import { type EffectivePolicy } from '#shared/policy/policy.ts'
import { fail, type Result } from '#shared/result.ts'

type Accepted = { readonly policy: EffectivePolicy; readonly credentialVersion: number }

/** Thin clients have none: nothing is kept to log in with (FB4). */
export function hasOfflineLogin({ profile }: AgentState): boolean {
  return profile === 'windows'
}

/** An appliance has accepted the password: from now on the user may log in offline (OF3). One hash a version (OF4). */
export function learn(state: AgentState, user: UserName, password: string, accepted: Accepted): void {
  if (!hasOfflineLogin(state)) return
  const { policy, credentialVersion } = accepted
  const login = { user, policy, credentialVersion, atMs: state.seen.wallMs }
  const known = afterOnlineLogin(offlineUser(state.offline, user), login)
  state.offline = withOfflineUser(state.offline, known)
  if (known.credential !== null || !policy.offlineAuthentication.allowed) return
  const isUnderWay = [...state.jobs.values()].some(
    (job) => job.kind === 'make' && job.user === user && job.version === credentialVersion,
  )
  if (isUnderWay) return
  state.counters.job += 1
  state.jobs.set(state.counters.job, { kind: 'make', user, version: credentialVersion })
  emit(state, { type: 'make-verifier', job: state.counters.job, password })
}

export function verifierMade(state: AgentState, number: number, verifier: string): void {
  const job = state.jobs.get(number)
  assert(job?.kind === 'make', 'a verifier is made once, after it was asked for')
  state.jobs.delete(number)
  const { user, version } = job
  state.offline = changedOfflineUser(state.offline, user, (known) =>
    known.policy.offlineAuthentication.allowed ? { ...known, credential: { verifier, version } } : known,
  )
}

/** The policy as an appliance has just given it, without a login. */
export function learnPolicy(state: AgentState, user: UserName, policy: EffectivePolicy): void {
  const { allowed } = policy.offlineAuthentication
  state.offline = changedOfflineUser(state.offline, user, (known) => ({
    ...known,
    policy,
    credential: allowed ? known.credential : null,
  }))
}

/** An appliance says that the user is disabled. */
export function forget(state: AgentState, user: UserName): void {
  if (offlineUser(state.offline, user) !== undefined) state.offline = withoutOfflineUser(state.offline, user)
}

/** No appliance was found for `task`: the offline data decides. `decision` is the number of the pass. */
export function tryOffline(state: AgentState, task: LoginTask | UnlockTask, decision: number): void {
  const verifier = verifierOf(state, task.user)
  if (!verifier.ok) {
    refuse(state, task, decision, verifier.error)
    return
  }
  state.counters.job += 1
  state.jobs.set(state.counters.job, { kind: 'verify', task, decision })
  emit(state, { type: 'verify-offline', job: state.counters.job, verifier: verifier.value, password: task.password })
}

export function offlineVerified(state: AgentState, number: number, passwordOk: boolean): void {
  const job = state.jobs.get(number)
  assert(job?.kind === 'verify', 'an offline password is verified once, after it was asked for')
  state.jobs.delete(number)
  const { task, decision } = job
  const known = offlineUser(state.offline, task.user)
  // Asked again, because other guesses may have locked the user out meanwhile.
  const verifier = verifierOf(state, task.user)
  if (!verifier.ok) {
    refuse(state, task, decision, verifier.error)
    return
  }
  assert(known !== undefined, 'who may log in is known')
  const after = passwordOk ? afterSuccess(known) : afterFailure(known, timeOf(state))
  state.offline = changedOfflineUser(state.offline, task.user, () => after)
  if (!passwordOk) refuse(state, task, decision, 'bad-credential')
  else if (task.kind === 'login') startHere(state, task, decision, known.policy)
  else unlockHere(state, task, decision)
}

/** What the password must match, or why nothing that is typed would do (OF3–OF5, FB4). */
function verifierOf(state: AgentState, user: UserName): Result<string, OfflineRefusal> {
  if (!hasOfflineLogin(state)) return fail('offline.not-here')
  if (!hasRoom(state.offline.audit, 'offline-login')) return fail('offline.audit-full')
  return mayLogIn(offlineUser(state.offline, user), timeOf(state))
}

function timeOf(state: AgentState): OfflineTime {
  return { nowMs: state.seen.wallMs, timeScale: state.settings.timeScale }
}

function refuse(state: AgentState, task: LoginTask | UnlockTask, decision: number, code: FailureCode): void {
  const { call, user, session } = task
  audit(state, 'denied', user, task.kind === 'unlock' ? session : null, code)
  warn(state, 'offline.denied', ['OF3'], `${user} is denied without an appliance: ${code}`)
  answerFailed(state, call, code, decision)
}

function startHere(state: AgentState, task: LoginTask, decision: number, policy: EffectivePolicy): void {
  const { call, user } = task
  const session: Session = {
    id: task.session,
    user,
    ticket: '',
    state: 'active',
    where: { at: 'offline' },
    policy,
    paused: undefined,
    pausedWhy: undefined,
    answeredBy: undefined,
    contact: { site: null, heardMs: state.heardMs, wasOffline: true },
    unknownThere: false,
    offlineProofMs: undefined,
    replicated: null,
  }
  state.sessions.set(session.id, session)
  showActive(state, session, user)
  session.offlineProofMs = state.now.wallMs
  audit(state, 'offline-login', user, session.id)
  note(state, 'session.started-offline', ['OF3'], `${user} is signed in without an appliance`)
  answerAccepted(state, call, session, decision)
}

/** Also the answer to a challenge; who may answer is the same as with an appliance (CH4). */
function unlockHere(state: AgentState, task: UnlockTask, decision: number): void {
  const { call, user } = task
  const session = state.sessions.get(task.session)
  if (session === undefined) {
    refuse(state, task, decision, 'session-ended')
    return
  }
  if (user !== session.user && session.paused !== 'inactivity') {
    if (session.state === 'paused') dropSession(state, session.id)
    refuse(state, task, decision, session.state === 'paused' ? 'session-ended' : 'wrong-user')
    return
  }
  showActive(state, session, user)
  session.offlineProofMs = state.now.wallMs
  audit(state, 'unlock', user, session.id, 'offline')
  answerAccepted(state, call, session, decision)
}
