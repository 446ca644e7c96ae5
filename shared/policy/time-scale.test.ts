import { describe, expect, test } from 'vitest'
import { type Settings, fastWire, normalSettings } from '#shared/policy/settings.ts'
import { timeScaleBound, worstCaseFailoverMs } from '#shared/policy/time-scale.ts'

const fast: Settings = { ...normalSettings, ...fastWire }
const minute = 60_000

describe('the scale at which a failover over six candidates reaches the retry interval', () => {
  test('normal: 11 s of silence and six dials of 2 s, about 12 times', () => {
    expect(worstCaseFailoverMs(normalSettings, 6)).toBe(23_000)
    expect(timeScaleBound(normalSettings, 6, [10 * minute])).toMatchObject({
      limitMs: 5 * minute,
      limitedBy: 'offline retry interval',
      reachedAt: 300 / 23,
    })
  })

  test('fast: 1.25 s of silence and six dials of 400 ms, about 80 times', () => {
    expect(worstCaseFailoverMs(fast, 6)).toBe(3_650)
    expect(timeScaleBound(fast, 6, [10 * minute]).reachedAt).toBeCloseTo(82.19, 2)
  })
})

test('the shortest grace period limits where it is shorter than the retry interval', () => {
  const bound = timeScaleBound(fast, 6, [10 * minute, minute, 2 * minute])
  expect(bound).toMatchObject({ limitMs: minute, limitedBy: 'grace period' })
})

test('a grace period of 0 means always, and limits nothing', () => {
  expect(timeScaleBound(fast, 6, [0]).limitedBy).toBe('offline retry interval')
  expect(timeScaleBound(fast, 6, []).limitedBy).toBe('offline retry interval')
})

test('the bound is told in words', () => {
  expect(timeScaleBound(normalSettings, 6, []).text).toBe(
    'to detect a loss takes 11 s, a pass over 6 silent candidates 12 s, together 23 s of real time; ' +
      'scaled, that must stay below the offline retry interval of 5 min',
  )
})
