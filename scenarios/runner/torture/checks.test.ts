import { describe, expect, it } from 'vitest'
import { judgeTorture } from './checks.ts'
import { type Tortured } from './evidence.ts'
import { ApplianceId } from '#shared/ids.ts'
import { accepted, asked, finals, inflicted, pass, reading, tortured, uncertain } from './small-torture.fixture.ts'

function said(name: string, history: Tortured): string {
  const report = judgeTorture(history).find((checker) => checker.name === name)
  const found = report?.findings?.map(({ rule }) => rule).join(' ')
  return [report?.verdict, found ?? report?.checked].join(' ')
}

type Row = readonly [what: string, history: Tortured, expected: string]

const login = accepted(0, 'login', 'both')

const kept: readonly Row[] = [
  ['on both databases', tortured([login], finals('active')), 'holds 1'],
  ['missing on one at the end', tortured([login], finals('active', null)), 'broken RP3'],
  ['missing on both at the end', tortured([login], finals(null)), 'broken RP3'],
  [
    'missing on one for a while',
    tortured([login], { ...finals('active'), readings: [reading(200, 'east1', null)] }),
    'broken RP3',
  ],
  [
    'missing from a look that began before the answer',
    tortured([login], { ...finals('active'), readings: [reading(5, 'east1', null)] }),
    'holds 1',
  ],
  [
    'missing from a service appliance, which does not serve it',
    tortured([login], { ...finals('active'), readings: [reading(200, 'west2', null)] }),
    'holds 1',
  ],
  [
    'acknowledged by a later change',
    tortured([uncertain(0, 'login'), accepted(50, 'lock', 'both')], finals(null)),
    'broken RP3',
  ],
  [
    'missing after a logout that was asked for and not answered',
    tortured([login, [asked(50, 'logout')]], finals(null)),
    'holds 1',
  ],
  [
    'missing before that logout was asked for',
    tortured([login, [asked(500, 'logout')]], { ...finals(null), readings: [reading(200, 'east1', null)] }),
    'broken RP3',
  ],
  ['not readable on one at the end', tortured([login], { finals: [reading(90_000, 'west1', 'active')] }), 'unknown 0'],
]

const single = accepted(0, 'login', 'one')

const keptOnOne: readonly Row[] = [
  [
    'missing on the other for a while',
    tortured([single], { ...finals('active'), readings: [reading(200, 'east1', null)] }),
    'holds 1',
  ],
  ['missing at the end', tortured([single], finals('active', null)), 'broken RP3'],
]

const never: readonly Row[] = [
  ['refused', tortured([uncertain(0, 'login')], finals(null)), 'holds 0'],
  ['done at the agent alone', tortured([accepted(0, 'login', null)], finals(null)), 'holds 0'],
]

const logout = accepted(100, 'logout', 'both')
const logoutOnOne = accepted(100, 'logout', 'one')

const ended: readonly Row[] = [
  ['gone on both databases', tortured([login, logout], finals(null)), 'holds 1'],
  ['listed at the end', tortured([login, logout], finals('active', null)), 'broken SE1'],
  [
    'listed for a while',
    tortured([login, logout], { ...finals(null), readings: [reading(200, 'east1', 'locked')] }),
    'broken SE1',
  ],
  [
    'listed by a look that began before the answer',
    tortured([login, logout], { ...finals(null), readings: [reading(105, 'east1', 'active')] }),
    'holds 1',
  ],
  [
    'acknowledged "one", listed for a while',
    tortured([login, logoutOnOne], { ...finals(null), readings: [reading(200, 'east1', 'active')] }),
    'holds 1',
  ],
  ['acknowledged "one", listed at the end', tortured([login, logoutOnOne], finals(null, 'active')), 'broken SE1'],
  [
    'done at the agent alone, listed at the end',
    tortured([login, accepted(100, 'logout', null)], finals('active')),
    'holds 0',
  ],
]

const lock = accepted(100, 'lock', 'both')

