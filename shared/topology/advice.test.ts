/** Each clause of ST4 and ST8 on a small file, and beside it the file that does not deserve it. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parseEnterprise } from '#shared/topology/file.ts'
import { type Problem, formatProblem } from '#shared/topology/problems.ts'

const G3 = 'generation: G3\n'

/** Sites as `name ranges failover`, appliances as `host site more`. */
function file(sites: readonly string[], appliances: readonly string[], rest = ''): string {
  return `enterprise: Small
sites:
${sites.map((site) => `  - { ${site} }`).join('\n')}
appliances:
${appliances.map((appliance) => `  - { ${appliance} }`).join('\n')}
${rest}`
}

function advice(text: string): readonly Problem[] {
  const read = parseEnterprise(text, 'small.yaml')
  if (!read.ok) throw new Error(read.error.map(formatProblem).join('\n'))
  return read.value.advice
}

const codes = (text: string): readonly string[] => advice(text).map(({ code }) => code)
const textsOf = (text: string, code: string): readonly string[] =>
  advice(text)
    .filter((problem) => problem.code === code)
    .map((problem) => `${problem.rule} ${problem.severity} ${problem.field}: ${problem.text}`)

const north = 'name: North, ranges: [10.1.0.0/24], failover: { primary: south }'
const south = 'name: South, ranges: [10.2.0.0/24], failover: { primary: north }'
const north1 = 'host: north1.test, site: north, role: database, dataCenter: N'
const north2 = 'host: north2.test, site: north'
const south1 = 'host: south1.test, site: south, role: database, dataCenter: S'
const south2 = 'host: south2.test, site: south'
const four = [north1, north2, south1, south2]
const good = file([north, south], four)

test('[ST8] two mutual sites with a database each and two appliances each get no advice', () => {
  expect(codes(good)).toEqual([])
})

test('[ST8] of all clauses dallas-chicago deserves two, its one appliance in Chicago and its workstation in the gap', () => {
  const lab = readFileSync(new URL('../../scenarios/labs/dallas-chicago.yaml', import.meta.url), 'utf8')
  expect(codes(lab)).toEqual(['single-appliance-site', 'workstation-in-no-range'])
})

describe('[ST4] overlapping ranges', () => {
  const overlapping = file([north, south.replace('10.2.0.0/24', '10.2.0.0/24, 10.1.0.200-10.1.1.5')], four)

  test('[ST4] are accepted, both ranges and sites named, the first in order said to win', () => {
    expect(textsOf(overlapping, 'ranges-overlap')).toEqual([
      'ST4 warning sites[1].ranges[1]: 10.1.0.200-10.1.1.5 of South overlaps 10.1.0.0-10.1.0.255 of North; ' +
        'where both hold an address, North wins',
    ])
  })

  test('[ST4] a range inside another counts, neighbours and ranges of one site do not', () => {
    const ranges = (a: string, b: string): readonly string[] =>
      codes(file([north.replace('10.1.0.0/24', a), south.replace('10.2.0.0/24', b)], four))
    expect(ranges('10.0.0.0/8', '10.2.0.0/24, 10.3.0.0/24')).toEqual(['ranges-overlap', 'ranges-overlap'])
    expect(ranges('10.2.0.5', '10.0.0.0/8')).toEqual(['ranges-overlap'])
    expect(ranges('10.1.0.0-10.1.0.255', '10.1.1.0-10.1.1.255')).toEqual([])
    expect(ranges('10.1.0.0/24, 10.1.0.0/16', '10.2.0.0/24')).toEqual([])
    expect(ranges('::/0', '0.0.0.0/0')).toEqual([])
  })

  test('[ST4] every range of one site against every range of another is told a hundred times at most', () => {
    const many = Array.from({ length: 50 }, () => '10.0.0.0/8').join(', ')
    const text = file([north.replace('10.1.0.0/24', many), south.replace('10.2.0.0/24', many)], four)
    expect(codes(text)).toHaveLength(100)
  })

  test('[ST4] G3 is told too', () => {
    expect(codes(G3 + overlapping)).toContain('ranges-overlap')
  })
})

