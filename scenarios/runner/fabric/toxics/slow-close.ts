/** The end of the stream is late by `delay` ms. */
import { DelayLine } from './delay-line.ts'
import { type ToxicKind } from './stage.ts'

export const slowClose: ToxicKind<'delay'> = {
  attributes: ['delay'],
  whenRemoved: 'release',
  start({ attributes, outlet, hold }) {
    const line = new DelayLine({ outlet, hold })
    return {
      data: (chunk) => outlet.data(chunk),
      end: () => line.add(performance.now() + attributes.delay, 'end'),
      release: () => line.release(),
      stop: () => line.stop(),
    }
  },
}
