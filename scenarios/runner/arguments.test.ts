import { describe, expect, it } from 'vitest'
import { newSeed, parseSeed, parseTimeScale } from './arguments.ts'

describe('a seed', () => {
  it.each(['abc', '0', 'a-b_c.d', 'x'.repeat(64)])('may be %s', (text) => {
    expect(parseSeed(text)).toBe(text)
  })
  it.each(['', 'a b', 'a/b', '../x', 'x'.repeat(65)])('may not be "%s"', (text) => {
    expect(() => parseSeed(text)).toThrow('A seed is')
  })
  it('that is drawn may be given again', () => {
    const seed = newSeed()
    expect(parseSeed(seed)).toBe(seed)
  })
})

describe('a time scale', () => {
  it.each([
    ['1', 1],
    ['0.5', 0.5],
    ['600', 600],
  ])('may be %s', (text, scale) => {
    expect(parseTimeScale(text)).toBe(scale)
  })
  it.each(['', ' ', '0', '-1', 'fast', 'Infinity', '6x'])('may not be "%s"', (text) => {
    expect(() => parseTimeScale(text)).toThrow('A time scale is')
  })
})