describe('[ST8] advice to G4 alone', () => {
  const west = 'name: West, ranges: [10.3.0.0/24]'
  const service = (number: number): string => `host: more${number}.test, site: north`
  const more = (count: number): readonly string[] => Array.from({ length: count }, (_, index) => service(index))
  const cases: readonly (readonly [title: string, code: string, firing: string, quiet: string])[] = [
    [
      '[ST8] more than two sites',
      'more-than-two-sites',
      file([north, south, west], [...four, 'host: w1.test, site: west', 'host: w2.test, site: west']),
      good,
    ],
    [
      '[ST8] more than four services',
      'more-than-four-services',
      file([north, south], [...four, ...more(3)]),
      file([north, south], [...four, ...more(2)]),
    ],
    [
      '[ST8] more than six appliances',
      'more-than-six-appliances',
      file([north, south], [...four, ...more(3)]),
      file([north, south], [...four, ...more(2)]),
    ],
    [
      '[ST8] both databases in one data center',
      'databases-in-one-data-center',
      file([north, south], [north1, north2, south1.replace('dataCenter: S', "dataCenter: ' n'"), south2]),
      file([north, south], [north1, north2, south1.replace(', dataCenter: S', ''), south2]),
    ],
    [
      '[ST8] with two sites both databases in one of them',
      'databases-in-one-site',
      file([north, south], [north1, `${north2}, role: database`, 'host: south1.test, site: south', south2]),
      file([north.replace('primary: south', '')], [north1, `${north2}, role: database`]),
    ],
    [
      '[ST8] a single database',
      'single-database',
      file([north, south], [north1, north2, 'host: south1.test, site: south', south2]),
      good,
    ],
    ['[ST8] a hot standby', 'hot-standby-site', file([north, 'name: South, type: hot-standby'], four), good],
    [
      '[ST8] a secondary failover site',
      'secondary-failover-site',
      file(
        [north.replace('south }', 'south, secondary: west }'), south, west],
        [...four, 'host: w1.test, site: west', 'host: w2.test, site: west'],
      ),
      good,
    ],
    [
      '[ST8] failover between active sites that is not mutual',
      'failover-not-mutual',
      file([north, south.replace('{ primary: north }', 'disabled')], four),
      file([north, 'name: South, type: hot-standby'], four),
    ],
  ]

  test.each(cases)('%s', (_title, code, firing, quiet) => {
    expect(codes(firing)).toContain(code)
    expect(codes(quiet)).not.toContain(code)
    expect(codes(G3 + firing.replaceAll(/, role: \w+/gu, ''))).not.toContain(code)
  })

  test('[ST8] one failover direction without the other is told at the site that has it', () => {
    const text = file([north, south.replace('{ primary: north }', 'disabled')], four)
    expect(textsOf(text, 'failover-not-mutual')).toEqual([
      'ST8 warning sites[0].failover.primary: the site north fails over to south, but south does not fail over to north',
    ])
  })

  test('[ST8] a secondary that leads back is mutual enough', () => {
    const west = 'name: West, ranges: [10.3.0.0/24], failover: { primary: south, secondary: north }'
    const text = file(
      [north.replace('south', 'west'), south.replace('north', 'west'), west],
      [...four, 'host: w1.test, site: west', 'host: w2.test, site: west'],
    )
    expect(codes(text)).not.toContain('failover-not-mutual')
  })
})

describe('[ST8] capacity, of either generation', () => {
  const sized = (appliance: string, sessions: number): string => `${appliance}, capacity: { sessions: ${sessions} }`
  const fleets = `fleets:
  - { id: n, count: 60, addresses: 10.1.0.1-10.1.0.60, primServer: north1.test }
  - { id: s, count: 40, addresses: 10.2.0.1-10.2.0.40, primServer: south1.test }
`
  const withCapacity = (northEach: number, southEach: number): string =>
    file(
      [north, south],
      [sized(north1, northEach), sized(north2, northEach), sized(south1, southEach), sized(south2, southEach)],
      fleets,
    )

  test('[ST8] a failover site must have room for both populations', () => {
    expect(codes(withCapacity(60, 50))).toEqual([])
    expect(textsOf(withCapacity(60, 49), 'failover-site-too-small')).toEqual([
      'ST8 warning sites[0].failover.primary: the site south has room for 98 sessions, its own 40 workstations and the 60 of north need 100',
    ])
    expect(codes(G3 + withCapacity(60, 49).replaceAll(/, role: \w+/gu, ''))).toContain('failover-site-too-small')
  })

  test('[ST8] an active site must bear the loss of its largest appliance', () => {
    expect(textsOf(withCapacity(59, 50), 'site-without-spare')).toEqual([
      'ST8 warning sites[0]: the site north has 60 workstations, and after the loss of its largest appliance room for 59 sessions',
    ])
    expect(codes(withCapacity(60, 50))).not.toContain('site-without-spare')
  })

  test('[ST8] nothing is said of capacity where one appliance of the site does not state it', () => {
    const text = file([north, south], [sized(north1, 1), north2, sized(south1, 1), south2], fleets)
    expect(codes(text)).toEqual([])
  })

  test('[ST8] an active site with one appliance, or none; a hot standby may have one', () => {
    expect(textsOf(file([north, south], [north1, north2, south1]), 'single-appliance-site')).toEqual([
      'ST8 warning sites[1]: the active site south has only one appliance, whose loss makes the site dark',
    ])
    expect(textsOf(file([north, south], [north1, north2]), 'single-appliance-site')).toEqual([
      'ST8 warning sites[1]: the active site south has no appliance',
    ])
    expect(codes(file([north, 'name: South, type: hot-standby'], [north1, north2, south1]))).not.toContain(
      'single-appliance-site',
    )
    expect(codes(`${G3}${file([north, south], [north2, south2])}`)).toContain('single-appliance-site')
  })
})

