/** The labs that come with the project can be read, and the advice each gets is known. */
import { readFileSync, readdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { normalSettings } from '#shared/policy/settings.ts'
import { type Enterprise } from '#shared/topology/model.ts'
import { type EnterpriseFileRead, parseEnterprise } from '#shared/topology/file.ts'
import { formatProblem } from '#shared/topology/problems.ts'

const folder = new URL('./', import.meta.url)

function read(name: string): EnterpriseFileRead {
  const text = readFileSync(new URL(`${name}.yaml`, folder), 'utf8')
  const result = parseEnterprise(text, `${name}.yaml`)
  if (!result.ok) throw new Error(result.error.map(formatProblem).join('\n'))
  return result.value
}

/** Code of each piece of advice and the field it stands at. */
const advice: Readonly<Record<string, readonly string[]>> = {
  challenges: [],
  'dallas-chicago': ['single-appliance-site sites[1]', 'workstation-in-no-range workstations[5].id'],
  'dallas-chicago-plus': [],
  'example-1': ['single-appliance-site sites[1]', 'failover-not-mutual sites[1].failover.primary'],
  'example-2': ['single-appliance-site sites[1]', 'failover-not-mutual sites[1].failover.primary'],
  'example-3': [
    'more-than-two-sites sites',
    'single-appliance-site sites[0]',
    'single-appliance-site sites[1]',
    'failover-not-mutual sites[2].failover.primary',
  ],
  fleet: [],
  'not-seamless': [],
  offline: ['single-appliance-site sites[1]', 'databases-in-one-site appliances[1].site'],
  'pin-window': [],
  'power-loss': [],
  'three-sites': [
    'more-than-two-sites sites',
    'single-appliance-site sites[1]',
    'single-appliance-site sites[2]',
    'failover-not-mutual sites[2].failover.primary',
    'secondary-failover-site sites[2].failover.secondary',
  ],
  'sleeping-workstation': [],
  'topology-change': [],
  'thin-clients': ['single-appliance-site sites[1]'],
  torture: ['single-appliance-site sites[1]'],
  'wrong-topology': [],
}

test('every lab is known here', () => {
  const labs = readdirSync(folder).filter((file) => file.endsWith('.yaml'))
  expect(labs.map((file) => file.replace('.yaml', '')).toSorted()).toEqual(Object.keys(advice).toSorted())
})

test.each(Object.entries(advice))('[ST8] %s is read without errors and gets the advice it deserves', (name, codes) => {
  expect(read(name).advice.map(({ code, field }) => `${code} ${field}`)).toEqual(codes)
})

test.each(Object.keys(advice))('%s begins with what it is for and runs with the wire of a lab', (name) => {
  expect(readFileSync(new URL(`${name}.yaml`, folder), 'utf8')).toMatch(/^# .{40}/u)
  const { settings } = read(name).enterprise.topology
  // Two hundred handshakes at once take longer than the timeouts of `fast` on a busy machine.
  if (name === 'fleet') {
    expect(settings).toMatchObject(normalSettings)
    return
  }
  expect(settings).toMatchObject({ heartbeatMs: 500, connectTimeoutMs: 400, requestTimeoutMs: 1000 })
  expect(settings.timeScale).toBeGreaterThanOrEqual(60)
})

function summary({ topology, workstations }: Enterprise) {
  return {
    sites: topology.sites.map(({ id, failover }) => `${id} > ${failover.primary ?? 'none'}`),
    appliances: topology.appliances.map(({ id, site, role, address }) => `${id} ${site} ${role} ${address}`),
    workstations: workstations.map(({ id, network, primServer }) => {
      return `${id} ${network?.addresses.join()} ${network?.routes.join()} ${primServer}`
    }),
  }
}

test("[ST1] dallas-chicago is the guide's table", () => {
  const { topology } = read('dallas-chicago').enterprise
  expect(topology.sites).toEqual([
    {
      id: 'dallas',
      name: 'Dallas',
      type: 'active',
      ranges: [{ start: '172.16.8.0', end: '172.16.10.255' }],
      failover: { primary: 'chicago' },
    },
    {
      id: 'chicago',
      name: 'Chicago',
      type: 'active',
      ranges: [
        { start: '172.16.11.0', end: '172.16.11.127' },
        { start: '172.16.12.0', end: '172.16.12.255' },
      ],
      failover: { primary: 'dallas' },
    },
  ])
  expect(summary(read('dallas-chicago').enterprise).appliances).toEqual([
    'dal1 dallas database 172.16.8.11',
    'dal2 dallas service 172.16.8.12',
    'chi1 chicago database 172.16.12.11',
  ])
})

test("[ST1] example-1 is the guide's", () => {
  expect(summary(read('example-1').enterprise)).toEqual({
    sites: ['site-1 > none', 'site-2 > site-1'],
    appliances: [
      'server-1-1 site-1 database 207.46.100.1',
      'server-1-2 site-1 service 207.46.100.2',
      'server-2-1 site-2 database 207.46.200.1',
    ],
    workstations: ['ws-1 207.46.100.105  207.46.100.2:443', 'ws-2 207.46.200.12  207.46.200.1:443'],
  })
})

test('[ST1] example-2 has the sites of example-1 and a workstation that only a route leads home', () => {
  const second = summary(read('example-2').enterprise)
  expect(second).toMatchObject({ ...summary(read('example-1').enterprise), workstations: second.workstations })
  expect(second.workstations).toEqual(['vpn-ws 10.10.1.1 207.46.100.255/32,0.0.0.0/0 207.46.200.1:443'])
})

test("[ST1] example-3 is the guide's, with an address for Site 3 that can exist", () => {
  expect(summary(read('example-3').enterprise)).toEqual({
    sites: ['site-1 > site-2', 'site-2 > site-1', 'site-3 > site-1'],
    appliances: [
      'server-1-1 site-1 service 207.46.100.1',
      'server-2-1 site-2 service 207.46.200.1',
      'server-3-1 site-3 database 207.46.30.1',
      'server-3-2 site-3 database 207.46.30.2',
    ],
    workstations: ['ws-1 207.46.100.105  207.46.30.1:443', 'ws-3 207.46.30.50  207.46.30.2:443'],
  })
})

test('the three hours of pin-window last twelve seconds', () => {
  const { pinWindowMs, timeScale } = read('pin-window').enterprise.topology.settings
  expect(pinWindowMs).toBe(3 * 3_600_000)
  expect(pinWindowMs / timeScale).toBe(12_000)
})

test('fleet has 200 agents and 200 people at the minimum hash cost', () => {
  const { fleets, people, hashCost } = read('fleet').enterprise
  expect(fleets.map(({ id, count }) => `${id} ${count}`)).toEqual(['ward 200'])
  expect(people).toHaveLength(200)
  expect(people.at(-1)?.user).toBe('user0200')
  expect(hashCost).toBe('minimum')
})
