/** Cuts chunks into pieces of `average_size` ± `size_variation` bytes, `delay` µs apart. */
import { type RandomStream } from '#shared/random.ts'
import { DelayLine } from './delay-line.ts'
import { type ToxicKind } from './stage.ts'

type Sizes = { readonly average_size: number; readonly size_variation: number }

export const slicer: ToxicKind<'average_size' | 'size_variation' | 'delay'> = {
  attributes: ['average_size', 'size_variation', 'delay'],
  whenRemoved: 'release',
  start({ attributes, outlet, random, hold }) {
    const line = new DelayLine({ outlet, hold })
    let next = 0
    return {
      data(chunk) {
        next = Math.max(next, performance.now())
        for (const piece of slices(chunk, attributes, random)) {
          line.add(next, piece)
          next += attributes.delay / 1000
        }
      },
      end: () => line.add(performance.now(), 'end'),
      release: () => line.release(),
      stop: () => line.stop(),
    }
  },
}

/** Halves a chunk, near its middle, until the pieces are small enough. */
function slices(chunk: Buffer, sizes: Sizes, random: RandomStream): Buffer[] {
  if (chunk.length <= 1 || chunk.length - sizes.average_size <= sizes.size_variation) return [chunk]
  const variation = Math.floor(sizes.size_variation)
  const shift = variation > 0 ? random.below(variation * 2) - variation : 0
  const middle = Math.min(chunk.length - 1, Math.max(1, Math.floor(chunk.length / 2) + shift))
  return [...slices(chunk.subarray(0, middle), sizes, random), ...slices(chunk.subarray(middle), sizes, random)]
}
