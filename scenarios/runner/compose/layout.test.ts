import { expect, test } from 'vitest'
import { assert } from '#shared/assert.ts'
import { parseEnterprise } from '#shared/topology/file.ts'
import { type Enterprise } from '#shared/topology/model.ts'
import { loadLab } from '../lab-file.ts'
import { type Layout, layoutOf } from './layout.ts'

const networks = ({ networks: all }: Layout): string[] =>
  all.map(({ name, subnet, gateway }) => `${name} ${subnet} ${gateway}`)
const placeOf = (layout: Layout, service: string): string[] =>
  [...layout.appliances, ...layout.agents]
    .filter((one) => one.service === service)
    .flatMap((one) => one.networks.map(({ network, address }) => `${network} ${address}`))

function enterprise(sites: string, workstations: string): Enterprise {
  const text = `enterprise: Small
sites:
${sites}
appliances:
  - { host: a.test, address: 10.1.0.1, site: a }
workstations:
${workstations}
`
  const parsed = parseEnterprise(text, 'small.yaml')
  assert(parsed.ok, `the enterprise can be used: ${parsed.ok ? '' : JSON.stringify(parsed.error)}`)
  return parsed.value.enterprise
}

test("the guide's enterprise stands on its own subnets, with a gateway out of everybody's way", () => {
  const layout = layoutOf(loadLab('dallas-chicago', undefined).enterprise)
  expect(layout.addresses).toBe('real')
  expect(networks(layout)).toEqual([
    'dallas-1 172.16.8.0/23 172.16.9.254',
    'dallas-2 172.16.10.0/24 172.16.10.253',
    'chicago-1 172.16.11.0/25 172.16.11.125',
    'no-site-1 172.16.11.128/25 172.16.11.254',
    'chicago-2 172.16.12.0/24 172.16.12.254',
    'wan 10.93.0.0/24 10.93.0.254',
    'doors 10.93.255.0/24 10.93.255.254',
  ])
  expect(layout.networks.filter(({ internal }) => !internal).map(({ name }) => name)).toEqual(['doors'])
  expect(placeOf(layout, 'dal2.yourco.com')).toEqual(['dallas-1 172.16.8.12', 'wan 10.93.0.3'])
  expect(placeOf(layout, 'dal-ws-1')).toEqual(['dallas-1 172.16.9.20'])
  expect(placeOf(layout, 'gap-ws-1')).toEqual(['no-site-1 172.16.11.200'])
})

test('agents of that enterprise are not told their network', () => {
  const { agents } = layoutOf(loadLab('dallas-chicago', undefined).enterprise)
  expect(agents.flatMap((one) => one.agents).filter((agent) => 'network' in agent)).toEqual([])
})

test('a link within a site keeps to its network, every other goes over the wide area network', () => {
  const { links } = layoutOf(loadLab('dallas-chicago', undefined).enterprise)
  const upstreams = Object.fromEntries(links.map(({ proxy, upstream }) => [proxy, `${upstream.host}:${upstream.port}`]))
  expect(upstreams).toMatchObject({
    'agents-of-dallas--dal1': '172.16.8.11:443',
    'agents-of-dallas--chi1': '10.93.0.4:443',
    'agents-of-chicago--dal1': '10.93.0.2:443',
    'agents-of-no-site--chi1': '10.93.0.4:443',
    'dal2--dal1': '172.16.8.11:443',
    'dal1--chi1': '10.93.0.4:443',
  })
  expect(links).toHaveLength(3 * 3 + 3 * 2)
  expect(new Set(links.map(({ port }) => port)).size).toBe(links.length)
})

test('everybody dials Toxiproxy at an address on a network of his own, at the port of his link', () => {
  const layout = layoutOf(loadLab('dallas-chicago', undefined).enterprise)
  const portOf = (proxy: string): number | undefined => layout.links.find((link) => link.proxy === proxy)?.port
  const tableOf = (service: string) =>
    [...layout.agents, ...layout.appliances].find((one) => one.service === service)?.connectTo
  expect(tableOf('dal-ws-3')).toContainEqual({
    from: 'dal2.yourco.com:443',
    to: `172.16.10.252:${portOf('agents-of-dallas--dal2')}`,
  })
  expect(tableOf('dal1.yourco.com')).toContainEqual({
    from: '172.16.8.12:443',
    to: `172.16.9.253:${portOf('dal1--dal2')}`,
  })
  expect(tableOf('dal1.yourco.com')).toContainEqual({
    from: 'chi1.yourco.com:443',
    to: `10.93.0.1:${portOf('dal1--chi1')}`,
  })
})

test('an endpoint of nobody has a port without a proxy, and the port tells which endpoint was meant', () => {
  const layout = layoutOf(loadLab('dallas-chicago', undefined).enterprise, { extraEndpoints: ['192.0.2.7:443'] })
  const to = layout.agents[0]?.connectTo.find(({ from }) => from === '192.0.2.7:443')?.to ?? ''
  const port = Number(to.split(':')[1])
  expect(layout.endpointOfPort.get(port)).toBe('192.0.2.7:443')
  expect(layout.links.map((link) => link.port)).not.toContain(port)
})

test('published ports are distinct and below those that systems hand out', () => {
  const layout = layoutOf(loadLab('dallas-chicago', undefined).enterprise, { firstPort: 19_000 })
  const ports = [layout.toxiproxy.api, ...[...layout.appliances, ...layout.agents].map(({ door }) => door)].map(
    ({ published }) => published,
  )
  expect(ports).toEqual(Array.from({ length: ports.length }, (_, index) => 19_000 + index))
})

