/**
 * Holds chunks in order until each is due. What is due leaves at once and never early; a chunk never overtakes the one
 * before it. Times are those of `performance.now()`.
 */
import { type StageSetup } from './stage.ts'

type Held = { readonly due: number; readonly chunk: Buffer | 'end' }

export class DelayLine {
  readonly #outlet: StageSetup<never>['outlet']
  readonly #hold: StageSetup<never>['hold']
  #queue: Held[] = []
  #timer: NodeJS.Timeout | undefined
  #lastDue = 0

  constructor({ outlet, hold }: Pick<StageSetup<never>, 'outlet' | 'hold'>) {
    this.#outlet = outlet
    this.#hold = hold
  }

  /** When the last chunk added leaves (or left). */
  get lastDue(): number {
    return this.#lastDue
  }

  add(due: number, chunk: Buffer | 'end'): void {
    this.#lastDue = Math.max(due, this.#lastDue)
    if (chunk !== 'end') this.#hold(chunk.length)
    this.#queue.push({ due: this.#lastDue, chunk })
    if (this.#queue.length === 1) this.#passDue()
  }

  release(): void {
    this.#lastDue = 0
    this.#pass(this.#queue.splice(0))
    clearTimeout(this.#timer)
  }

  stop(): void {
    this.#queue = []
    clearTimeout(this.#timer)
  }

  #passDue(): void {
    const now = performance.now()
    const waiting = this.#queue.findIndex((held) => held.due > now)
    this.#pass(this.#queue.splice(0, waiting === -1 ? this.#queue.length : waiting))
    const [next] = this.#queue
    clearTimeout(this.#timer)
    if (next === undefined || next.due === Infinity) return
    // A timer counts whole ms from a cached clock and may fire early; then this runs again.
    this.#timer = setTimeout(() => this.#passDue(), Math.max(1, Math.ceil(next.due - now)))
  }

  #pass(leaving: readonly Held[]): void {
    for (const { chunk } of leaving) {
      if (chunk === 'end') {
        this.#outlet.end()
      } else {
        this.#hold(-chunk.length)
        this.#outlet.data(chunk)
      }
    }
  }
}
