/** Answers to whoever asked at the control door. */
import { bindingOf } from './sessions.ts'
import { type AgentState, emit, type Session } from './state.ts'
import { type FailureCode, failures, failureText } from '#shared/failure.ts'

export function answerAccepted(state: AgentState, call: number, session: Session, decision: number | null): void {
  const { id, where, replicated } = session
  const binding = bindingOf(state, where)
  const answer = { outcome: 'accepted', session: id, state: session.state, binding, replicated, decision } as const
  emit(state, { type: 'answer', call, answer })
}

export function answerFailed(
  state: AgentState,
  call: number,
  code: FailureCode,
  decision: number | null,
  retryAfterMs?: number,
): void {
  const answer = { outcome: 'failed', code, text: failureText({ code }), retryAfterMs, decision } as const
  emit(state, { type: 'answer', call, answer })
}

/** The reason of a rejection as a code of the registry. */
export function isFailureCode(text: string): text is FailureCode {
  return text in failures
}
