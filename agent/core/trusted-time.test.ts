import { describe, expect, it } from 'vitest'
import { seenAt } from './trusted-time.ts'

const at = (wireMs: number, wallMs: number) => ({ wireMs, policyMs: wireMs, wallMs })

describe('[OF4] time that is trusted', () => {
  it.each([
    ['goes with the clock', at(100, 5_100), 5_100],
    ['goes forward with a clock that is set forward', at(100, 9_000), 9_000],
    ['goes on from the highest when the clock is set back', at(100, 2_000), 5_100],
  ])('%s', (_, now, wallMs) => {
    expect(seenAt({ wallMs: 5_000, wireMs: 0 }, now)).toEqual({ wallMs, wireMs: 100 })
  })

  it('counts from the highest of an earlier process as well', () => {
    const restarted = { wallMs: Math.max(5_000, 1_000), wireMs: 7 }
    expect(seenAt(restarted, at(57, 1_050)).wallMs).toBe(5_050)
  })
})