test.each(['example-1', 'example-2', 'example-3'])('%s has public addresses, so its agents are told theirs', (name) => {
  const layout = layoutOf(loadLab(name, undefined).enterprise)
  expect(layout.addresses).toBe('declared')
  expect(layout.reasons[0]).toMatch(/is not private$/u)
  expect(layout.networks.every(({ subnet }) => subnet.startsWith('10.93.'))).toBe(true)
  expect(layout.agents[0]?.agents[0]?.network?.addresses).toHaveLength(1)
})

const siteA = '  - { name: A, ranges: [10.1.0.0/16] }'
const ws = (address: string) => `  - { id: w, address: "${address}", primServer: a.test }`

test.each([
  ['IPv6', siteA, ws('fd00::1'), 'fd00::1 of workstation w is IPv6'],
  ['public', siteA, ws('192.0.2.1'), '192.0.2.1 of workstation w is not private'],
  ['taken', siteA, ws('10.1.0.1'), "10.1.0.1 of workstation w is another's too"],
  ['broadcast', siteA, ws('10.1.3.255'), '10.1.3.255 of workstation w is no address for a host of 10.1.3.0/24'],
  ['overlap', `${siteA}\n  - { name: B, ranges: [10.1.7.0/24] }`, ws('10.1.3.4'), 'ranges of a and b overlap'],
  [
    'several',
    siteA,
    '  - { id: w, addresses: [10.1.3.4, 10.1.3.5], primServer: a.test }',
    'workstation w has several addresses',
  ],
])('agents are told their addresses where a container cannot have them: %s', (_, sites, workstations, reason) => {
  const layout = layoutOf(enterprise(sites, workstations))
  expect(layout.reasons).toContain(reason)
  expect(layout.addresses).toBe('declared')
})

test('a block wider than /20 is narrowed to the /24s that are used, and a range of odd ends to the block around it', () => {
  const sites = `${siteA}\n  - { name: B, ranges: [10.2.5.1-10.2.5.255] }`
  const layout = layoutOf(enterprise(sites, `${ws('10.1.3.4')}\n  - { id: x, address: 10.2.5.1, primServer: a.test }`))
  expect(layout.reasons).toEqual([])
  expect(layout.networks.map(({ subnet }) => subnet)).toEqual([
    '10.1.0.0/24',
    '10.1.3.0/24',
    '10.2.5.0/24',
    '10.93.0.0/24',
    '10.93.255.0/24',
  ])
})

test('a network that covers a range takes in no host from outside the range', () => {
  const sites = `${siteA}\n  - { name: B, ranges: [10.2.5.0-10.2.5.100] }`
  const layout = layoutOf(
    enterprise(sites, `${ws('10.2.5.70')}\n  - { id: x, address: 10.2.5.120, primServer: a.test }`),
  )
  expect(placeOf(layout, 'x')).toEqual(['no-site-1 10.2.5.120'])
  expect(networks(layout).filter((text) => text.includes('10.2.5'))).toEqual([
    'b-1 10.2.5.64/27 10.2.5.94',
    'no-site-1 10.2.5.112/28 10.2.5.126',
  ])
})

test('hosts without an address get one: an appliance in its site, a workstation on a network of its own', () => {
  const text = `enterprise: Small
sites:
  - { name: A, ranges: [10.93.1.0/24] }
appliances:
  - { host: a.test, site: a }
workstations:
  - { id: w, address: 10.93.1.11, primServer: a.test }
  - { id: x, primServer: a.test }
`
  const parsed = parseEnterprise(text, 'small.yaml')
  assert(parsed.ok, 'the enterprise can be used')
  const layout = layoutOf(parsed.value.enterprise)
  expect(placeOf(layout, 'a.test')).toEqual(['a-1 10.93.1.12', 'wan 10.94.0.2'])
  expect(placeOf(layout, 'x')).toEqual(['no-site-1 10.94.1.11'])
})

test('a fleet is a container for each subnet of its addresses', () => {
  const text = `enterprise: Small
sites:
  - { name: A, ranges: [10.1.0.0-10.1.2.255] }
appliances:
  - { host: a.test, address: 10.1.0.1, site: a }
fleets:
  - { id: f, count: 20, addresses: 10.1.1.250-10.1.2.20, primServer: a.test }
`
  const parsed = parseEnterprise(text, 'small.yaml')
  assert(parsed.ok, 'the enterprise can be used')
  const { agents } = layoutOf({ ...parsed.value.enterprise })
  // One block covers the range, so the whole fleet stands on it.
  expect(agents.map(({ service, agents: of }) => [service, of.length])).toEqual([['f', 20]])
  const divided = parseEnterprise(
    `${text}workstations:\n  - { id: w, address: 10.1.3.9, primServer: a.test }\n`,
    's.yaml',
  )
  assert(divided.ok, 'the enterprise can be used')
  const fleets = layoutOf(divided.value.enterprise).agents.filter(({ isFleet }) => isFleet)
  expect(fleets.map(({ service, agents: of, networks: at }) => [service, of.length, at[0]?.address])).toEqual([
    ['f-1', 6, '10.1.1.250'],
    ['f-2', 14, '10.1.2.1'],
  ])
})
