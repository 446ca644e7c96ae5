/** Answers of the appliance that serves a session to what was done in it: lock, unlock, logout, a challenge. */
import { audit } from './audit.ts'
import { denied } from './after-pass.ts'
import { showActive } from './challenges.ts'
import { learn } from './offline.ts'
import { answerFailed, isFailureCode } from './replies.ts'
import { bindingOf, dropSession } from './sessions.ts'
import { type AgentState, emit, type RequestOwner } from './state.ts'
import { type ApplianceMessage } from '#shared/wire/agent-link.schema.ts'

type OperationOwner = RequestOwner & { kind: 'operation' }

/** Takes the answer to an operation, and answers whoever asked for it at the control door. */
export function operationAnswer(state: AgentState, owner: OperationOwner, message: ApplianceMessage): void {
  const session = state.sessions.get(owner.session)
  const { call, decision } = owner
  if ('replicated' in message && session !== undefined) session.replicated = message.replicated
  switch (message.type) {
    case 'login.accepted':
    case 'unlocked':
      // A login in place is the answer to LO5: to the user it is an unlock.
      if (session === undefined) return
      if (message.type === 'login.accepted') session.ticket = message.ticket
      if (owner.again?.kind === 'unlock') {
        const { user, password } = owner.again
        audit(state, 'unlock', user, session.id)
        learn(state, user, password, message)
      }
      session.policy = message.policy
      showActive(state, session, owner.again?.kind === 'unlock' ? owner.again.user : session.user)
      break
    case 'logged-out':
      state.endings.delete(owner.session)
      dropSession(state, owner.session)
      break
    case 'rejected':
      state.endings.delete(owner.session)
      if (owner.again?.kind === 'unlock') denied(state, owner.again.user, owner.session, message.reason)
      if (message.reason === 'session-ended') dropSession(state, owner.session)
      if (call !== null)
        answerFailed(state, call, isFailureCode(message.reason) ? message.reason : 'unavailable', decision)
      return
    case 'unavailable':
      if (call !== null) answerFailed(state, call, 'unavailable', decision)
      return
    case 'busy':
      if (call !== null) answerFailed(state, call, 'busy', decision, message.retryAfterMs)
      return
    default:
  }
  if (call === null) return
  const answer = {
    outcome: 'accepted',
    session: owner.session,
    state: state.sessions.get(owner.session)?.state ?? 'ended',
    binding: session === undefined ? null : bindingOf(state, session.where),
    replicated: session?.replicated ?? null,
    decision,
  } as const
  emit(state, { type: 'answer', call, answer })
}
