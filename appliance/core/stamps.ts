/**
 * Hybrid logical time of one origin: follows the wall clock, never steps back, and is later than every stamp seen, so
 * that a change made after another was heard of is later than it on every database.
 */
import { type Stamp } from '#shared/wire/peer-link.schema.ts'

export interface Stamps {
  next(wallMs: number): Stamp
  /** Takes note of a stamp from elsewhere. */
  observe(stamp: Stamp): void
}

export function createStamps(origin: string): Stamps {
  let wall = 0
  let counter = 0
  return {
    next(wallMs) {
      const nowMs = Math.floor(wallMs)
      counter = nowMs > wall ? 0 : counter + 1
      wall = Math.max(wall, nowMs)
      return { wallMs: wall, counter, origin }
    },
    observe(stamp) {
      if (stamp.wallMs < wall) return
      counter = stamp.wallMs > wall ? stamp.counter : Math.max(counter, stamp.counter)
      wall = stamp.wallMs
    },
  }
}
