/** Once data flows (or the stream ends), waits `timeout` ms and resets the connection. The data is swallowed. */
import { type ToxicKind } from './stage.ts'

export const resetPeer: ToxicKind<'timeout'> = {
  attributes: ['timeout'],
  whenRemoved: 'release',
  start({ attributes, outlet }) {
    let timer: NodeJS.Timeout | undefined
    const reset = () => {
      if (attributes.timeout <= 0) return outlet.reset()
      timer ??= setTimeout(() => outlet.reset(), attributes.timeout)
    }
    return {
      data: reset,
      end: reset,
      // Data is lost already, so the connection cannot go on.
      release: () => {
        if (timer !== undefined) outlet.reset()
      },
      stop: () => clearTimeout(timer),
    }
  },
}
