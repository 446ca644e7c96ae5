import { describe, expect, it } from 'vitest'
import { homeOrder, keptPin, pinAfterAnswer, type Pin, withoutUnavailable } from './pin.ts'
import { ApplianceId, SiteId } from '#shared/ids.ts'
import { sampleTopology } from '#shared/topology/sample.contract.ts'

const topology = sampleTopology([
  { id: 'home', appliances: ['a', 'b', 'c'] },
  { id: 'other', appliances: ['d'] },
])
const home = topology.appliances.filter(({ site }) => site === 'home')
const windowMs = 1_000
const pin: Pin = { appliance: ApplianceId('b'), site: SiteId('home'), sinceMs: 0 }
const order = (at: number, held: Pin | undefined) => homeOrder(home, held, at, windowMs).map(({ id }) => id)

describe('the pin', () => {
  it.each<[string, number, Pin | undefined, string[]]>([
    ['[SP2] leaves the random order alone where there is none', 0, undefined, ['a', 'b', 'c']],
    ['[PN1] puts its appliance first while it is younger than the window', 999, pin, ['b', 'a', 'c']],
    ['[PN2] puts it last once it is as old as the window', 1_000, pin, ['a', 'c', 'b']],
  ])('%s', (_title, at, held, expected) => {
    expect(order(at, held)).toEqual(expected)
  })

  it('[PN1] does not slide: an answer of the pinned appliance leaves it as old as it is', () => {
    expect(pinAfterAnswer(pin, pin, 900, windowMs)).toEqual(pin)
  })

  it('[PN2] is made anew by whoever answers after the window, the old one included', () => {
    const c = { appliance: ApplianceId('c'), site: SiteId('home') }
    expect(pinAfterAnswer(pin, c, 1_000, windowMs)).toEqual({ ...c, sinceMs: 1_000 })
    expect(pinAfterAnswer(pin, pin, 1_000, windowMs)).toEqual({ ...pin, sinceMs: 1_000 })
  })

  it('[PN5] goes with its appliance and with no other', () => {
    expect(withoutUnavailable(pin, ApplianceId('b'))).toBeUndefined()
    expect(withoutUnavailable(pin, ApplianceId('a'))).toBe(pin)
  })

  it('[PN6] is dropped when the home site changes', () => {
    expect(keptPin(pin, SiteId('other'), topology)).toBeUndefined()
    expect(keptPin(pin, null, topology)).toBeUndefined()
    expect(keptPin(pin, SiteId('home'), topology)).toBe(pin)
  })

  it('[PN6] is dropped when its appliance leaves the home site in the topology in use', () => {
    const moved = sampleTopology([
      { id: 'home', appliances: ['a'] },
      { id: 'other', appliances: ['b'] },
    ])
    expect(keptPin(pin, SiteId('home'), moved)).toBeUndefined()
  })
})
