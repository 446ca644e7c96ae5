import { describe, expect, it } from 'vitest'
import { ApplianceId } from '#shared/ids.ts'
import { countsOf, floorsOf, sumOf } from './counts.ts'
import { type Tortured } from './evidence.ts'
import { type LinkEnds } from './schedule.ts'
import { accepted, finals, inflicted, reading, seenAt, tortured } from './small-torture.fixture.ts'

const peers = (from: string, to: string): LinkEnds => ({ kind: 'peers', from: ApplianceId(from), to: ApplianceId(to) })
const cut = (...links: readonly LinkEnds[]) =>
  inflicted(1_000, 5_000, { class: 'silence', links, atMs: 1_000, forMs: 4_000 })
const partition = cut(peers('west1', 'east1'), peers('east1', 'west1'))
const events = {
  login: accepted(0, 'login', 'both'),
  lockInTheWest: accepted(2_000, 'lock', 'one'),
  unlockInTheEast: accepted(3_000, 'unlock', 'one', { by: 'east1' }),
}
const { login, lockInTheWest, unlockInTheEast } = events

const merges: readonly (readonly [what: string, history: Tortured, expected: number])[] = [
  ['changed on both sides', tortured([login, lockInTheWest, unlockInTheEast], { inflicted: [partition] }), 1],
  ['changed on one side', tortured([login, lockInTheWest], { inflicted: [partition] }), 0],
  [
    'cut in one direction alone',
    tortured([login, lockInTheWest, unlockInTheEast], { inflicted: [cut(peers('west1', 'east1'))] }),
    0,
  ],
  [
    'changed on the other side after the partition',
    tortured([login, lockInTheWest, accepted(6_000, 'unlock', 'one', { by: 'east1' })], { inflicted: [partition] }),
    0,
  ],
  [
    'changed on one side and resumed on the other',
    tortured([login, seenAt(20, 'west1'), lockInTheWest, seenAt(3_000, 'east1')], { inflicted: [partition] }),
    1,
  ],
  [
    'changed on one side and unknown on the other',
    tortured([login, seenAt(20, 'west1'), lockInTheWest, seenAt(3_000, 'east1', 'unknown-session')], {
      inflicted: [partition],
    }),
    0,
  ],
  [
    'changed through a service appliance of one side',
    tortured([login, accepted(2_000, 'lock', 'one', { by: 'west2' }), unlockInTheEast], {
      inflicted: [partition],
      readings: [reading(1_500, 'west2', null)],
    }),
    1,
  ],
  [
    'changed through a service appliance of the same side',
    tortured([login, accepted(2_000, 'lock', 'one', { by: 'west2' }), lockInTheWest], {
      inflicted: [partition],
      readings: [reading(1_500, 'west2', null)],
    }),
    0,
  ],
]

describe('merges: a session', () => {
  it.each(merges)('%s', (_, history, expected) => expect(countsOf(history).merges).toBe(expected))
})

describe('counts', () => {
  const history = tortured([login, lockInTheWest, accepted(9_000, 'logout', null)], {
    ...finals(null),
    inflicted: [partition],
  })

  it('tell acknowledgements by what they said, and faults by their class', () => {
    expect(countsOf(history)).toMatchObject({ acksBoth: 1, acksOne: 1, faults: { silence: 1, kill: 0 } })
  })

  it('add up', () => {
    expect(sumOf([countsOf(history), countsOf(history)])).toMatchObject({ acksBoth: 2, faults: { silence: 2 } })
  })
})

describe('floors', () => {
  const total = sumOf([])
  const wanted = (seconds: number) => floorsOf(total, seconds).map(({ name, atLeast }) => `${name} ${atLeast}`)

  it('are those of 30 schedules of 25 s', () => {
    expect(wanted(750)).toEqual([
      'acks both 10000',
      'merges 20',
      ...['kill', 'pause', 'restart', 'fill', 'refuse', 'reset', 'silence'].map((name) => `${name} 5`),
    ])
  })

  it('shrink with the time', () => expect(wanted(150).slice(0, 3)).toEqual(['acks both 2000', 'merges 4', 'kill 1']))
})
