import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { turnTimers } from './turn-timers.ts'

let fired: string[] = []
/** Runs with the faked timers, this much behind them; ahead of them by what the machine slept. */
let behindMs = 0
const clock = {
  now: () => {
    const wireMs = performance.now() - behindMs
    return { wireMs, policyMs: wireMs, wallMs: wireMs }
  },
}
const timers = (timeScale = 1) => turnTimers(clock, timeScale, (key, number) => fired.push(`${key} ${number}`))

beforeEach(() => {
  fired = []
  behindMs = 0
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

describe('timers of a turn', () => {
  test('fire once, after their time, with their number', () => {
    timers().set({ key: 'pass', number: 7, afterMs: 100, base: 'wire' })
    vi.advanceTimersByTime(99)
    expect(fired).toEqual([])
    vi.advanceTimersByTime(1000)
    expect(fired).toEqual(['pass 7'])
  })

  test('policy time runs as fast as the scale says, wire time does not', () => {
    const own = timers(60)
    own.set({ key: 'refresh', number: 1, afterMs: 600_000, base: 'policy' })
    own.set({ key: 'request', number: 2, afterMs: 10_001, base: 'wire' })
    vi.advanceTimersByTime(9_999)
    expect(fired).toEqual([])
    vi.advanceTimersByTime(1)
    expect(fired).toEqual(['refresh 1'])
    vi.advanceTimersByTime(1)
    expect(fired).toEqual(['refresh 1', 'request 2'])
  })

  test('re-arming voids the earlier one of that key, and clearing voids it altogether', () => {
    const own = timers()
    own.set({ key: 'a', number: 1, afterMs: 10, base: 'wire' })
    own.set({ key: 'a', number: 2, afterMs: 30, base: 'wire' })
    own.set({ key: 'b', number: 3, afterMs: 10, base: 'wire' })
    own.clear('b')
    own.clear('unknown')
    vi.advanceTimersByTime(20)
    expect(fired).toEqual([])
    vi.advanceTimersByTime(20)
    expect(fired).toEqual(['a 2'])
    own.set({ key: 'c', number: 4, afterMs: 10, base: 'wire' })
    own.clearAll()
    vi.advanceTimersByTime(20)
    expect(fired).toEqual(['a 2'])
  })

  test('wait on when the clock of the cores is behind', () => {
    timers().set({ key: 'a', number: 1, afterMs: 10, base: 'wire' })
    behindMs = 3
    vi.advanceTimersByTime(10)
    expect(fired).toEqual([])
    vi.advanceTimersByTime(3)
    expect(fired).toEqual(['a 1'])
  })

  test('[CH3] fire in their order as soon as the machine wakes, and those that are not due wait on', () => {
    const own = timers(60)
    own.set({ key: 'interval', number: 1, afterMs: 3_600_000, base: 'policy' })
    own.set({ key: 'refresh', number: 3, afterMs: 600_000, base: 'policy' })
    own.set({ key: 'request', number: 2, afterMs: 5_000, base: 'wire' })
    own.set({ key: 'cleared', number: 4, afterMs: 1, base: 'wire' })
    own.clear('cleared')
    behindMs = -30_000
    vi.advanceTimersByTime(1)
    own.wake()
    vi.advanceTimersByTime(1)
    expect(fired).toEqual(['request 2', 'refresh 3'])
    vi.advanceTimersByTime(29_998)
    expect(fired).toEqual(['request 2', 'refresh 3', 'interval 1'])
  })

  test('wait longer than a timeout of the platform can', () => {
    timers().set({ key: 'a', number: 1, afterMs: 2 ** 31 + 1000, base: 'wire' })
    vi.advanceTimersByTime(2 ** 31)
    expect(fired).toEqual([])
    vi.advanceTimersByTime(1000)
    expect(fired).toEqual(['a 1'])
  })
})
