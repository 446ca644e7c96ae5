/**
 * What a pass asks of an appliance that answered its dial. A login is the same request wherever it is repeated, because
 * it carries the session's own id.
 */
import { ask } from './requests.ts'
import { type Report } from './pass.ts'
import { answeredBy, askResume } from './sessions.ts'
import { type AgentState, type PassRun } from './state.ts'
import { askToTakeOver } from './timer-move.ts'
import { assertNever } from '#shared/assert.ts'
import { type DialId } from '#shared/ids.ts'

/** Asks over the open link `dial`; returns the outcome where nothing need be asked. */
export function attempt(state: AgentState, run: PassRun, dial: DialId): Report | undefined {
  run.asking = dial
  const { task } = run
  switch (task.kind) {
    case 'bootstrap':
      ask(state, dial, { kind: 'pass', pass: run.id, session: null }, { type: 'topology.get' })
      return undefined
    case 'online':
      return answeredBy(state, dial)
    case 'login':
      askLogin(state, run, dial)
      return undefined
    case 'unlock':
      return attemptUnlock(state, run, dial)
    case 'failover':
      return attemptResume(state, run, dial)
    case 'timer':
      return askToTakeOver(state, run, task, dial)
    default:
      return assertNever(task)
  }
}

/** A login, for a new session or for one that the appliance does not know (LO5). */
export function askLogin(state: AgentState, run: PassRun, dial: DialId): void {
  const { task } = run
  if (task.kind !== 'login' && task.kind !== 'unlock') return
  const { session, user, password } = task
  ask(state, dial, { kind: 'pass', pass: run.id, session }, { type: 'login', session, user, password })
}

function attemptUnlock(state: AgentState, run: PassRun, dial: DialId): Report | undefined {
  const { task } = run
  const session = task.kind === 'unlock' ? state.sessions.get(task.session) : undefined
  if (task.kind !== 'unlock' || session === undefined) return { outcome: 'rejected', detail: 'session-ended' }
  if (session.ticket === '') {
    // No appliance knows the session, and its own user has just typed the password: that is a login (OF6).
    if (task.user !== session.user) return { outcome: 'rejected', detail: 'wrong-user' }
    askLogin(state, run, dial)
    return undefined
  }
  if (session.unknownThere) {
    askLogin(state, run, dial)
    return undefined
  }
  const { user, password } = task
  const owner = { kind: 'pass', pass: run.id, session: session.id } as const
  ask(state, dial, owner, { type: 'unlock', session: session.id, ticket: session.ticket, user, password })
  return undefined
}

/** One lost link makes one pass: all its sessions are resumed together (LO1, LO3). */
function attemptResume(state: AgentState, run: PassRun, dial: DialId): Report | undefined {
  const { task } = run
  if (task.kind !== 'failover' || task.sessions.size === 0) return { outcome: 'answered' }
  for (const id of task.sessions) {
    const session = state.sessions.get(id)
    if (session === undefined) continue
    askResume(state, session, dial, { kind: 'pass', pass: run.id, session: id })
  }
  return undefined
}
