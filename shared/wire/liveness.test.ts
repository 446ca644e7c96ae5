import { describe, expect, test } from 'vitest'
import { type Liveness, beginLiveness, heard, silenceMaxMs, tick } from '#shared/wire/liveness.ts'

const settings = { heartbeatMs: 5000, heartbeatsMissedMax: 2, heartbeatSlackMs: 1000 }

/** Ticks at the given times; answers the verdict of each. */
function verdicts(begun: Liveness, ticksMs: readonly number[]): string[] {
  let liveness = begun
  return ticksMs.map((nowMs) => {
    const { next, verdict } = tick(liveness, nowMs, settings)
    liveness = next
    return verdict
  })
}

describe('liveness', () => {
  test('silence is lost after two missed heartbeats plus slack, and not a tick before', () => {
    expect(silenceMaxMs(settings)).toBe(11_000)
    expect(verdicts(beginLiveness(0), [5000, 10_000, 11_000])).toEqual(['alive', 'alive', 'alive'])
    expect(verdicts(beginLiveness(0), [5000, 10_000, 11_001])).toEqual(['alive', 'alive', 'lost'])
  })

  test('what is heard begins the count anew, and old news does not', () => {
    expect(heard(beginLiveness(0), 7000).heardMs).toBe(7000)
    expect(heard(heard(beginLiveness(0), 7000), 3000).heardMs).toBe(7000)
    expect(verdicts({ heardMs: 7000, tickMs: 10_000 }, [15_000, 18_000, 18_001])).toEqual(['alive', 'alive', 'lost'])
  })

  test('[LO7] a stall of our own is not silence of the other side', () => {
    expect(verdicts(beginLiveness(0), [5000, 60_000])).toEqual(['alive', 'stalled'])
  })

  test('[LO7] after a stall the other side has the whole time again', () => {
    expect(verdicts(beginLiveness(0), [5000, 60_000, 65_000, 70_000, 71_000, 71_001])).toEqual([
      'alive',
      'stalled',
      'alive',
      'alive',
      'alive',
      'lost',
    ])
  })

  test('[LO7] a tick that is late within the slack is no stall', () => {
    expect(verdicts({ heardMs: 0, tickMs: 6000 }, [12_000])).toEqual(['lost'])
    expect(verdicts({ heardMs: 0, tickMs: 6000 }, [12_001])).toEqual(['stalled'])
  })
})
