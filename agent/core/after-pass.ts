/**
 * What follows the end of a pass: the pin and the anchor, the answer to whoever asked, offline, coming back, or a new
 * pass later. Returns the tasks to begin now.
 */
import { audit, uploadAudit, uploadAuditAfter } from './audit.ts'
import { forget, tryOffline } from './offline.ts'
import { offlineUser } from './offline-data.ts'
import { type Busy, type Candidate, type Pass } from './pass.ts'
import { pinAfterAnswer } from './pin.ts'
import { answerAccepted, answerFailed, isFailureCode } from './replies.ts'
import { ask } from './requests.ts'
import {
  askUnlockInPlace,
  ensureOfflineRetry,
  goOffline,
  offlineRetryTimer,
  rejoinOffline,
  wantsAppliance,
} from './sessions.ts'
import {
  type AgentState,
  clearTimer,
  type LoginTask,
  type PassRun,
  setTimer,
  type Task,
  type UnlockTask,
  warn,
} from './state.ts'
import { assertNever } from '#shared/assert.ts'
import { type DialId, type SessionId, type UserName } from '#shared/ids.ts'

/** Deals with the ended pass of `run`. */
export function afterPass(state: AgentState, run: PassRun): readonly Task[] {
  const pass: Pass = run.pass ?? { phase: 'exhausted', tried: [], retryAfterMs: undefined }
  switch (pass.phase) {
    case 'found':
      return found(state, run, pass.candidate)
    case 'rejected':
      rejected(state, run, pass.tried.at(-1)?.detail ?? 'bad-credential')
      return []
    case 'busy':
      return busy(state, run, pass)
    case 'exhausted':
      return exhausted(state, run)
    case 'trying':
      return []
    default:
      return assertNever(pass)
  }
}

function found(state: AgentState, run: PassRun, candidate: Candidate): readonly Task[] {
  const { task } = run
  const dial = linkOf(state, candidate)
  const { appliance, site } = candidate
  if (candidate.stage === 'home' && appliance !== null && site !== null) {
    // Only a new session, or an unlock that goes home as one, replaces a pin that has expired (PN2, PN5).
    const windowMs = task.kind === 'login' || task.kind === 'unlock' ? state.settings.pinWindowMs : Infinity
    state.pin = pinAfterAnswer(state.pin, { appliance, site }, state.now.policyMs, windowMs)
  }
  if (dial !== undefined) settle(state, run, candidate, dial)
  switch (task.kind) {
    case 'login':
    case 'unlock':
      accepted(state, run, task)
      return []
    case 'bootstrap':
      return task.waiting
    case 'failover':
    case 'online':
    case 'timer':
      return []
    default:
      return assertNever(task)
  }
}

function linkOf(state: AgentState, candidate: Candidate): DialId | undefined {
  for (const [dial, link] of state.links) {
    if (link.phase === 'open' && link.endpoint === candidate.endpoint) return dial
  }
  return undefined
}

/** The anchor is kept without sessions (PN7); offline sessions rejoin (SP7); the last resort may repair a topology (BT7). */
function settle(state: AgentState, run: PassRun, candidate: Candidate, dial: DialId): void {
  if (run.purpose !== 'failover' || state.anchor === undefined || !state.links.has(state.anchor)) state.anchor = dial
  if (candidate.stage === 'last-resort') ask(state, dial, { kind: 'topology' }, { type: 'topology.get' })
  rejoinOffline(state, dial)
  if (run.purpose === 'failover') uploadAuditAfter(state, state.now.wallMs - run.beganAtMs)
  else uploadAudit(state)
  if (!wantsAppliance(state)) clearTimer(state, offlineRetryTimer)
}

function accepted(state: AgentState, run: PassRun, { call, session: id }: LoginTask | UnlockTask): void {
  const session = state.sessions.get(id)
  if (session !== undefined) answerAccepted(state, call, session, run.id)
}

