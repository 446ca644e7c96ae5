import { describe, expect, test } from 'vitest'
import { randomStream, shuffled } from '#shared/random.ts'

/** Upper critical values of chi-square at significance 0.001: a good generator fails one such test in a thousand. The seeds are fixed, so that a pass stays a pass. */
const chiSquareMax = { 1: 10.83, 5: 20.52, 23: 49.73 } as const

function chiSquare(counts: readonly number[], expected: number): number {
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
}

describe('random streams', () => {
  test('the same seed and id give the same draws', () => {
    const draws = (): number[] => {
      const random = randomStream('seed', 'agent-1')
      return Array.from({ length: 20 }, () => random.below(1000))
    }
    expect(draws()).toEqual(draws())
  })

  test('another seed or another id gives other draws', () => {
    const first = randomStream('seed', 'agent-1').hex(32)
    expect(randomStream('seed', 'agent-2').hex(32)).not.toBe(first)
    expect(randomStream('seeds', 'agent-1').hex(32)).not.toBe(first)
    expect(first).toMatch(/^[0-9a-f]{32}$/u)
  })

  test('draws below a bound are uniform', () => {
    const random = randomStream('seed', 'uniform')
    const counts = Array.from({ length: 6 }, () => 0)
    for (let draw = 0; draw < 60_000; draw += 1) {
      const face = random.below(6)
      counts[face] = (counts[face] ?? 0) + 1
    }
    expect(counts).toHaveLength(6)
    expect(chiSquare(counts, 10_000)).toBeLessThan(chiSquareMax[5])
  })

  test('every order of a shuffle is equally likely', () => {
    const random = randomStream('seed', 'orders')
    const counts = new Map<string, number>()
    for (let draw = 0; draw < 24_000; draw += 1) {
      const order = shuffled(['a', 'b', 'c', 'd'], random).join('')
      counts.set(order, (counts.get(order) ?? 0) + 1)
    }
    expect(counts.size).toBe(24)
    expect(chiSquare([...counts.values()], 1000)).toBeLessThan(chiSquareMax[23])
  })

  test('neighbours are independent: the first draws of many agents are uniform, and so is their agreement', () => {
    const first = Array.from({ length: 6000 }, (_, index) => randomStream('seed', `agent-${index}`).below(2))
    const ones = first.filter((draw) => draw === 1).length
    expect(chiSquare([ones, 6000 - ones], 3000)).toBeLessThan(chiSquareMax[1])
    const agreeing = first.filter((draw, index) => index % 2 === 0 && draw === first[index + 1]).length
    expect(chiSquare([agreeing, 3000 - agreeing], 1500)).toBeLessThan(chiSquareMax[1])
  })

  test('a shuffle leaves its input as it is and loses nothing', () => {
    const items = [1, 2, 3, 4, 5]
    expect(new Set(shuffled(items, randomStream('s', 'i')))).toEqual(new Set(items))
    expect(shuffled(items, randomStream('s', 'i'))).toHaveLength(5)
    expect(items).toEqual([1, 2, 3, 4, 5])
    expect(shuffled([], randomStream('s', 'i'))).toEqual([])
  })

  test.each([0, -1, 1.5, Number.NaN])('a bound of %d is a defect', (bound) => {
    expect(() => randomStream('s', 'i').below(bound)).toThrow('a draw is below a positive integer')
  })
})
