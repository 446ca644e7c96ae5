/** What an enterprise file means, and that every mistake in it is told. Single mistakes are in scenarios/labs/wrong. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { defaultUserPolicy } from '#shared/policy/policy.ts'
import { normalSettings } from '#shared/policy/settings.ts'
import { type EnterpriseFileRead, parseEnterprise } from '#shared/topology/file.ts'
import { type Problem, formatProblem } from '#shared/topology/problems.ts'

const small = `
enterprise: Small
sites:
  - { name: First Ward, ranges: [10.1.0.0/24] }
appliances:
  - { host: One.Hospital.test, address: 10.1.0.11, site: First Ward }
  - { host: 10.1.0.12, site: first-ward }
  - { host: three.hospital.test, site: first-ward }
`

function read(text: string): EnterpriseFileRead {
  const result = parseEnterprise(text, 'small.yaml')
  if (!result.ok) throw new Error(result.error.map(formatProblem).join('\n'))
  return result.value
}

function problems(text: string): readonly Problem[] {
  const result = parseEnterprise(text, 'wrong.yaml')
  return result.ok ? [] : result.error
}

const codes = (text: string): readonly string[] => problems(text).map(({ code }) => code)
const roles = (text: string): readonly string[] => read(text).enterprise.topology.appliances.map(({ role }) => role)

test('the example of docs/ENTERPRISE-FILE.md can be used, and its policies are the defaults', () => {
  const blocks = readFileSync(new URL('../../docs/ENTERPRISE-FILE.md', import.meta.url), 'utf8').split('```')
  const [example = '', policies = ''] = blocks
    .filter((block) => block.startsWith('yaml'))
    .map((block) => block.slice(4))
  const { enterprise } = read(`${example}${policies}`)
  expect(enterprise.topology.sites.map(({ id }) => id)).toEqual(['dallas', 'chicago'])
  expect(enterprise.userPolicies).toEqual([defaultUserPolicy, { ...defaultUserPolicy, id: 'nurses' }])
})

describe('defaults', () => {
  test('[ST1] a site without a type is active, without failover it has none; its id is its name in kebab-case', () => {
    expect(read(small).enterprise.topology.sites).toEqual([
      {
        id: 'first-ward',
        name: 'First Ward',
        type: 'active',
        ranges: [{ start: '10.1.0.0', end: '10.1.0.255' }],
        failover: {},
      },
    ])
  })

  test('[ST1] an appliance is named by the first label of its host or by its address', () => {
    const { appliances } = read(small).enterprise.topology
    expect(appliances.map(({ id, host, port, address }) => ({ id, host, port, address }))).toEqual([
      { id: 'one', host: 'one.hospital.test', port: 443, address: '10.1.0.11' },
      { id: '10.1.0.12', host: '10.1.0.12', port: 443, address: '10.1.0.12' },
      { id: 'three', host: 'three.hospital.test', port: 443, address: undefined },
    ])
  })

  test('the rest is epoch 1, G4, the settings of SPEC.md, the policy `default` and product hash cost', () => {
    const { enterprise } = read(small)
    expect(enterprise.topology).toMatchObject({
      epoch: 1,
      enterprise: 'Small',
      generation: 'G4',
      settings: normalSettings,
    })
    expect(enterprise).toMatchObject({
      userPolicies: [defaultUserPolicy],
      computerPolicies: [],
      people: [],
      workstations: [],
      fleets: [],
      hashCost: 'product',
    })
  })
})

describe('[ST7] roles', () => {
  test('[ST7] where the file states none, the first two appliances are databases', () => {
    expect(roles(small)).toEqual(['database', 'database', 'service'])
  })

  test('[ST7] once one is stated, an appliance without a role is a service', () => {
    expect(roles(small.replace('three.hospital.test,', 'three.hospital.test, role: database,'))).toEqual([
      'service',
      'service',
      'database',
    ])
  })

  test('[GN1] in G3 every appliance is a database, three of them too', () => {
    expect(roles(`generation: G3${small}`)).toEqual(['database', 'database', 'database'])
  })
})

describe('[ST5] failover references', () => {
  const sites = (north: string, south: string): string => `
enterprise: Two
sites:
  - { name: North Wing, ranges: [10.1.0.0/24], failover: ${north} }
  - { id: south, name: South Wing, ranges: [10.2.0.0/24], failover: ${south} }
  - { name: Spare, type: hot-standby }
appliances:
  - { host: one.test, site: North Wing }
`
  const failover = (north: string, south = 'disabled') =>
    read(sites(north, south)).enterprise.topology.sites.map((site) => site.failover)

  test('[ST5] none, primary only, primary and secondary, by id or by name, also mutual', () => {
    expect(failover('disabled')).toEqual([{}, {}, {}])
    expect(failover('{}')).toEqual([{}, {}, {}])
    expect(failover('{ primary: South Wing }', '{ primary: north-wing }')).toEqual([
      { primary: 'south' },
      { primary: 'north-wing' },
      {},
    ])
    expect(failover('{ primary: south, secondary: Spare }')[0]).toEqual({ primary: 'south', secondary: 'spare' })
  })

  test('[ST6] a hot standby without ranges is a failover site, and its appliance may be a last resort', () => {
    const text = sites('{ primary: spare }', 'disabled')
      .replace('site: North Wing }', 'site: North Wing }\n  - { host: spare.test, site: spare }')
      .concat('workstations:\n  - { id: ws-1, address: 10.1.0.5, primServer: spare.test }\n')
    expect(read(text).enterprise.workstations[0]?.primServer).toBe('spare.test:443')
    expect(read(text).enterprise.topology.sites[2]).toMatchObject({ type: 'hot-standby', ranges: [] })
  })
})

describe('settings', () => {
  const settings = (text: string) => read(`${small}settings: ${text}\n`).enterprise.topology.settings

  test('a preset sets the wire, and a stated value overrides it', () => {
    expect(settings('{ wire: fast, connectTimeout: 500 ms, timeScale: 60 }')).toEqual({
      ...normalSettings,
      connectTimeoutMs: 500,
      requestTimeoutMs: 1_000,
      heartbeatMs: 500,
      heartbeatSlackMs: 250,
      replicationWaitMs: 250,
      timeScale: 60,
    })
  })

  test('switches are on, off, true or false', () => {
    expect(settings('{ seamlessFailover: off, offlineRetryJitter: false }')).toMatchObject({
      seamlessFailover: false,
      offlineRetryJitter: false,
    })
    expect(settings('{ seamlessFailover: on }').seamlessFailover).toBe(true)
  })

  test('policy durations are read in any unit', () => {
    expect(settings('{ pinWindow: 90 min, refreshInterval: 1h, offlineRetryInterval: 30 s }')).toMatchObject({
      pinWindowMs: 5_400_000,
      refreshIntervalMs: 3_600_000,
      offlineRetryIntervalMs: 30_000,
    })
  })

  test('a time scale is refused from the bound on, not below it', () => {
    // Three appliances and an unknown last resort: 1.25 s + 4 × 0.4 s = 2.85 s, and 300 s / 2.85 s = 105.26.
    expect(codes(`${small}settings: { wire: fast, timeScale: 105 }\n`)).toEqual([])
    expect(codes(`${small}settings: { wire: fast, timeScale: 106 }\n`)).toEqual(['time-scale-too-high'])
  })

  test('a short grace period lowers the bound', () => {
    const policy = 'userPolicies: [{ id: brisk, challengeComingOnline: { mode: grace, minutes: 2 } }]\n'
    expect(codes(`${small}${policy}settings: { wire: fast, timeScale: 60 }\n`)).toEqual(['time-scale-too-high'])
    expect(codes(`${small}${policy}settings: { wire: fast, timeScale: 42 }\n`)).toEqual([])
  })

  test('long timeouts at real time are advice, not a refusal', () => {
    const { advice } = read(`${small}settings: { wire: pie-default }\n`)
    expect(advice.map(({ code }) => code)).toContain('failover-outlasts-limit')
    expect(codes(`${small}settings: { wire: pie-default, timeScale: 2 }\n`)).toEqual(['time-scale-too-high'])
  })
})

describe('people, policies and workstations', () => {
  test('a policy states what differs from the default', () => {
    const text = `${small}
userPolicies:
  - { id: strict, challengeComingOnline: { mode: always }, offlineAuthentication: { allowed: off } }
computerPolicies:
  - { id: kiosk, challengeComingOnline: { mode: grace, minutes: 30 }, offlineAuthentication: forbidden }
people:
  - { user: alice, name: Alice, password: secret-a, policy: strict }
  - { user: bob, password: secret-b }
generatedPeople: { count: 2, prefix: user, password: secret-c }
`
    const { userPolicies, computerPolicies, people } = read(text).enterprise
    const strict = {
      ...defaultUserPolicy,
      id: 'strict',
      challengeComingOnline: { mode: 'always' },
      offlineAuthentication: { allowed: false, days: 7 },
    }
    expect(userPolicies).toEqual([defaultUserPolicy, strict])
    expect(computerPolicies).toEqual([
      { id: 'kiosk', challengeComingOnline: { mode: 'grace', minutes: 30 }, offlineAuthentication: 'forbidden' },
    ])
    expect(people.map(({ user, name, policy }) => `${user} ${name} ${policy}`)).toEqual([
      'alice Alice strict',
      'bob bob default',
      'user0001 user0001 default',
      'user0002 user0002 default',
    ])
  })

  test('a policy called default takes the place of the default', () => {
    const text = `${small}userPolicies: [{ id: default, challengeIntervalMinutes: 60 }]\n`
    expect(read(text).enterprise.userPolicies).toEqual([{ ...defaultUserPolicy, challengeIntervalMinutes: 60 }])
  })

  test('a workstation without addresses and routes reads its own machine', () => {
    const text = `${small}workstations:
  - { id: real, primServer: one.hospital.test }
  - { id: two, profile: timer, addresses: [10.1.0.5, '::ffff:10.1.0.6'], routes: [10.0.0.0/8], primServer: One.hospital.test:8443, altServers: [10.1.0.12] }
`
    expect(read(text).enterprise.workstations).toEqual([
      { id: 'real', network: undefined, primServer: 'one.hospital.test:443', altServers: [], profile: 'windows' },
      {
        id: 'two',
        network: { addresses: ['10.1.0.5', '10.1.0.6'], routes: ['10.0.0.0/8'] },
        primServer: 'one.hospital.test:8443',
        altServers: ['10.1.0.12:443'],
        profile: 'timer',
      },
    ])
  })

  test('[FB4] a fleet has a profile and alternative servers too, and settings say how often a timer moves', () => {
    const text = `${small}settings: { failoverSiteTimeout: 2 min }
fleets:
  - { id: thin, count: 2, addresses: 10.1.0.0/24, primServer: one.hospital.test, altServers: [10.1.0.12], profile: list }
  - { id: fat, count: 2, addresses: 10.1.0.0/24, primServer: one.hospital.test }
`
    const { fleets, topology } = read(text).enterprise
    expect(fleets.map(({ profile, altServers }) => [profile, ...altServers])).toEqual([
      ['list', '10.1.0.12:443'],
      ['windows'],
    ])
    expect(topology.settings.failoverSiteTimeoutMs).toBe(120_000)
    expect(read(small).enterprise.topology.settings.failoverSiteTimeoutMs).toBe(300_000)
  })

  test('an alias stands for its anchor', () => {
    const text = `${small}people:
  - { user: alice, password: &word secret }
  - { user: bob, password: *word }
`
    expect(read(text).enterprise.people.map(({ password }) => password)).toEqual(['secret', 'secret'])
  })
})

describe('mistakes', () => {
  test('[ST3] all of them are told, in order of line, each with its field', () => {
    const text = `enterprise: Many
colour: blue
settings: { heartbeat: 100 ms, pinwindow: 3h }
sites:
  - name: North
    ranges: [10.1.0.0/24, 207.46.300.1]
    failover: { primary: sout }
  - name: South
    ranges: [10.2.9.0-10.2.0.0]
    failover: { secondary: south }
appliances:
  - { host: one.test, site: north, port: 0 }
  - { host: two.test, site: wset }
workstations:
  - { id: ws 1, address: 10.1.0.999 }
`
    expect(problems(text).map(({ line, column, code, field }) => `${line}:${column} ${code} ${field}`)).toEqual([
      '2:1 unknown-key colour',
      '3:24 below-fast-preset settings.heartbeat',
      '3:32 unknown-key settings.pinwindow',
      '6:27 range-invalid-address sites[0].ranges[1]',
      '7:26 failover-to-unknown-site sites[0].failover.primary',
      '9:14 range-start-after-end sites[1].ranges[0]',
      '10:28 failover-to-self sites[1].failover.secondary',
      '10:28 failover-secondary-without-primary sites[1].failover.secondary',
      '12:42 value-out-of-range appliances[0].port',
      '13:29 appliance-of-unknown-site appliances[1].site',
      '15:5 missing-key workstations[0]',
    ])
  })

  test('an item that cannot be read does not make references to it wrong', () => {
    const text = small.replace('name: First Ward,', 'name: 17, id: first-ward,').replaceAll('First Ward', 'first-ward')
    expect(codes(text)).toEqual(['wrong-type'])
  })

  test('a missing section does not hide what is wrong in the others', () => {
    expect(codes('sites:\n  - { name: A, ranges: [1.2.3] }\n')).toEqual(
      expect.arrayContaining(['missing-key', 'range-invalid-address']),
    )
  })

  test.each(['[]', 'just text', '42'])('a file that is %s is no enterprise', (text) => {
    expect(codes(text)).toEqual(['wrong-type'])
  })

  test('an empty value is found at its key', () => {
    expect(problems(small.replace('ranges: [10.1.0.0/24]', 'ranges: '))[0]).toMatchObject({
      code: 'wrong-type',
      line: 4,
      column: 25,
      field: 'sites[0].ranges',
    })
  })

  test('[SC2] no message shows a password', () => {
    const secret = 'hunter2-secret'
    const texts = [
      `${small}people:\n  - { user: a, password: [${secret}] }\n`,
      `${small}people:\n  - { user: a, password: ${secret.repeat(30)} }\n`,
      `${small}people:\n  - { user: a, password: !${secret} }\n`,
      `${small}people:\n  - { user: a, password: *${secret} }\n`,
      `${small}people:\n  - { user: a, password: "${secret} }\n`,
      `${small}generatedPeople: { count: 0, prefix: p, password: ${secret} }\n`,
    ]
    for (const text of texts) {
      const messages = problems(text).map(formatProblem)
      expect(messages).not.toEqual([])
      expect(messages.join('\n')).not.toContain(secret)
    }
  })
})

describe('bounds of what is read', () => {
  test('a file above 1 MiB is refused unread', () => {
    expect(problems(`# ${'x'.repeat(1024 * 1024)}`).map(formatProblem)).toEqual([
      'wrong.yaml:1:1: error file-too-large: the file has more than 1048576 bytes (found 1048578 bytes). Remedy: use fleets and generatedPeople',
    ])
  })

  test.each([
    ['open', '['.repeat(100_000)],
    ['closed', '['.repeat(10_000) + ']'.repeat(10_000)],
    ['in blocks', `${'- '.repeat(50_000)}a`],
  ])('lists nested without end, %s, are refused once', (_title, text) => {
    expect(codes(text)).toEqual(['nested-too-deep'])
  })

  test('more than a hundred aliases are refused', () => {
    const people = Array.from({ length: 101 }, (_, index) => `  - { user: u${index}, password: *word }\n`).join('')
    expect(codes(`${small}people:\n  - { user: a, password: &word secret }\n${people}`)).toEqual(['too-many-aliases'])
  })

  test('an alias inside its own anchor is refused', () => {
    expect(codes('&a { enterprise: *a }')).toEqual(['alias-in-alias'])
  })

  test('no more than a thousand problems are told', () => {
    expect(codes(`${small}people: [${'1, '.repeat(5_000)}]\n`)).toHaveLength(1_000)
  })
})