/**
 * A rejected login is an answer (SP6): the pass has ended and nothing else happens. So it is when the agent itself is
 * refused; what the pass was made for is offline then, or fails.
 */
function rejected(state: AgentState, run: PassRun, detail: string): void {
  const { task } = run
  const waiting = task.kind === 'bootstrap' ? task.waiting : [task]
  for (const one of waiting) {
    if (one.kind !== 'login' && one.kind !== 'unlock') continue
    denied(state, one.user, one.kind === 'unlock' ? one.session : null, detail)
    answerFailed(state, one.call, isFailureCode(detail) ? detail : 'bad-credential', run.id)
  }
  if (task.kind === 'login' || task.kind === 'unlock') return
  if (task.kind === 'failover') movingGoOffline(state, task.sessions)
  if (wantsAppliance(state)) ensureOfflineRetry(state)
}

function movingGoOffline(state: AgentState, sessions: ReadonlySet<SessionId>): void {
  for (const id of sessions) {
    const session = state.sessions.get(id)
    if (session?.where.at === 'moving') goOffline(state, session)
  }
}

/** An appliance said no. Who is disabled there has nothing left to log in with here. */
export function denied(state: AgentState, user: UserName, session: SessionId | null, reason: string): void {
  audit(state, 'denied', user, session, reason)
  if (reason === 'disabled') forget(state, user)
}

/** All that serve are busy: wait as told, then a new pass (LO6). */
function busy(state: AgentState, run: PassRun, pass: Busy): readonly Task[] {
  const { task } = run
  if (task.kind === 'unlock' && unlockInPlace(state, run, task)) return []
  const untilMs = state.now.wireMs + pass.retryAfterMs
  if ((task.kind === 'login' || task.kind === 'unlock') && untilMs > task.giveUpAtMs) {
    answerFailed(state, task.call, 'busy', run.id, pass.retryAfterMs)
    return []
  }
  const key = `retry:${run.id}`
  state.retries.set(key, task)
  setTimer(state, key, pass.retryAfterMs, 'wire')
  return []
}

/** The pass ended with nothing: what it was made for is offline, and nothing else (SP7). */
function exhausted(state: AgentState, run: PassRun): readonly Task[] {
  const { task } = run
  switch (task.kind) {
    case 'bootstrap':
      for (const waiting of task.waiting) {
        if (waiting.kind === 'login' || waiting.kind === 'unlock') withoutTopology(state, run, waiting)
      }
      warn(state, 'agent.no-topology', ['BT9'], 'no bootstrap appliance answers, and no topology is known')
      break
    case 'login':
      withOfflineData(state, run, task)
      break
    case 'unlock':
      if (unlockInPlace(state, run, task)) return []
      withOfflineData(state, run, task)
      break
    case 'failover':
      movingGoOffline(state, task.sessions)
      break
    case 'online':
    case 'timer':
      break
    default:
      return assertNever(task)
  }
  if (wantsAppliance(state)) ensureOfflineRetry(state)
  return []
}

function withOfflineData(state: AgentState, run: PassRun, task: LoginTask | UnlockTask): void {
  run.rules.add('OF3')
  tryOffline(state, task, run.id)
}

/** Without a topology the user may still be known here; else there is nothing to go by (BT9). */
function withoutTopology(state: AgentState, run: PassRun, task: LoginTask | UnlockTask): void {
  if (offlineUser(state.offline, task.user) !== undefined) {
    withOfflineData(state, run, task)
    return
  }
  denied(state, task.user, task.kind === 'unlock' ? task.session : null, 'no-topology')
  answerFailed(state, task.call, 'no-topology', run.id)
}

/** FB3: the session stays where it is, if that appliance still answers. Says whether it was asked. */
function unlockInPlace(state: AgentState, run: PassRun, task: UnlockTask): boolean {
  const session = state.sessions.get(task.session)
  if (session === undefined || !askUnlockInPlace(state, session, task, run.id)) return false
  run.rules.add('FB3')
  return true
}
