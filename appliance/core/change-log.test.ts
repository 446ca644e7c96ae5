import { expect, test } from 'vitest'
import { createChangeLog } from './change-log.ts'
import { type StoredRecord } from '#shared/wire/peer-link.schema.ts'

const session = (name: string): StoredRecord => ({
  kind: 'session',
  value: {
    session: name,
    user: 'anna',
    agent: 'pc-1',
    appliance: 'a',
    state: 'active',
    tickets: [],
    stamp: { wallMs: 1, counter: 0, origin: 'a' },
    made: { a: 1 },
  },
})

test('numbers changes from one on, and after what it was begun with', () => {
  expect(createChangeLog(0, []).append(session('s1')).position).toBe(1)
  expect(createChangeLog(41, []).append(session('s1')).position).toBe(42)
})

test('reads after a position, at most so many', () => {
  const log = createChangeLog(0, [])
  for (const name of ['s1', 's2', 's3']) log.append(session(name))
  expect(log.after(1, 1).map(({ position }) => position)).toEqual([2])
  expect(log.after(1, 9).map(({ record }) => record)).toEqual([session('s2'), session('s3')])
  expect(log.after(3, 9)).toEqual([])
})

test('drops the oldest half when there are too many, and says how far it reaches', () => {
  const log = createChangeLog(0, [], 4)
  for (const name of ['s1', 's2', 's3', 's4', 's5']) log.append(session(name))
  expect(log.end).toBe(5)
  expect([log.reaches(1), log.reaches(2)]).toEqual([false, true])
  expect(log.after(2, 9).map(({ position }) => position)).toEqual([3, 4, 5])
  expect(() => log.after(1, 9)).toThrow('only as far back as it reaches')
})

test('[RP6] reaches back over a restart as far as its store kept changes without a gap', () => {
  const change = (position: number) => ({ position, record: session(`s${position}`) })
  const log = createChangeLog(6, [change(1), change(2), change(4), change(5), change(6)])
  expect(log.end).toBe(6)
  expect([log.reaches(2), log.reaches(3)]).toEqual([false, true])
  expect(log.after(3, 9).map(({ position }) => position)).toEqual([4, 5, 6])
  expect(log.append(session('s7')).position).toBe(7)
  const cut = createChangeLog(7, [change(5), change(6)])
  expect([cut.reaches(6), cut.reaches(7)]).toEqual([false, true])
})
