/**
 * Wall time that never steps back, for lifespans that outlive a process (OF4). The machine's own clock may be set back
 * while the agent runs or between two runs: time then goes on from the highest that was ever seen.
 */
import { type Instant } from '#shared/clock.ts'

export type Seen = {
  /** The highest wall time so far, Unix ms. */
  readonly wallMs: number
  /** When that was, by the monotonic clock of this process. */
  readonly wireMs: number
}

/** What time it is at `now`, given what has been seen before. */
export function seenAt(seen: Seen, now: Instant): Seen {
  const elapsedMs = now.wireMs - seen.wireMs
  return { wallMs: Math.max(seen.wallMs + elapsedMs, now.wallMs), wireMs: now.wireMs }
}
