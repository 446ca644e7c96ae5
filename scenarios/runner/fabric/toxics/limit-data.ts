/** Passes `bytes` bytes on each connection, then closes it. */
import { passing, type ToxicKind } from './stage.ts'

export const limitData: ToxicKind<'bytes'> = {
  attributes: ['bytes'],
  whenRemoved: 'release',
  start({ attributes, outlet, tally }) {
    return {
      ...passing(outlet),
      data(chunk) {
        const passed = chunk.subarray(0, Math.max(0, attributes.bytes - tally.bytes))
        tally.bytes += passed.length
        if (passed.length > 0) outlet.data(passed)
        if (tally.bytes >= attributes.bytes) outlet.close()
      },
    }
  },
}
