import { describe, expect, test } from 'vitest'
import { formatDuration, parseDuration } from '#shared/policy/duration.ts'

describe('a duration is a number with its unit', () => {
  test.each([
    ['3h', 10_800_000],
    ['3 h', 10_800_000],
    ['10 min', 600_000],
    ['5s', 5_000],
    ['400 ms', 400],
    ['2.5 s', 2_500],
    ['7 d', 604_800_000],
  ])('%s', (text, ms) => {
    expect(parseDuration(text)).toEqual({ ok: true, value: ms })
  })

  test.each(['5', '3 hours', 'h', '-5 s', '1e3 s', '5 m', '1h 30min', '', '0 s'])('%j is none', (text) => {
    expect(parseDuration(text).ok).toBe(false)
  })
})

test.each([
  [10_800_000, '3 h'],
  [5_400_000, '90 min'],
  [600_000, '10 min'],
  [1_250, '1250 ms'],
  [0, '0 ms'],
  [3_650.5, '3.7 s'],
])('%d ms are written as %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text)
})
