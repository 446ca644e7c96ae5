/**
 * What the lab knows right now, folded from the history as it grows, and waiting on it: a wait looks again at every
 * event and nowhere else, so there is no polling and no sleeping.
 */
import { type AgentStatus, type Decision } from '#shared/decision.ts'
import { type AgentId, type ApplianceId } from '#shared/ids.ts'
import { assert } from '#shared/assert.ts'
import { type HistoryEvent } from '../history.ts'

export interface LiveView {
  apply(event: HistoryEvent): void
  /** `undefined` until the agent has spoken, and after it stopped. */
  status(agent: AgentId): AgentStatus | undefined
  /** Every decision of the run, in order; numbers start again when an agent restarts. */
  decisions(agent: AgentId): readonly Decision[]
  serves(appliance: ApplianceId): boolean
  /** What it advised last. */
  advice(appliance: ApplianceId): readonly string[]
  /**
   * The first defined value of `probe`, asked now and after each event. Rejects with what `late` makes after `boundMs`,
   * and with the lab's failure when there is one.
   */
  until<Value>(probe: () => Value | undefined, boundMs: number, late: () => Error): Promise<Value>
  /** The lab failed: all waits, present and future, reject with `error`. */
  fail(error: Error): void
  /** Rejects when the lab fails; never resolves. */
  readonly failed: Promise<never>
}

type Waiter = { readonly look: () => void; readonly reject: (error: Error) => void }

export function liveView(): LiveView {
  const statuses = new Map<AgentId, AgentStatus>()
  const decisions = new Map<AgentId, Decision[]>()
  const serving = new Set<ApplianceId>()
  const advice = new Map<ApplianceId, readonly string[]>()
  const waiters = new Set<Waiter>()
  let failure: Error | undefined
  const { promise: failed, reject: rejectFailed } = Promise.withResolvers<never>()
  failed.catch(() => {})

  const fold = (event: HistoryEvent): void => {
    if (event.type === 'status') statuses.set(event.agent, event.status)
    if (event.type === 'agent.stopped') statuses.delete(event.agent)
    if (event.type === 'appliance.serving') serving.add(event.appliance)
    if (event.type === 'appliance.not-serving') serving.delete(event.appliance)
    if (event.type === 'appliance.advises') advice.set(event.appliance, event.advice)
    if (event.type === 'pass.ended') {
      const known = decisions.get(event.agent)
      if (known === undefined) decisions.set(event.agent, [event.decision])
      else known.push(event.decision)
    }
  }

  return {
    apply(event) {
      fold(event)
      for (const waiter of waiters) waiter.look()
    },
    status: (agent) => statuses.get(agent),
    decisions: (agent) => decisions.get(agent) ?? [],
    serves: (appliance) => serving.has(appliance),
    advice: (appliance) => advice.get(appliance) ?? [],
    async until<Value>(probe: () => Value | undefined, boundMs: number, late: () => Error) {
      assert(boundMs > 0, 'every wait has a bound')
      if (failure !== undefined) throw failure
      const now = probe()
      if (now !== undefined) return now
      const { promise, resolve, reject } = Promise.withResolvers<Value>()
      const waiter: Waiter = {
        look() {
          const value = probe()
          if (value !== undefined) resolve(value)
        },
        reject,
      }
      waiters.add(waiter)
      const timer = setTimeout(() => reject(late()), boundMs)
      try {
        return await promise
      } finally {
        clearTimeout(timer)
        waiters.delete(waiter)
      }
    },
    failed,
    fail(error) {
      failure ??= error
      rejectFailed(failure)
      for (const waiter of waiters) waiter.reject(error)
    },
  }
}
