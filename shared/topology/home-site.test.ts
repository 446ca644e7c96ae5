import { describe, expect, it } from 'vitest'
import { homeSite } from './home-site.ts'
import { type HostNetwork } from '#shared/network.ts'
import { sampleNetwork, sampleTopology } from '#shared/topology/sample.contract.ts'

/** The guide's table of "Agent Failover Between Sites". */
const guide = sampleTopology([
  { id: 'dallas', ranges: ['172.16.8.0-172.16.10.255'], appliances: ['dal1', 'dal2'], primary: 'chicago' },
  { id: 'chicago', ranges: ['172.16.11.0-172.16.11.127', '172.16.12.0-172.16.12.255'], appliances: ['chi1'] },
])

describe('[HS1] an address in a range of an active site', () => {
  it.each([
    ['172.16.7.255', null],
    ['172.16.8.0', 'dallas'],
    ['172.16.10.255', 'dallas'],
    ['172.16.11.0', 'chicago'],
    ['172.16.11.127', 'chicago'],
    ['172.16.11.128', null],
    ['172.16.11.255', null],
    ['172.16.12.0', 'chicago'],
    ['172.16.12.255', 'chicago'],
    ['172.16.13.0', null],
  ])('[HS1] %s belongs to %s', (address, site) => {
    expect(homeSite(guide, sampleNetwork([address])).site).toBe(site)
  })

  it('[HS1] tries adapters in system order before sites', () => {
    const home = homeSite(guide, sampleNetwork(['172.16.12.9', '172.16.8.9']))
    expect(home).toEqual({ site: 'chicago', by: 'range', address: '172.16.12.9', range: '172.16.12.0-172.16.12.255' })
  })

  it('[HS1, ST4] takes the first site in topology order where ranges overlap', () => {
    const overlapping = sampleTopology([
      { id: 'second', ranges: ['10.0.0.0/8'], appliances: ['b'] },
      { id: 'first', ranges: ['10.1.0.0/16'], appliances: ['a'] },
    ])
    expect(homeSite(overlapping, sampleNetwork(['10.1.0.1'])).site).toBe('second')
  })

  it('[ST6] never chooses a hot-standby site, whatever ranges it has', () => {
    const standby = sampleTopology([
      { id: 'standby', type: 'hot-standby', ranges: ['10.0.0.0/8'], appliances: ['s'] },
      { id: 'active', ranges: ['10.1.0.0/16'], appliances: ['a'] },
    ])
    expect(homeSite(standby, sampleNetwork(['10.1.0.1'])).site).toBe('active')
    expect(homeSite(standby, sampleNetwork(['10.2.0.1'])).site).toBeNull()
  })

  it('[HS1, ST2] matches IPv6 ranges by IPv6 addresses', () => {
    const six = sampleTopology([{ id: 'six', ranges: ['2001:db8::/64'], appliances: ['a'] }])
    expect(homeSite(six, sampleNetwork(['2001:db8::9'])).site).toBe('six')
    expect(homeSite(six, sampleNetwork(['2001:db9::9'])).site).toBeNull()
  })
})

describe('[HS2] routes', () => {
  const examples = sampleTopology([
    { id: 'site-1', ranges: ['207.46.100.1-207.46.100.255'], appliances: ['server-1-1', 'server-1-2'] },
    { id: 'site-2', ranges: ['207.46.200.1-207.46.200.255'], appliances: ['server-2-1'], primary: 'site-1' },
  ])

  it('[HS2] decide where no address matches (the guide, example 2)', () => {
    const home = homeSite(examples, sampleNetwork(['10.10.1.1'], ['0.0.0.0/0', '10.10.1.0/24', '207.46.100.255/32']))
    expect(home).toEqual({
      site: 'site-1',
      by: 'route',
      route: '207.46.100.255/32',
      range: '207.46.100.1-207.46.100.255',
    })
  })

  it('[HS2] count only when no address matches', () => {
    expect(homeSite(examples, sampleNetwork(['207.46.200.7'], ['207.46.100.0/24'])).site).toBe('site-2')
  })

  it('[HS2] touch a range by intersecting it, from outside or inside', () => {
    expect(homeSite(examples, sampleNetwork(['10.0.0.1'], ['207.46.0.0/16'])).site).toBe('site-1')
    expect(homeSite(examples, sampleNetwork(['10.0.0.1'], ['207.46.200.128/25'])).site).toBe('site-2')
    expect(homeSite(examples, sampleNetwork(['10.0.0.1'], ['207.47.0.0/16'])).site).toBeNull()
  })

  it('[HS2] choose the first touched site in topology order, whatever the order of routes', () => {
    expect(homeSite(examples, sampleNetwork(['10.0.0.1'], ['207.46.200.0/24', '207.46.100.0/24'])).site).toBe('site-1')
  })

  it.each(['local', 'broadcast', 'multicast', 'other'] as const)('[HS2] of kind %s do not count', (kind) => {
    const network: HostNetwork = { adapters: [], routes: [{ destination: '207.46.100.0/24', kind }] }
    expect(homeSite(examples, network).site).toBeNull()
  })

  it.each([
    ['loopback', '127.0.0.0/8', '127.0.0.0/8'],
    ['link-local', '169.254.0.0/16', '169.254.0.0/16'],
    ['multicast', '224.0.0.0/4', '224.0.0.0/4'],
  ])('[HS2] to %s addresses do not count', (_kind, range, route) => {
    const odd = sampleTopology([{ id: 'odd', ranges: [range], appliances: ['a'] }])
    expect(homeSite(odd, sampleNetwork(['10.0.0.1'], [route])).site).toBeNull()
  })

  it.each(['0.0.0.0/0', '0.0.0.0/1', '128.0.0.0/1', '::/0', '::/1', '8000::/1'])('[HS3] %s never counts', (route) => {
    const both = sampleTopology([
      { id: 'low', ranges: ['10.0.0.0/8', '2001:db8::/32'], appliances: ['a'] },
      { id: 'high', ranges: ['207.46.100.0/24', '9000::/16'], appliances: ['b'] },
    ])
    expect(homeSite(both, sampleNetwork(['192.0.2.1'], [route])).site).toBeNull()
  })

  it('[HS3] a quarter of the address space does count', () => {
    expect(homeSite(examples, sampleNetwork(['10.0.0.1'], ['192.0.0.0/2'])).site).toBe('site-1')
  })
})
