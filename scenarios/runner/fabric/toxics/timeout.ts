/**
 * Swallows all data. With `timeout` 0 the connection stays open: a black hole. Otherwise it is closed `timeout` ms after
 * the last data. Removing the toxic closes the connection, for what was swallowed cannot be made good.
 */
import { passing, type ToxicKind } from './stage.ts'

export const timeout: ToxicKind<'timeout'> = {
  attributes: ['timeout'],
  whenRemoved: 'close',
  start({ attributes, outlet }) {
    let timer: NodeJS.Timeout | undefined
    const arm = () => {
      clearTimeout(timer)
      if (attributes.timeout > 0) timer = setTimeout(() => outlet.close(), attributes.timeout)
    }
    arm()
    return { ...passing(outlet), data: arm, release: () => clearTimeout(timer), stop: () => clearTimeout(timer) }
  },
}