const changes: readonly Row[] = [
  ['as the last change left it', tortured([login, lock], finals('locked')), 'holds 1'],
  ['as an earlier change left it', tortured([login, lock], finals('active')), 'broken RP2 RP2'],
  ['as an earlier change left it, on one database', tortured([login, lock], finals('locked', 'active')), 'broken RP2'],
  [
    'as a later uncertain change would leave it',
    tortured([login, lock, uncertain(200, 'unlock')], finals('active')),
    'holds 1',
  ],
  [
    'as a later change of one database left it',
    tortured([login, lock, accepted(200, 'unlock', 'one')], finals('active')),
    'holds 1',
  ],
  [
    'as an earlier change may leave it, whose link was lost',
    tortured([login, accepted(50, 'unlock', 'both'), pass(55, 3, 'failover', 'answered'), lock], finals('active')),
    'holds 1',
  ],
  [
    'as an earlier change may leave it, which another appliance was asked first',
    tortured(
      [login, accepted(50, 'unlock', 'both', { decision: 4 }), pass(51, 4, 'unlock', 'timed-out', 'answered'), lock],
      finals('active'),
    ),
    'holds 1',
  ],
  [
    'as an earlier change left it, which one appliance alone was asked',
    tortured(
      [login, accepted(50, 'unlock', 'both', { decision: 4 }), pass(51, 4, 'unlock', 'refused', 'answered'), lock],
      finals('active'),
    ),
    'broken RP2 RP2',
  ],
  ['paused by a challenge', tortured([login, lock], finals('paused')), 'holds 1'],
]

const equal: readonly Row[] = [
  ['the same', tortured([login], finals('active')), 'holds 1'],
  ['another state', tortured([login], finals('active', 'locked')), 'broken RP7'],
  ['one more', tortured([login], finals(null, 'active')), 'broken RP7'],
  [
    'the same sessions and another hash',
    tortured([login], { finals: [reading(9, 'west1', 'active', 'aa'), reading(9, 'east1', 'active', 'bb')] }),
    'broken RP7',
  ],
]

describe('sessions-kept: a session acknowledged "both"', () => {
  it.each(kept)('%s', (_, history, expected) => expect(said('sessions-kept', history)).toBe(expected))
})

describe('sessions-kept: a session acknowledged "one"', () => {
  it.each(keptOnOne)('%s', (_, history, expected) => expect(said('sessions-kept', history)).toBe(expected))
})

describe('sessions-kept: a login', () => {
  it.each(never)('%s', (_, history, expected) => expect(said('sessions-kept', history)).toBe(expected))
})

describe('ended-stays-ended: a session whose logout was acknowledged', () => {
  it.each(ended)('%s', (_, history, expected) => expect(said('ended-stays-ended', history)).toBe(expected))
})

describe('changes-kept: a session locked, acknowledged "both"', () => {
  it.each(changes)('%s', (_, history, expected) => expect(said('changes-kept', history)).toBe(expected))
})

describe('contents-equal: databases that hold', () => {
  it.each(equal)('%s', (_, history, expected) => expect(said('contents-equal', history)).toBe(expected))
})

const cut = (from: string, to: string) => ({ kind: 'peers', from: ApplianceId(from), to: ApplianceId(to) }) as const
const links = [cut('west1', 'east1'), cut('east1', 'west1')]
const partition = inflicted(1_000, 5_000, { class: 'silence', links, atMs: 1_000, forMs: 4_000 })
const killed = inflicted(6_000, 7_000, { class: 'kill', appliance: ApplianceId('east1'), atMs: 6_000, forMs: 900 })
const apart = [login, accepted(2_000, 'lock', 'one'), accepted(3_000, 'unlock', 'one', { by: 'east1' })]
const reports = (west1: readonly string[] | null, east1: readonly string[] | null = west1) => ({
  finals: [
    { ...reading(90_000, 'west1', 'active'), merges: west1 },
    { ...reading(90_000, 'east1', 'active'), merges: east1 },
  ],
})

const reported: readonly Row[] = [
  ['by both databases', tortured(apart, { ...reports(['s-1']), inflicted: [partition] }), 'holds 2'],
  ['by one alone', tortured(apart, { ...reports(['s-1'], []), inflicted: [partition] }), 'broken RP8'],
  ['by none', tortured(apart, { ...reports([]), inflicted: [partition] }), 'broken RP8 RP8'],
  ['by none, where one has begun anew', tortured(apart, { ...reports([]), inflicted: [partition, killed] }), 'holds 0'],
  ['by databases that show no reports', tortured(apart, { ...reports(null), inflicted: [partition] }), 'unknown 0'],
]

describe('merges-reported: a session changed on both sides of a partition is reported', () => {
  it.each(reported)('%s', (_, history, expected) => expect(said('merges-reported', history)).toBe(expected))
})

it('merges-reported: a session changed on one side is not reported', () => {
  const history = tortured(apart.slice(0, 2), { ...reports([]), inflicted: [partition] })
  expect(said('merges-reported', history)).toBe('holds 0')
})

describe('audit-once', () => {
  it('is unknown where only one database could be read', () => {
    expect(said('audit-once', tortured([login], { finals: [reading(90_000, 'west1', 'active')] }))).toBe('unknown 0')
  })
})
