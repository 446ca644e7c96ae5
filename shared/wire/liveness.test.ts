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

const heardAt = (liveness: Liveness, nowMs: number): Liveness => heard(liveness, nowMs, settings)

describe('liveness', () => {
  test('silence is lost after two missed heartbeats plus slack, and not a tick before', () => {
    expect(silenceMaxMs(settings)).toBe(11_000)
    expect(verdicts(beginLiveness(0), [5000, 10_000, 11_000])).toEqual(['alive', 'alive', 'alive'])
    expect(verdicts(beginLiveness(0), [5000, 10_000, 11_001])).toEqual(['alive', 'alive', 'lost'])
  })

  test('what is heard begins the count anew, and old news does not', () => {
    expect(heardAt(beginLiveness(0), 3000).heardMs).toBe(3000)
    expect(heardAt(heardAt(beginLiveness(0), 3000), 2000).heardMs).toBe(3000)
    expect(verdicts({ ...beginLiveness(10_000), heardMs: 7000 }, [15_000, 18_000, 18_001])).toEqual([
      'alive',
      'alive',
      'lost',
    ])
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
    expect(verdicts({ ...beginLiveness(6000), heardMs: 0 }, [12_000])).toEqual(['lost'])
    expect(verdicts({ ...beginLiveness(6000), heardMs: 0 }, [12_001])).toEqual(['stalled'])
  })
})

describe('[CH2] the last contact', () => {
  const ticked = (liveness: Liveness, nowMs: number): Liveness => tick(liveness, nowMs, settings).next

  test('is what was read last', () => {
    expect(heardAt(ticked(beginLiveness(0), 5000), 6000).contactMs).toBe(6000)
  })

  test('is not the end of a stall', () => {
    const slept = ticked(heardAt(ticked(beginLiveness(0), 5000), 6000), 3_600_000)
    expect(slept).toMatchObject({ heardMs: 3_600_000, contactMs: 6000 })
    expect(ticked(slept, 3_605_000).contactMs).toBe(6000)
  })

  test('of what is read after a stall is when that began, and before the tick that notices it too', () => {
    const asleep = ticked(beginLiveness(0), 5000)
    expect(heardAt(asleep, 3_600_000)).toMatchObject({ heardMs: 3_600_000, contactMs: 5000 })
    expect(heardAt(ticked(asleep, 3_600_000), 3_600_001)).toMatchObject({ heardMs: 3_600_001, contactMs: 5000 })
    const twice = ticked(ticked(asleep, 3_600_000), 3_610_000)
    expect(heardAt(twice, 3_610_001).contactMs).toBe(5000)
  })

  test('is sure again after one heartbeat in time', () => {
    const awake = ticked(ticked(beginLiveness(0), 3_600_000), 3_605_000)
    expect(heardAt(awake, 3_605_001).contactMs).toBe(3_605_001)
  })
})
