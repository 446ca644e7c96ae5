/**
 * Whether a request may be worked on now: `null`, or the answer that says why not. Capacity and full queues are *busy*
 * (LO6); an appliance that stops or has no database is *unavailable* (SP6); one that was removed is so for everything
 * but its own sessions (BT6). Site and address of the agent are not even looked at (HS4).
 */
import { createLoginRates, type LoginRate } from './login-rates.ts'
import { type Serving } from './serving.ts'
import { fullBucket, takeToken, type TokenBucket } from './token-bucket.ts'
import { type TopologyKeeper } from './topology-keeper.ts'
import { type Instant } from '#shared/clock.ts'
import { type Appliance } from '#shared/topology/model.ts'
import { type AgentMessage, type UnavailableReason } from '#shared/wire/agent-link.schema.ts'
import { wireLimits } from '#shared/wire/limits.ts'

/** When to come again where nothing tells better. */
const busyRetryAfterMs = 1_000

export type Refusal =
  | { readonly type: 'unavailable'; readonly reason: UnavailableReason }
  | { readonly type: 'busy'; readonly retryAfterMs: number }

export type AgentHello = Extract<AgentMessage, { type: 'hello' }>
export type AgentRequest = Exclude<AgentMessage, { type: 'hello' }>

/** The appliance around the front, asked anew each time. */
export interface Condition {
  /** Why nobody can be served at all; `null` when they can. */
  readonly unavailable: UnavailableReason | null
  readonly removed: boolean
  /** Those who are served are served on, and nobody else is taken in (RP6). */
  readonly reunites: boolean
  readonly self: Appliance
}

/** `unavailable` of the appliance and what its keeper says, read whenever it is asked. */
export function createCondition(
  unavailable: () => UnavailableReason | null,
  reunites: () => boolean,
  keeper: TopologyKeeper,
): Condition {
  return {
    get reunites() {
      return reunites()
    },
    get unavailable() {
      return unavailable()
    },
    get removed() {
      return keeper.removed
    },
    get self() {
      return keeper.self
    },
  }
}

export interface Admission {
  hello(hello: AgentHello): Refusal | null
  /** `underWay`: requests of the same link; `hashes`: passwords waiting to be verified here. */
  request(
    request: AgentRequest,
    agent: string,
    load: { underWay: number; hashes: number },
    now: Instant,
  ): Refusal | null
}

export function createAdmission(condition: Condition, serving: Serving, rate: LoginRate): Admission {
  const rates = createLoginRates(rate)
  let bucket: TokenBucket | null = null

  const busy: Refusal = { type: 'busy', retryAfterMs: busyRetryAfterMs }
  const removed: Refusal = { type: 'unavailable', reason: 'removed' }
  const isFull = (): boolean => {
    const sessionsMax = condition.self.capacity?.sessions
    return sessionsMax !== undefined && serving.filled >= sessionsMax
  }
  const takeLogin = (nowMs: number): Refusal | null => {
    const perSecond = condition.self.capacity?.loginsPerSecond
    if (perSecond === undefined) return null
    if (perSecond <= 0) return busy
    const { next, waitMs } = takeToken(bucket ?? fullBucket(perSecond, nowMs), perSecond, nowMs)
    bucket = next
    return waitMs === 0 ? null : { type: 'busy', retryAfterMs: Math.ceil(waitMs) }
  }

  return {
    hello(hello) {
      if (condition.unavailable !== null) return { type: 'unavailable', reason: condition.unavailable }
      const sessions = hello.sessions ?? []
      const own = sessions.some((session) => serving.isOf(session, hello.agent))
      if (condition.removed && !own) return removed
      if (condition.reunites && !own) return { type: 'unavailable', reason: 'catching-up' }
      // Who comes to resume, and whom nothing here waits for, need not come in to hear that there is no place.
      return sessions.length > 0 && !own && isFull() ? busy : null
    },
    request(request, agent, load, now) {
      if (condition.unavailable !== null) return { type: 'unavailable', reason: condition.unavailable }
      if (load.underWay >= wireLimits.requestsInFlightMax) return busy
      if (request.type === 'topology.get' || request.type === 'refresh' || request.type === 'audit') return null
      const own = serving.isOf(request.session, agent)
      if (condition.removed && !own) return removed
      if (request.type === 'lock' || request.type === 'logout' || request.type === 'pause') return null
      if (!own && isFull()) return busy
      if (request.type === 'resume' || request.type === 'resume-offline') return null
      if (load.hashes >= wireLimits.hashQueueMax) return busy
      const waitMs = rates.take(agent, request.user, now.wireMs)
      if (waitMs > 0) return { type: 'busy', retryAfterMs: Math.ceil(waitMs) }
      return request.type === 'login' ? takeLogin(now.wireMs) : null
    },
  }
}
