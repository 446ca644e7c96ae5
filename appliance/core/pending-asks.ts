/**
 * What a service appliance has asked and not heard of yet. An ask keeps its number for as long as it waits, whichever
 * database it goes to, and is given up after a bound.
 */
import { type Timers } from './timers.ts'
import { isAnswerToAsk } from '#shared/wire/answers.ts'
import { type Answer, type Ask } from '#shared/wire/peer-link.schema.ts'

type Pending = { readonly ask: Ask; readonly deadlineMs: number; readonly done: (answer: Answer) => void }

export const expireKey = 'affinity.expire'
const nobody: Answer = { outcome: 'unavailable', reason: 'no-database' }

export class PendingAsks {
  private readonly timers: Timers
  private readonly waiting = new Map<number, Pending>()
  private last = 0

  constructor(timers: Timers) {
    this.timers = timers
  }

  /** Returns the number of the ask. Deadlines come in the order of numbers, as all bounds are alike. */
  add(ask: Ask, nowMs: number, boundMs: number, done: (answer: Answer) => void): number {
    this.last += 1
    if (this.waiting.size === 0) this.timers.set(expireKey, boundMs)
    this.waiting.set(this.last, { ask, deadlineMs: nowMs + boundMs, done })
    return this.last
  }

  /** Every ask that waits, oldest first. */
  *all(): Iterable<readonly [number, Ask]> {
    for (const [request, { ask }] of this.waiting) yield [request, ask]
  }

  /** An answer to one that is not waited for changes nothing. `false`: it is none to what was asked, which waits on (SC3). */
  answer(request: number, answer: Answer): boolean {
    const pending = this.waiting.get(request)
    if (pending === undefined) return true
    if (!isAnswerToAsk(pending.ask.op, answer.outcome)) return false
    this.waiting.delete(request)
    if (this.waiting.size === 0) this.timers.clear(expireKey)
    pending.done(answer)
    return true
  }

  giveUp(): void {
    for (const request of this.waiting.keys()) this.answer(request, nobody)
  }

  expire(nowMs: number): void {
    for (const [request, { deadlineMs }] of this.waiting) {
      if (deadlineMs > nowMs) {
        this.timers.set(expireKey, deadlineMs - nowMs)
        return
      }
      this.answer(request, nobody)
    }
  }
}
