import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compareStamps, mergeSession } from './merge.ts'
import { type SessionRecord } from '#shared/wire/peer-link.schema.ts'

const stamp = fc.record({
  wallMs: fc.nat({ max: 3 }),
  counter: fc.nat({ max: 2 }),
  origin: fc.constantFrom('a', 'b'),
})

/** A stamp is given once: versions with the same stamp are the same version, so they are drawn from one pool. */
const versions = fc
  .uniqueArray(
    fc.record({
      session: fc.constant('s1'),
      user: fc.constant('anna'),
      agent: fc.constant('pc-1'),
      appliance: fc.constantFrom('a', 'b', 'c'),
      state: fc.constantFrom<SessionRecord['state'][]>('active', 'locked', 'paused', 'ended'),
      tickets: fc.uniqueArray(fc.constantFrom('t1', 't2', 't3')).map((tickets) => tickets.sort()),
      stamp,
      made: fc.dictionary(fc.constantFrom('a', 'b'), fc.integer({ min: 1, max: 3 }), { noNullPrototype: true }),
    }),
    {
      selector: ({ stamp: { wallMs, counter, origin } }) => `${wallMs} ${counter} ${origin}`,
      minLength: 3,
      maxLength: 8,
    },
  )
  .chain((pool) => fc.tuple(fc.constantFrom(...pool), fc.constantFrom(...pool), fc.constantFrom(...pool)))

type Three = readonly [SessionRecord, SessionRecord, SessionRecord]

function holdsFor(property: (three: Three) => void): void {
  fc.assert(fc.property(versions, property), { numRuns: 2_000, seed: 20_251 })
}

describe('[RP5] the merge of two versions of a session', () => {
  test('does not depend on which side holds which', () =>
    holdsFor(([a, b]) => {
      expect(mergeSession(a, b)).toEqual(mergeSession(b, a))
    }))

  test('does not depend on the order in which three meet', () =>
    holdsFor(([a, b, c]) => {
      expect(mergeSession(mergeSession(a, b), c)).toEqual(mergeSession(a, mergeSession(b, c)))
    }))

  test('changes nothing the second time', () =>
    holdsFor(([a, b]) => {
      const merged = mergeSession(a, b)
      expect(mergeSession(merged, b)).toEqual(merged)
      expect(mergeSession(a, a)).toEqual(a)
    }))

  test('is ended once either is', () =>
    holdsFor(([a, b]) => {
      expect(mergeSession(a, b).state === 'ended').toBe(a.state === 'ended' || b.state === 'ended')
    }))

  test('is the later of two that have not ended', () =>
    holdsFor(([a, b]) => {
      fc.pre(a.state !== 'ended' && b.state !== 'ended')
      const later = compareStamps(a.stamp, b.stamp) > 0 ? a : b
      expect(mergeSession(a, b)).toMatchObject({ state: later.state, appliance: later.appliance, stamp: later.stamp })
    }))

  test('keeps the tickets of both', () =>
    holdsFor(([a, b]) => {
      expect(new Set(mergeSession(a, b).tickets)).toEqual(new Set([...a.tickets, ...b.tickets]))
    }))
})
