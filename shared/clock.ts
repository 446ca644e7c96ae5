/**
 * Time as cores see it: handed in, never read. Two time bases, as SPEC.md section 2 tells.
 *
 * Time asleep counts. A machine that is suspended stops its monotonic clock on Linux, where Node reads CLOCK_MONOTONIC;
 * on macOS and Windows it goes on. So the machine's own clock is read beside it: what that has moved ahead is taken for
 * sleep. It cannot be told from a clock that was set forward; taking that for sleep makes a grace period shorter and never
 * longer. Moved back, it counts for nothing, or whoever sets it back before a sleep would have that for nothing too.
 */

export type Instant = {
  /** Monotonic real time, time asleep included, ms: timeouts, heartbeats, jitter. */
  readonly wireMs: number
  /** Monotonic time scaled by `timeScale`, ms: pin windows, refresh, grace, lifespans, retry intervals. */
  readonly policyMs: number
  /** Unix time, ms: stamps in records and logs. It follows the machine's clock, back as well. */
  readonly wallMs: number
}

export interface Clock {
  now(): Instant
}

export interface RealClock extends Clock {
  /** How long the machine has slept so far, as far as it has been noticed; ms. */
  readonly asleepMs: number
}

/** What a real clock is made of, ms each. */
export type ClockReadings = {
  readonly monotonicMs: () => number
  /** What the machine says that it is, Unix time. */
  readonly wallMs: () => number
  /** What it said when the monotonic clock of this process was 0. */
  readonly originMs: number
}

export type TimeBase = 'wire' | 'policy'

/** The machine's clock ahead or behind by less is how it is kept in step, not a step. */
const stepMinMs = 1_000

const ownReadings: ClockReadings = {
  monotonicMs: () => performance.now(),
  wallMs: () => Date.now(),
  originMs: performance.timeOrigin,
}

/** The real clock with policy time running `timeScale` times as fast. */
export function realClock(timeScale: number, readings: ClockReadings = ownReadings): RealClock {
  const { monotonicMs, wallMs, originMs } = readings
  const origin = monotonicMs()
  /** By how much the machine's clock is ahead of the monotonic one. */
  let aheadMs = originMs
  let asleepMs = 0

  /** Reads the monotonic clock on both sides of the other, because this process may be stopped in between. */
  const read = (): number => {
    const before = monotonicMs()
    const wall = wallMs()
    const after = monotonicMs()
    const forward = wall - after - aheadMs
    const back = before + aheadMs - wall
    if (forward >= stepMinMs) {
      aheadMs += forward
      asleepMs += forward
    } else if (back >= stepMinMs) aheadMs -= back
    return after
  }
  return {
    now() {
      const monotonic = read()
      const wireMs = monotonic + asleepMs
      return { wireMs, policyMs: (wireMs - origin) * timeScale, wallMs: aheadMs + monotonic }
    },
    get asleepMs() {
      read()
      return asleepMs
    },
  }
}
