/** What every store must do. A durable one also keeps it when the process ends; that is its own test. */
import { describe, expect, test } from 'vitest'
import { type Store, type StoreEntry } from './store.ts'

const entry = (log: string, position: number, name: string, state: 'active' | 'ended' = 'active'): StoreEntry => ({
  log,
  position,
  session: {
    session: name,
    user: 'anna',
    agent: 'pc-1',
    appliance: 'a',
    state,
    tickets: [],
    stamp: { wallMs: position, counter: 0, origin: 'a' },
  },
})

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
      const replayed = store.replay().flatMap(({ session }) => (session === undefined ? [] : [session]))
      expect(replayed.map(({ session, state }) => `${session} ${state}`)).toEqual(['s2 active', 's1 ended'])
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
