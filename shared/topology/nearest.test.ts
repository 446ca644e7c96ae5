import { expect, test } from 'vitest'
import { nearest, suggest } from '#shared/topology/nearest.ts'

const keys = ['pinWindow', 'heartbeat', 'primServer', 'ranges']

test.each([
  ['pinwindow', 'pinWindow'],
  ['hartbeat', 'heartbeat'],
  ['haertbeat', 'heartbeat'],
  ['range', 'ranges'],
  ['primaryServer', 'primServer'],
  ['colour', undefined],
  ['', undefined],
  ['x'.repeat(100_000), undefined],
])('%.20s most likely meant %s', (word, meant) => {
  expect(nearest(word, keys)).toBe(meant)
})

test('where nothing is close, the known words are listed, twelve at most', () => {
  expect(suggest('colour', keys)).toBe('choose one of pinWindow, heartbeat, primServer, ranges')
  const many = Array.from({ length: 15 }, (_, index) => `site-${index}`)
  expect(suggest('colour', many)).toMatch(/^choose one of site-0, .*, site-11 and 3 more$/u)
})
