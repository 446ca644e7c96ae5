/** Answers of appliances: each finds the request it belongs to, or is old news. */
import { audit, auditAnswered } from './audit.ts'
import { askLogin } from './attempt.ts'
import { denied } from './after-pass.ts'
import { showActive } from './challenges.ts'
import { learn, learnPolicy } from './offline.ts'
import { loseLink } from './loss.ts'
import { tell } from './passes.ts'
import { operationAnswer } from './operation-answers.ts'
import { takeRequest } from './requests.ts'
import { answeredBy, askLogout, bind, dropSession, ensureOfflineRetry, pauseUnknown, resumed } from './sessions.ts'
import { type AgentState, emit, type PassRun, type RequestOwner, type Session, warn } from './state.ts'
import { notTakenOver, takenOver } from './timer-move.ts'
import { takeTopology } from './topology-news.ts'
import { type Stage } from '#shared/decision.ts'
import { type DialId, RequestId, SessionId } from '#shared/ids.ts'
import { type ApplianceMessage } from '#shared/wire/agent-link.schema.ts'
import { isAnswerToAgent } from '#shared/wire/answers.ts'

/** A message came over the open link `dial`. */
export function received(state: AgentState, dial: DialId, message: ApplianceMessage): void {
  if (message.type === 'topology.changed') {
    // An agent of profile `list` has no topology, whatever it is offered (FB4).
    if (state.profile === 'list') return
    takeTopology(state, message.topology)
    return
  }
  if (message.type === 'welcome' || message.type === 'refused' || message.request === undefined) {
    breakOff(state, dial, `${message.type}, unasked`)
    return
  }
  const request = RequestId(message.request)
  const pending = state.requests.get(request)
  if (pending === undefined || pending.dial !== dial) return
  if (!isAnswerToAgent(pending.asked, message.type)) {
    breakOff(state, dial, `${message.type} to ${pending.asked}`)
    return
  }
  takeRequest(state, request)
  const { owner } = pending
  switch (owner.kind) {
    case 'topology':
      if (message.type === 'topology') takeTopology(state, message.topology)
      return
    case 'audit':
      auditAnswered(state, message)
      return
    case 'pass': {
      const run = state.passes.get(owner.pass)
      if (run !== undefined && run.asking === dial) passAnswer(state, run, owner, dial, message)
      return
    }
    case 'operation':
      operationAnswer(state, owner, message)
      return
    case 'rejoin':
      rejoinAnswer(state, owner.session, dial, message)
  }
}

/** The appliance says what it must not say now: its link is over, and what was asked over it is as with any loss (SC3). */
function breakOff(state: AgentState, dial: DialId, detail: string): void {
  emit(state, { type: 'hang-up', dial, code: 'unexpected' })
  loseLink(state, dial, 'reset', `unexpected: ${detail}`, 0)
}

type PassOwner = RequestOwner & { kind: 'pass' }

function passAnswer(state: AgentState, run: PassRun, owner: PassOwner, dial: DialId, message: ApplianceMessage): void {
  const session = owner.session === null ? undefined : state.sessions.get(owner.session)
  switch (message.type) {
    case 'topology': {
      takeTopology(state, message.topology)
      tell(state, run, answeredBy(state, dial))
      return
    }
    case 'login.accepted':
      loggedIn(state, run, dial, message)
      tell(state, run, answeredBy(state, dial))
      return
    case 'unlocked':
      if (session !== undefined) unlocked(state, run, session, dial, message)
      tell(state, run, answeredBy(state, dial))
      return
    case 'resumed':
    case 'adopted':
      if (session !== undefined && run.task.kind === 'timer') {
        if (message.type === 'resumed') takenOver(state, run.task, session, dial, message)
      } else if (session !== undefined) {
        auditFailover(state, run, session, dial)
        goOn(state, session, dial, stageOf(run), message)
      }
      moved(state, run, owner, dial)
      return
    case 'rejected':
      passRejected(state, run, owner, dial, message.reason)
      return
    case 'unavailable':
      tell(state, run, { outcome: 'unavailable', detail: message.reason })
      return
    case 'busy':
      tell(state, run, { outcome: 'busy', retryAfterMs: message.retryAfterMs })
      return
    default:
  }
}

function stageOf(run: PassRun): Stage {
  return run.pass?.phase === 'trying' ? run.pass.trying.stage : 'home'
}

/** A new session, or one that the appliance had not known (LO5). */
function loggedIn(
  state: AgentState,
  run: PassRun,
  dial: DialId,
  message: ApplianceMessage & { type: 'login.accepted' },
): void {
  const { task } = run
  if (task.kind !== 'login' && task.kind !== 'unlock') return
  const id = SessionId(message.session)
  if (!state.sessions.has(id)) audit(state, 'login', task.user, id)
  const session: Session = state.sessions.get(id) ?? {
    id,
    user: task.user,
    ticket: message.ticket,
    state: 'active',
    where: { at: 'moving' },
    policy: message.policy,
    paused: undefined,
    pausedWhy: undefined,
    answeredBy: undefined,
    contact: undefined,
    unknownThere: false,
    offlineProofMs: undefined,
    replicated: null,
  }
  session.ticket = message.ticket
  state.sessions.set(id, session)
  unlocked(state, run, session, dial, message)
}

