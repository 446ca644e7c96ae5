import { describe, expect, it } from 'vitest'
import { AgentId, ApplianceId, SiteId } from '#shared/ids.ts'
import { normalSettings } from '#shared/policy/settings.ts'
import { type Appliance, type Enterprise } from '#shared/topology/model.ts'
import { parseHostPort, planEndpoints } from './endpoints.ts'

type Place = Pick<Appliance, 'host' | 'port' | 'address'>

function enterprise(places: readonly Place[], primServer: string): Enterprise {
  const site = SiteId('ward')
  const appliances = places.map((place, index) => ({
    id: ApplianceId(`ward${index + 1}`),
    site,
    role: 'database' as const,
    ...place,
  }))
  return {
    topology: { epoch: 1, enterprise: 'Test', generation: 'G4', sites: [], appliances, settings: normalSettings },
    userPolicies: [],
    computerPolicies: [],
    people: [],
    workstations: [
      { id: AgentId('ws-1'), network: undefined, primServer, profile: 'windows', altServers: ['10.0.0.9:443'] },
    ],
    fleets: [],
    hashCost: 'minimum',
  }
}

describe('planning endpoints', () => {
  it('takes the host and the address of an appliance for one endpoint', () => {
    const lab = enterprise([{ host: 'ward1.test', port: 443, address: '10.0.0.1' }], '10.0.0.1:443')
    expect(planEndpoints(lab, ['ward1.test:443'])).toEqual({
      endpoints: [
        { endpoint: '10.0.0.1:443', names: ['ward1.test:443', '10.0.0.1:443'], appliance: 'ward1' },
        { endpoint: '10.0.0.9:443', names: ['10.0.0.9:443'], appliance: null },
      ],
      resolve: { 'ward1.test': '10.0.0.1' },
    })
  })

  it('plans endpoints of no appliance, so that nothing leaves the machine', () => {
    const lab = enterprise([{ host: '10.0.0.1', port: 443 }], 'nobody.test:8443')
    const { endpoints, resolve } = planEndpoints(lab, ['10.9.9.9:443'])
    expect(endpoints.filter(({ appliance }) => appliance === null).map(({ names }) => names)).toEqual([
      ['nobody.test:8443', '127.77.0.1:8443'],
      ['10.0.0.9:443'],
      ['10.9.9.9:443'],
    ])
    expect(resolve).toEqual({ 'nobody.test': '127.77.0.1' })
  })

  it('gives each name without an address one of its own', () => {
    const lab = enterprise(
      [
        { host: 'a.test', port: 443 },
        { host: 'b.test', port: 443 },
      ],
      'a.test:443',
    )
    const { endpoints } = planEndpoints(lab, [])
    expect(endpoints.map(({ endpoint, appliance }) => [endpoint, appliance])).toEqual([
      ['127.77.0.1:443', 'ward1'],
      ['127.77.0.2:443', 'ward2'],
      ['10.0.0.9:443', null],
    ])
  })

  it('keeps the ports of one host apart', () => {
    const lab = enterprise(
      [
        { host: '10.0.0.1', port: 443 },
        { host: '10.0.0.1', port: 8443 },
      ],
      '10.0.0.1:443',
    )
    expect(planEndpoints(lab, []).endpoints.map(({ appliance }) => appliance)).toEqual(['ward1', 'ward2', null])
  })
})

describe('HOST:PORT', () => {
  it.each([
    ['a.test:443', { host: 'a.test', port: 443 }],
    ['[2001:db8::1]:8443', { host: '2001:db8::1', port: 8443 }],
  ])('is read from %s', (text, place) => {
    expect(parseHostPort(text)).toEqual(place)
  })
  it.each(['a.test', 'a.test:0', 'a.test:70000', '2001:db8::1:443', ':443', ''])('is not "%s"', (text) => {
    expect(() => parseHostPort(text)).toThrow('is not HOST:PORT')
  })
})