describe('[ST8] workstations, of either generation', () => {
  const withWorkstation = (more: string): string => `${good}workstations:\n  - { id: ws-1, ${more} }\n`

  test('[ST8] a bootstrap address that is no appliance, first or alternative', () => {
    const text = withWorkstation(
      'address: 10.1.0.5, primServer: north9.test, altServers: [north1.test, north1.test:81]',
    )
    expect(textsOf(text, 'bootstrap-outside-topology')).toEqual([
      'ST8 warning workstations[0].primServer: the bootstrap address north9.test:443 is no appliance of the topology',
      'ST8 warning workstations[0].altServers[1]: the bootstrap address north1.test:81 is no appliance of the topology',
    ])
  })

  test('[ST8] an appliance may be named by its address', () => {
    const text = withWorkstation('address: 10.1.0.5, primServer: 10.1.0.11').replace(
      'north1.test,',
      'north1.test, address: 10.1.0.11,',
    )
    expect(codes(text)).toEqual([])
  })

  test('[ST8] a workstation in no range, unless a route that counts leads home', () => {
    const at = (network: string): readonly string[] => codes(withWorkstation(`${network}, primServer: north1.test`))
    expect(at('address: 10.9.0.5')).toEqual(['workstation-in-no-range'])
    expect(at('address: 10.9.0.5, routes: [10.0.0.0/8]')).toEqual([])
    expect(at('address: 10.9.0.5, routes: [0.0.0.0/0, 0.0.0.0/1, 10.9.0.0/24]')).toEqual(['workstation-in-no-range'])
    expect(at('addresses: [10.9.0.5, 10.2.0.5]')).toEqual([])
    expect(codes(withWorkstation('primServer: north1.test'))).toEqual([])
  })

  test('[FB4] a list of one address, which no other profile is told of; a list needs no range', () => {
    const at = (text: string): readonly string[] => codes(withWorkstation(`address: 10.9.0.5, primServer: ${text}`))
    expect(at('north1.test, profile: list')).toEqual(['list-of-one'])
    expect(at('north1.test, altServers: [north1.test], profile: list')).toEqual(['list-of-one'])
    expect(at('north1.test, altServers: [south1.test], profile: list')).toEqual([])
    expect(at('north1.test, profile: timer')).toEqual(['workstation-in-no-range'])
    const fleet = `${good}fleets:\n  - { id: n, count: 2, addresses: 10.9.0.0/24, primServer: north1.test, profile: list }\n`
    expect(codes(fleet)).toEqual(['list-of-one'])
  })

  test('[ST8] a fleet is told how many of its agents are in no range', () => {
    const text = `${good}fleets:\n  - { id: n, count: 10, addresses: 10.1.0.250-10.1.1.9, primServer: north1.test }\n`
    expect(textsOf(text, 'workstation-in-no-range')).toEqual([
      "ST8 warning fleets[0].addresses: 4 of 10 agents of the fleet n are in no site's range",
    ])
    expect(codes(text.replace('count: 10', 'count: 6'))).toEqual([])
  })
})

test('[ST8] advice reads like a problem, with its place and what would be better', () => {
  const text = file([north, south], [north1, north2, south1])
  expect(advice(text).map(formatProblem)).toEqual([
    'small.yaml:4:5: warning ST8 single-appliance-site: the active site south has only one appliance, whose loss makes ' +
      'the site dark (found the keys name, ranges, failover). Remedy: give it a second appliance',
  ])
})
