/** What every store must do. A durable one also keeps it when the process ends; that is its own test. */
import { describe, expect, test } from 'vitest'
import { keyOf, type Store, type StoreEntry } from './store.ts'

const entry = (log: string, position: number, name: string, state: 'active' | 'ended' = 'active'): StoreEntry => ({
  log,
  position,
  record: {
    kind: 'session',
    value: {
      session: name,
      user: 'anna',
      agent: 'pc-1',
      appliance: 'a',
      state,
      tickets: [],
      stamp: { wallMs: position, counter: 0, origin: 'a' },
      made: { a: position },
    },
  },
})

const audit = (position: number, incarnation: string, seq: number): StoreEntry => ({
  log: 'a',
  position,
  record: {
    kind: 'audit',
    value: { by: 'agent', source: 'pc-1', incarnation, seq, atMs: 1, kind: 'login', user: 'anna' },
  },
})

const keysOf = (store: Store): string[] =>
  store.replay().flatMap(({ record }) => (record === undefined ? [] : [keyOf(record)]))

export function describeStore(create: () => Store): void {
  describe('a store', () => {
    test('is empty at first, under a log name of its own', () => {
      expect(create().replay()).toEqual([])
      expect(create().log).not.toBe(create().log)
    })

    test('replays the latest entry of every session', () => {
      const store = create()
      store.append([entry('a', 1, 's1'), entry('a', 2, 's2')])
      store.append([entry('a', 3, 's1', 'ended')])
      const replayed = store.replay().flatMap(({ record }) => (record?.kind === 'session' ? [record.value] : []))
      expect(replayed.map(({ session, state }) => `${session} ${state}`)).toEqual(['s2 active', 's1 ended'])
    })

    test('replays every audit record once, apart from sessions of the same name', () => {
      const store = create()
      store.append([audit(1, 'q1', 1), audit(2, 'q1', 2), audit(3, 'q2', 1), entry('a', 4, 'q1')])
      store.append([audit(5, 'q1', 2)])
      expect(keysOf(store)).toEqual([
        'audit ["pc-1","q1",1]',
        'audit ["pc-1","q2",1]',
        'session q1',
        'audit ["pc-1","q1",2]',
      ])
    })

    test('replays nothing of what it was told to forget, and knows positions all the same', () => {
      const store = create()
      store.append([audit(1, 'q1', 1), audit(2, 'q1', 2), { ...audit(3, 'q1', 3), forget: ['audit ["pc-1","q1",1]'] }])
      store.append([{ log: 'a', position: 3, forget: ['audit ["pc-1","q1",3]', 'audit unheard'] }])
      expect(keysOf(store)).toEqual(['audit ["pc-1","q1",2]'])
      expect(Math.max(...store.replay().map(({ position }) => position))).toBe(3)
    })

    test('replays how far each log is held, parts of snapshots and bare positions counted in', () => {
      const store = create()
      store.append([entry('a', 7, 's1'), entry('b', 0, 's2'), { log: 'b', position: 9 }, entry('a', 0, 's3')])
      const held = new Map<string, number>()
      for (const { log, position } of store.replay()) held.set(log, Math.max(held.get(log) ?? 0, position))
      expect(held).toEqual(
        new Map([
          ['a', 7],
          ['b', 9],
        ]),
      )
    })
  })
}
