import { describe, expect, it } from 'vitest'
import { SiteId } from '#shared/ids.ts'
import { normalSettings } from '#shared/policy/settings.ts'
import { type Site, type Topology } from '#shared/topology/model.ts'
import { linkSiteOf } from './link-site.ts'

function site(id: string, start: string, end: string, type: Site['type'] = 'active'): Site {
  return { id: SiteId(id), name: id, type, ranges: [{ start, end }], failover: {} }
}

const topology: Topology = {
  epoch: 1,
  enterprise: 'Test',
  generation: 'G4',
  sites: [
    site('standby', '10.1.0.0', '10.1.0.255', 'hot-standby'),
    site('one', '10.1.0.0', '10.1.0.255'),
    site('two', '10.2.0.0', '10.2.0.255'),
  ],
  appliances: [],
  settings: normalSettings,
}

describe('the links of a workstation', () => {
  it.each([
    ['its address', ['10.2.0.255'], [], 'two'],
    ['the first address that any site has', ['10.9.0.1', '10.1.0.0', '10.2.0.1'], [], 'one'],
    ['an address before any route', ['10.2.0.1'], ['10.1.0.0/24'], 'two'],
    ['a route that touches a range', ['10.9.0.1'], ['10.2.0.255/32'], 'two'],
    ['the first site touched by a wide route', ['10.9.0.1'], ['10.0.0.0/8'], 'one'],
    ['no default route and no half of one', ['10.9.0.1'], ['0.0.0.0/0', '0.0.0.0/1', '128.0.0.0/1'], null],
    ['nothing', [], [], null],
  ])('are those of the site by %s', (_what, addresses, routes, expected) => {
    expect(linkSiteOf(topology, { addresses, routes })).toBe(expected)
  })

  it('are those of no site when the real machine is read', () => {
    expect(linkSiteOf(topology, undefined)).toBeNull()
  })
})
