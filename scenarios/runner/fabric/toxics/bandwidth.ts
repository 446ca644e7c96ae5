/** At most `rate` KB (of 1,000 bytes) a second, in pieces of at most 100 ms. Rate 0 passes nothing. */
import { DelayLine } from './delay-line.ts'
import { type ToxicKind } from './stage.ts'

const pieceMs = 100

export const bandwidth: ToxicKind<'rate'> = {
  attributes: ['rate'],
  whenRemoved: 'release',
  start({ attributes, outlet, hold }) {
    const line = new DelayLine({ outlet, hold })
    const bytesPerMs = Math.max(0, attributes.rate)
    const pieceBytes = Math.max(1, Math.floor(bytesPerMs * pieceMs))
    return {
      data(chunk) {
        if (bytesPerMs === 0) return line.add(Infinity, chunk)
        for (let from = 0; from < chunk.length; from += pieceBytes) {
          const piece = chunk.subarray(from, from + pieceBytes)
          line.add(Math.max(performance.now(), line.lastDue) + piece.length / bytesPerMs, piece)
        }
      },
      end: () => line.add(performance.now(), 'end'),
      release: () => line.release(),
      stop: () => line.stop(),
    }
  },
}
