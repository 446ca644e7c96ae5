import { describe, expect, it } from 'vitest'
import { adopt, emptySlots, newestEpoch, receive } from './topology-slots.ts'
import { sampleTopology } from '#shared/topology/sample.contract.ts'

const epoch = (number: number, site = 'home') => sampleTopology([{ id: site, appliances: ['a'] }], number)
const [held] = receive(emptySlots, epoch(5))

describe('the topology slots', () => {
  it('[BT1] use the first topology at once', () => {
    expect(receive(emptySlots, epoch(5))).toEqual([{ inUse: epoch(5), received: epoch(5) }, 'first'])
  })

  it('[BT4] hold a newer one as received', () => {
    const [slots, receipt] = receive(held, epoch(6))
    expect(receipt).toBe('held')
    expect([slots.inUse?.epoch, slots.received?.epoch]).toEqual([5, 6])
  })

  it('[BT5] use it only when adopted', () => {
    expect(adopt(receive(held, epoch(6))[0]).inUse?.epoch).toBe(6)
    expect(newestEpoch(receive(held, epoch(6))[0])).toBe(6)
  })

  it('[BT8] drop an older one, also one older than what is only received', () => {
    expect(receive(held, epoch(4))).toEqual([held, 'older'])
    const [newer] = receive(held, epoch(7))
    expect(receive(newer, epoch(6))).toEqual([newer, 'older'])
  })

  it('[BT8] refuse the same epoch with other content, and know the same content whatever its key order', () => {
    expect(receive(held, epoch(5, 'away'))).toEqual([held, 'conflicting'])
    const { sites, ...rest } = epoch(5)
    expect(receive(held, { sites, ...rest })[1]).toBe('known')
  })
})
