/** Time of a small world: what is due runs in the order of its moment, and of asking within one moment. */

import { type Instant } from '#shared/clock.ts'

type Due = { readonly atMs: number; readonly order: number; readonly run: () => void }

export class VirtualTime {
  nowMs = 0
  /** Things asked for so far. */
  order = 0
  private due: Due[] = []

  get instant(): Instant {
    return { wireMs: this.nowMs, policyMs: this.nowMs, wallMs: 1_700_000_000_000 + this.nowMs }
  }

  later(afterMs: number, run: () => void): void {
    this.order += 1
    this.due.push({ atMs: this.nowMs + afterMs, order: this.order, run })
  }

  run(forMs: number): void {
    const untilMs = this.nowMs + forMs
    for (;;) {
      const next = this.due.reduce<Due | null>(
        (first, due) => (first === null || isBefore(due, first) ? due : first),
        null,
      )
      if (next === null || next.atMs > untilMs) break
      this.due = this.due.filter((due) => due !== next)
      this.nowMs = next.atMs
      next.run()
    }
    this.nowMs = untilMs
  }
}

function isBefore(a: Due, b: Due): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order)
}
