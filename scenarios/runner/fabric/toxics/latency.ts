/** Every chunk is late by `latency` ± `jitter` ms; order is kept. */
import { DelayLine } from './delay-line.ts'
import { type ToxicKind } from './stage.ts'

export const latency: ToxicKind<'latency' | 'jitter'> = {
  attributes: ['latency', 'jitter'],
  whenRemoved: 'release',
  start({ attributes, outlet, random, hold }) {
    const line = new DelayLine({ outlet, hold })
    const delayMs = () => {
      const jitter = Math.floor(attributes.jitter)
      return attributes.latency + (jitter > 0 ? random.below(jitter * 2) - jitter : 0)
    }
    return {
      data: (chunk) => line.add(performance.now() + delayMs(), chunk),
      // As in the original, the end itself is not late: it leaves right behind the last chunk.
      end: () => line.add(performance.now(), 'end'),
      release: () => line.release(),
      stop: () => line.stop(),
    }
  },
}
