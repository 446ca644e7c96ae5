/**
 * Seeded streams of random draws. Each agent and appliance has its own, derived from the process seed and its id, so
 * that neighbours are independent and a run can be repeated.
 */
import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus'
import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { assert } from '#shared/assert.ts'

export interface RandomStream {
  /** Uniform integer in `[0, bound)`; `bound` from 1 to 2^31. */
  below(bound: number): number
  /** Lower-case hex text of `digits` digits. */
  hex(digits: number): string
}

/** FNV-1a over the text, then a finalizer, so that `agent-1` and `agent-2` start far apart. */
function hash32(text: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return hash ^ (hash >>> 16)
}

/** The stream of `id` under `seed`. Same arguments, same draws. */
export function randomStream(seed: string, id: string): RandomStream {
  return new SeededStream(['a', 'b', 'c', 'd'].map((word) => hash32(`${word}/${seed}/${id}`)))
}

class SeededStream implements RandomStream {
  readonly #generator: ReturnType<typeof xoroshiro128plusFromState>

  constructor(words: readonly number[]) {
    this.#generator = xoroshiro128plusFromState(words)
  }

  below(bound: number): number {
    assert(Number.isInteger(bound) && bound >= 1, 'a draw is below a positive integer')
    return uniformInt(this.#generator, 0, bound - 1)
  }

  hex(digits: number): string {
    return Array.from({ length: digits }, () => this.below(16).toString(16)).join('')
  }
}

/** A uniformly random order of `items` (Fisher–Yates); the input is left as it is. */
export function shuffled<Item>(items: readonly Item[], random: RandomStream): Item[] {
  const result = [...items]
  for (let last = result.length - 1; last > 0; last -= 1) {
    const other = random.below(last + 1)
    const moved = result[last] as Item
    result[last] = result[other] as Item
    result[other] = moved
  }
  return result
}
