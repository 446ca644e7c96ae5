import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { changeRecord, findApart, initialRecord, mergeData } from './merge-data.ts'
import { compareStamps } from './merge.ts'
import { type EnterpriseRecord } from '#shared/wire/enterprise-data.schema.ts'
import { type Stamp } from '#shared/wire/peer-link.schema.ts'

const names = ['policy', 'disabled', 'credential']
type Fields = Record<string, { value: unknown; stamp: Stamp; change: number }>

const stamp = fc.record({
  wallMs: fc.integer({ min: 1, max: 4 }),
  counter: fc.nat({ max: 2 }),
  origin: fc.constantFrom('a', 'b'),
})
/** A stamp is given once, so it says what was set. */
const set = stamp.map((given) => ({ value: JSON.stringify(given), stamp: given, change: given.wallMs }))
/** What two configurations say has one stamp, and may differ. */
const configured = fc
  .constantFrom('one', 'other')
  .map((value) => ({ value, stamp: { wallMs: 0, counter: 0, origin: 'configuration' }, change: 0 }))
const version = fc
  .record({
    fields: fc.dictionary(fc.constantFrom(...names), fc.oneof({ weight: 3, arbitrary: set }, configured), {
      noNullPrototype: true,
    }),
    deleted: fc.option(stamp, { nil: undefined }),
    made: fc.dictionary(fc.constantFrom('a', 'b'), fc.integer({ min: 1, max: 3 }), { noNullPrototype: true }),
  })
  .map(({ fields, deleted, made }): EnterpriseRecord => {
    const since = Object.entries<Fields[string]>(fields).filter(
      ([, field]) => deleted === undefined || compareStamps(field.stamp, deleted) > 0,
    )
    const gone = deleted === undefined ? {} : { deleted: { stamp: deleted, change: deleted.wallMs } }
    return { kind: 'user', key: 'anna', fields: Object.fromEntries(since), ...gone, made }
  })

type Three = readonly [EnterpriseRecord, EnterpriseRecord, EnterpriseRecord]

function holdsFor(property: (three: Three) => void): void {
  fc.assert(fc.property(fc.tuple(version, version, version), property), { numRuns: 2_000, seed: 20_251 })
}

const fieldsOf = (record: EnterpriseRecord): Fields => record.fields

describe('[RP5] the merge of two versions of a record of enterprise data', () => {
  test('does not depend on which side holds which', () =>
    holdsFor(([a, b]) => {
      expect(mergeData(a, b)).toEqual(mergeData(b, a))
    }))

  test('does not depend on the order in which three meet', () =>
    holdsFor(([a, b, c]) => {
      expect(mergeData(mergeData(a, b), c)).toEqual(mergeData(a, mergeData(b, c)))
    }))

  test('changes nothing the second time, and says so by returning what was held', () =>
    holdsFor(([a, b]) => {
      const merged = mergeData(a, b)
      expect(mergeData(merged, b)).toBe(merged)
      expect(mergeData(merged, a)).toBe(merged)
      expect(mergeData(a, a)).toBe(a)
    }))

  test('has of each field the latest change of either, unless a deletion of either is later', () =>
    holdsFor(([a, b]) => {
      const merged = fieldsOf(mergeData(a, b))
      const deletions = [a, b].flatMap(({ deleted }) => deleted?.stamp ?? [])
      for (const name of names) {
        const changes = [a, b].flatMap((one) => fieldsOf(one)[name] ?? [])
        const latest = changes.toSorted((one, other) => compareStamps(other.stamp, one.stamp))[0]
        const isDeleted = deletions.some(
          (deletion) => latest !== undefined && compareStamps(deletion, latest.stamp) >= 0,
        )
        expect(merged[name]?.stamp).toEqual(isDeleted ? undefined : latest?.stamp)
      }
    }))
})

const at = (wallMs: number, origin = 'a'): Stamp => ({ wallMs, counter: 0, origin })
const anna = initialRecord({ kind: 'user', key: 'anna', fields: { disabled: false, policy: 'default' } })
const values = (record: EnterpriseRecord): Record<string, unknown> =>
  Object.fromEntries(Object.entries(fieldsOf(record)).map(([name, { value }]) => [name, value]))

describe('changes of a record', () => {
  test('[RP5] any change wins over the configuration', () => {
    const changed = changeRecord(anna, { kind: 'user', key: 'anna', fields: { disabled: true } }, at(1))
    expect(values(mergeData(anna, changed))).toEqual({ disabled: true, policy: 'default' })
  })

  test('[RP5] a deletion wins over an older change of the other side', () => {
    const older = changeRecord(anna, { kind: 'user', key: 'anna', fields: { disabled: true } }, at(1, 'b'))
    const deleted = changeRecord(anna, { kind: 'user', key: 'anna', fields: null }, at(2, 'a'))
    expect(values(mergeData(older, deleted))).toEqual({})
  })

  test('[RP5] a later change than the deletion stays, and brings back nothing of before', () => {
    const deleted = changeRecord(anna, { kind: 'user', key: 'anna', fields: null }, at(2, 'a'))
    const later = changeRecord(anna, { kind: 'user', key: 'anna', fields: { disabled: true } }, at(3, 'b'))
    expect(values(mergeData(deleted, later))).toEqual({ disabled: true })
  })
})

describe('what was changed apart', () => {
  const set = (known: EnterpriseRecord, fields: object, stamp: Stamp): EnterpriseRecord =>
    changeRecord(known, { kind: 'user', key: 'anna', fields }, stamp)
  const told = (held: EnterpriseRecord, came: EnterpriseRecord): string[] =>
    findApart(held, came).map(
      ({ field, here, there, stays }) =>
        `${field}: ${here.deletes ? 'deleted' : 'set'}, ${there.deletes ? 'deleted' : 'set'}; ${stays}`,
    )

  test('[RP8] is a field that both sides set, from both sides', () => {
    const here = set(anna, { policy: 'a' }, at(1, 'a'))
    const there = set(anna, { policy: 'b' }, at(2, 'b'))
    expect(told(here, there)).toEqual(['policy: set, set; there'])
    expect(told(there, here)).toEqual(['policy: set, set; here'])
  })

  test('[RP8] is a field that one side set while the other deleted the record', () => {
    const here = changeRecord(anna, { kind: 'user', key: 'anna', fields: null }, at(2, 'a'))
    const there = set(anna, { disabled: true }, at(1, 'b'))
    expect(told(here, there)).toEqual(['disabled: deleted, set; here'])
    expect(told(there, here)).toEqual(['disabled: set, deleted; there'])
  })

  test('[RP8] is not a field that one side alone changed, nor one changed in knowledge of the other change', () => {
    const here = set(anna, { policy: 'a' }, at(1, 'a'))
    const there = set(anna, { disabled: true }, at(2, 'b'))
    expect(told(here, there)).toEqual([])
    const merged = mergeData(here, there)
    expect(told(here, set(merged, { policy: 'b' }, at(3, 'b')))).toEqual([])
    expect(told(set(here, { policy: 'c' }, at(4, 'a')), here)).toEqual([])
  })

  test('[RP8] is not what both deleted', () => {
    const deleted = (origin: string): EnterpriseRecord =>
      changeRecord(anna, { kind: 'user', key: 'anna', fields: null }, at(2, origin))
    expect(told(deleted('a'), deleted('b'))).toEqual([])
  })
})