function unlocked(
  state: AgentState,
  run: PassRun,
  session: Session,
  dial: DialId,
  message: ApplianceMessage & { type: 'unlocked' | 'login.accepted' },
): void {
  const { task } = run
  if (task.kind === 'unlock') audit(state, 'unlock', task.user, session.id)
  if (task.kind === 'unlock' || task.kind === 'login') learn(state, task.user, task.password, message)
  bind(state, session, dial, stageOf(run))
  session.policy = message.policy
  session.replicated = message.replicated
  showActive(state, session, task.kind === 'unlock' ? task.user : session.user)
}

/** The appliance goes on with the session; one that was validated gets its ticket (OF6). */
function goOn(
  state: AgentState,
  session: Session,
  dial: DialId,
  stage: Stage,
  message: ApplianceMessage & { type: 'resumed' | 'adopted' },
): void {
  if (message.type === 'adopted') {
    session.ticket = message.ticket
    session.policy = message.policy
    session.offlineProofMs = undefined
    learnPolicy(state, session.user, message.policy)
    if (message.paused !== undefined) session.pausedWhy ??= 'the policy is another than the agent went by'
  }
  session.replicated = message.replicated
  resumed(state, session, dial, stage, message)
}

function auditFailover(state: AgentState, run: PassRun, { user, id }: Session, dial: DialId): void {
  const link = state.links.get(dial)
  if (run.task.kind !== 'failover' || link?.phase !== 'open') return
  audit(state, 'failover', user, id, `${run.task.lost.appliance} to ${link.place.appliance}`)
}

/** One session of the pass has been dealt with; the pass ends when all have (LO1). */
function moved(state: AgentState, run: PassRun, owner: PassOwner, dial: DialId): void {
  const { task } = run
  if (owner.session === null) return
  if (task.kind === 'timer') {
    task.from.delete(owner.session)
    if (task.from.size === 0) tell(state, run, answeredBy(state, dial))
  }
  if (task.kind !== 'failover') return
  task.sessions.delete(owner.session)
  task.moved.add(owner.session)
  if (task.sessions.size === 0) tell(state, run, answeredBy(state, dial))
}

function passRejected(state: AgentState, run: PassRun, owner: PassOwner, dial: DialId, reason: string): void {
  const session = owner.session === null ? undefined : state.sessions.get(owner.session)
  if (reason === 'session-ended' && owner.session !== null) dropSession(state, owner.session)
  if (run.task.kind === 'timer') {
    if (session !== undefined && reason !== 'session-ended') notTakenOver(state, session, reason)
    moved(state, run, owner, dial)
    return
  }
  if (run.task.kind === 'failover') {
    if (reason !== 'session-ended' && session !== undefined) {
      auditFailover(state, run, session, dial)
      notTaken(state, session, dial, stageOf(run), reason)
    }
    moved(state, run, owner, dial)
    return
  }
  if (run.task.kind === 'unlock' && reason === 'unknown-session' && session?.unknownThere === false) {
    // LO5: its own user has just typed the password, so the login that the appliance needs follows at once.
    session.unknownThere = true
    askLogin(state, run, dial)
    return
  }
  tell(state, run, { outcome: 'rejected', detail: reason })
}

/** The appliance does not go on with the session: it refuses who started it offline (OF6), or does not know it (LO5). */
function notTaken(state: AgentState, session: Session, dial: DialId, stage: Stage, reason: string): void {
  if (session.offlineProofMs === undefined) {
    pauseUnknown(state, session, dial, stage)
    return
  }
  denied(state, session.user, session.id, reason)
  warn(state, 'session.not-validated', ['OF6'], `the session that ${session.user} started offline ends: ${reason}`)
  dropSession(state, session.id)
}

function rejoinAnswer(state: AgentState, id: SessionId, dial: DialId, message: ApplianceMessage): void {
  const session = state.sessions.get(id)
  const link = state.links.get(dial)
  if (link?.phase !== 'open') return
  const ending = state.endings.get(id)
  if (session === undefined && ending !== undefined) {
    // It was ended here while the appliance was being asked.
    askLogout(state, id, ending, dial, null)
    return
  }
  if (session?.where.at !== 'offline') return
  if (message.type === 'resumed' || message.type === 'adopted') goOn(state, session, dial, link.stage, message)
  else if (message.type === 'rejected') {
    if (message.reason === 'session-ended') dropSession(state, id)
    else notTaken(state, session, dial, link.stage, message.reason)
  } else ensureOfflineRetry(state)
}
