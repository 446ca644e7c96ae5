/** Requests under way: each has a number, a time limit, and exactly one answer or a lost link. */
import { clearTimer, emit, type AgentState, type PendingRequest, type RequestOwner, setTimer } from './state.ts'
import { type DialId, RequestId } from '#shared/ids.ts'
import { type AgentMessage } from '#shared/wire/agent-link.schema.ts'

type Numbered = Extract<AgentMessage, { request: number }>
type WithoutNumber<Message> = Message extends Numbered ? Omit<Message, 'request'> : never

const timerOf = (request: RequestId): string => `request:${request}`

/** Sends `message` over the link `dial`; the answer will find `owner`. */
export function ask(state: AgentState, dial: DialId, owner: RequestOwner, message: WithoutNumber<Numbered>): void {
  state.counters.request += 1
  const request = RequestId(state.counters.request)
  state.requests.set(request, { dial, asked: message.type, askedMs: state.now.wireMs, owner })
  emit(state, { type: 'send', dial, message: { ...message, request } as Numbered })
  setTimer(state, timerOf(request), state.settings.requestTimeoutMs, 'wire')
}

/** Takes the request that an answer or a timer names; `undefined` for old news. */
export function takeRequest(state: AgentState, request: RequestId): PendingRequest | undefined {
  const pending = state.requests.get(request)
  if (pending === undefined) return undefined
  state.requests.delete(request)
  clearTimer(state, timerOf(request))
  return pending
}

/** Takes every request of a lost link, in the order they were sent. */
export function takeRequestsOf(state: AgentState, dial: DialId): readonly PendingRequest[] {
  const taken = [...state.requests].filter(([, pending]) => pending.dial === dial)
  return taken.flatMap(([request]) => takeRequest(state, request) ?? [])
}

/** The request whose timer has this key, or `undefined`. */
export function requestOfTimer(key: string): RequestId | undefined {
  return key.startsWith('request:') ? RequestId(Number(key.slice('request:'.length))) : undefined
}
