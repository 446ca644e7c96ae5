import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { AuditTrail } from './audit-trail.ts'
import { type StoredAudit } from '#shared/wire/peer-link.schema.ts'

const record = (seq: number, atMs: number, source = 'pc-1'): StoredAudit => ({
  by: 'agent',
  source,
  incarnation: 'q1',
  seq,
  atMs,
  kind: 'login',
  user: 'anna',
})

describe('an audit trail', () => {
  test('lists what came after an index, at most so many', () => {
    const trail = new AuditTrail()
    for (const seq of [1, 2, 3]) trail.keep(record(seq, 10 - seq))
    expect(trail.after(0, 2).map(({ index, seq }) => [index, seq])).toEqual([
      [1, 1],
      [2, 2],
    ])
    expect(trail.after(2, 9).map(({ seq }) => seq)).toEqual([3])
  })

  test('keeps the youngest when there are too many, and goes on numbering', () => {
    const trail = new AuditTrail(2)
    expect([record(1, 50), record(2, 70), record(3, 60), record(4, 10)].map((one) => trail.keep(one)?.seq)).toEqual([
      undefined,
      undefined,
      1,
      4,
    ])
    expect(trail.after(0, 9).map(({ index, seq }) => [index, seq])).toEqual([
      [2, 2],
      [3, 3],
    ])
    expect(trail.mark('pc-1', 'q1')).toBe(4)
  })

  test('keeps the same whatever the order in which it heard, so that two databases agree', () => {
    const all = fc.uniqueArray(fc.record({ seq: fc.integer({ min: 1, max: 30 }), atMs: fc.nat({ max: 5 }) }), {
      selector: ({ seq }) => seq,
      maxLength: 20,
    })
    const orders = all.chain((records) =>
      fc.tuple(fc.shuffledSubarray(records, { minLength: records.length }), fc.constant(records)),
    )
    fc.assert(
      fc.property(orders, fc.integer({ min: 1, max: 8 }), ([one, other], keptMax) => {
        const keys = [one, other].map((records) => {
          const trail = new AuditTrail(keptMax)
          for (const { seq, atMs } of records) trail.keep(record(seq, atMs))
          return [...trail.keys()].toSorted()
        })
        expect(keys[0]).toEqual(keys[1])
      }),
      { numRuns: 1_000, seed: 20_251 },
    )
  })
})
