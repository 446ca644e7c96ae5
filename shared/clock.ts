/** Time as cores see it: handed in, never read. Two time bases, as SPEC.md section 2 tells. */

export type Instant = {
  /** Monotonic real time, ms: timeouts, heartbeats, jitter. */
  readonly wireMs: number
  /** Monotonic time scaled by `timeScale`, ms: pin windows, refresh, grace, lifespans, retry intervals. */
  readonly policyMs: number
  /** Unix time, ms: stamps in records and logs. */
  readonly wallMs: number
}

export interface Clock {
  now(): Instant
}

export type TimeBase = 'wire' | 'policy'

/** The real clock with policy time running `timeScale` times as fast. */
export function realClock(timeScale: number): Clock {
  const origin = performance.now()
  return {
    now() {
      const wireMs = performance.now()
      return { wireMs, policyMs: (wireMs - origin) * timeScale, wallMs: performance.timeOrigin + wireMs }
    },
  }
}
