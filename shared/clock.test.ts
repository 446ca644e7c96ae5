import { beforeEach, describe, expect, it } from 'vitest'
import { realClock } from './clock.ts'

const began = Date.UTC(2026, 0, 5, 8)
const hour = 3_600_000
let monotonicMs = 0
/** What the machine says beside that. */
let aheadMs = 0

const clockAt = (timeScale: number) =>
  realClock(timeScale, { monotonicMs: () => monotonicMs, wallMs: () => began + monotonicMs + aheadMs, originMs: began })

/** The monotonic clock stands still meanwhile, as it does on Linux. */
const suspend = (ms: number): void => void (aheadMs += ms)

beforeEach(() => {
  monotonicMs = 500
  aheadMs = 0
})

describe('the real clock', () => {
  it('runs policy time as fast as the scale says, from when it was made', () => {
    const clock = clockAt(60)
    expect(clock.now()).toEqual({ wireMs: 500, policyMs: 0, wallMs: began + 500 })
    monotonicMs += 1_000
    expect(clock.now()).toEqual({ wireMs: 1_500, policyMs: 60_000, wallMs: began + 1_500 })
  })

  it('[CH2] counts the time in which the machine was suspended', () => {
    const clock = clockAt(2)
    suspend(8 * hour)
    monotonicMs += 1_000
    const now = { wireMs: 8 * hour + 1_500, policyMs: 2 * (8 * hour + 1_000), wallMs: began + 8 * hour + 1_500 }
    expect(clock.now()).toEqual(now)
    expect(clock.asleepMs).toBe(8 * hour)
  })

  it('[CH2] counts many short sleeps too', () => {
    const clock = clockAt(1)
    for (let sleep = 0; sleep < 9; sleep += 1) {
      suspend(400)
      monotonicMs += 100
      clock.now()
    }
    expect(clock.asleepMs).toBeGreaterThan(9 * 400 - 1_000)
  })

  it('[OF4, CH2] does not go back, and does not stand still, where the machine is set back', () => {
    const clock = clockAt(1)
    aheadMs -= 5 * hour
    monotonicMs += 1_000
    expect(clock.now()).toEqual({ wireMs: 1_500, policyMs: 1_000, wallMs: began + 1_500 - 5 * hour })
    suspend(5 * hour)
    expect(clock.now()).toMatchObject({ policyMs: 5 * hour + 1_000, wallMs: began + 1_500 })
  })

  it.each([
    ['before', 1],
    ['after', 2],
  ])('is not misled where the process is stopped for a minute %s the machine is asked', (_, atReading) => {
    let reading = 0
    const stopped = (): number => {
      if (reading === atReading) monotonicMs += 60_000
      reading += 1
      return monotonicMs
    }
    const wallMs = (): number => began + stopped()
    const clock = realClock(1, { monotonicMs: stopped, wallMs, originMs: began })
    reading = 0
    expect(clock.now()).toMatchObject({ wireMs: 60_500, wallMs: began + 60_500 })
    expect(clock.asleepMs).toBe(0)
  })

  it('takes what keeps a clock in step for no sleep', () => {
    const clock = clockAt(600)
    aheadMs += 999
    expect(clock.now()).toEqual({ wireMs: 500, policyMs: 0, wallMs: began + 500 })
    expect(clock.asleepMs).toBe(0)
  })

  it('goes with the clocks of this machine where no others are given', () => {
    const { wireMs, wallMs } = realClock(1).now()
    expect(Math.abs(wireMs - performance.now())).toBeLessThan(1_000)
    expect(Math.abs(wallMs - Date.now())).toBeLessThan(2_000)
  })
})
