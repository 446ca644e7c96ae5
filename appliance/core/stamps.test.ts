import { expect, test } from 'vitest'
import { compareStamps } from './merge.ts'
import { createStamps } from './stamps.ts'

test('a stamp is later than the one before, also when the wall clock stands or steps back', () => {
  const stamps = createStamps('a')
  const given = [1_000.7, 1_000.9, 900, 1_001].map((wallMs) => stamps.next(wallMs))
  expect(given).toEqual([
    { wallMs: 1_000, counter: 0, origin: 'a' },
    { wallMs: 1_000, counter: 1, origin: 'a' },
    { wallMs: 1_000, counter: 2, origin: 'a' },
    { wallMs: 1_001, counter: 0, origin: 'a' },
  ])
})

test('a stamp is later than every stamp seen from elsewhere', () => {
  const stamps = createStamps('a')
  const seen = { wallMs: 5_000, counter: 7, origin: 'b' }
  stamps.observe(seen)
  stamps.observe({ wallMs: 4_000, counter: 9, origin: 'b' })
  expect(compareStamps(stamps.next(1_000), seen)).toBeGreaterThan(0)
})
