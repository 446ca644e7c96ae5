/** What every store must do, also when the process that wrote it ended at any moment. */
import { describe, expect, test } from 'vitest'
import { keyOf, type Store, type StoreEntry } from './store.ts'
import { type Topology } from '#shared/topology/model.ts'

/** One place where a store lives. */
export interface StoreBench {
  /** The store as a process that starts now finds it. What the last process had not committed is gone, as after SIGKILL. */
  open(): Store
  /** From now on there is no more room. */
  fill(store: Store): void
}

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

const user = (log: string, position: number, name: string, wallMs: number): StoreEntry => ({
  log,
  position,
  record: {
    kind: 'data',
    value: {
      kind: 'user',
      key: name,
      fields: { disabled: { value: true, stamp: { wallMs, counter: 0, origin: 'a' }, change: 1 } },
      made: { a: 1 },
    },
  },
})

/** Every record once, as `KEY STATE`. */
const recordsOf = (store: Store): string[] => {
  const records = store.replay().filter(({ position }) => position === 0)
  return records.flatMap(({ record }) =>
    record === undefined ? [] : [`${keyOf(record)}${record.kind === 'session' ? ` ${record.value.state}` : ''}`],
  )
}

const changesOf = (store: Store): string[] =>
  store.replay().flatMap(({ log, position, record }) => {
    if (log !== store.log || position === 0 || record?.kind !== 'session') return []
    return [`${position} ${record.value.session} ${record.value.state}`]
  })

const heldOf = (store: Store): Record<string, number> => {
  const held = new Map<string, number>()
  for (const { log, position } of store.replay()) held.set(log, Math.max(held.get(log) ?? 0, position))
  return Object.fromEntries(held)
}

/** `changesKept`: how many changes of its own log it keeps at least. */
export function describeStore(create: (changesKept: number) => StoreBench): void {
  const begin = (changesKept = 1_000): StoreBench => create(changesKept)

  describe('a store', () => {
    test('is empty at first, under a log name of its own', () => {
      const store = begin().open()
      expect(store.replay()).toEqual([])
      expect(store.log).not.toBe(begin().open().log)
    })

    test('keeps its log name, its records and all positions over a crash', () => {
      const bench = begin()
      const first = bench.open()
      first.append([entry(first.log, 1, 's1'), entry('b', 7, 's2')])
      const second = bench.open()
      expect(second.log).toBe(first.log)
      expect(recordsOf(second)).toEqual(['session s1 active', 'session s2 active'])
      expect(heldOf(second)).toEqual({ [first.log]: 1, b: 7 })
    })

    test('replays every record once, as it was last, in the order of that', () => {
      const store = begin().open()
      store.append([entry('b', 1, 's1'), entry('b', 2, 's2')])
      store.append([entry('b', 3, 's1', 'ended')])
      expect(recordsOf(store)).toEqual(['session s2 active', 'session s1 ended'])
    })

    test('replays every audit record once, apart from sessions of the same name', () => {
      const store = begin().open()
      store.append([audit(1, 'q1', 1), audit(2, 'q1', 2), audit(3, 'q2', 1), entry('a', 4, 'q1')])
      store.append([audit(5, 'q1', 2)])
      expect(recordsOf(store)).toEqual([
        'audit ["pc-1","q1",1]',
        'audit ["pc-1","q2",1]',
        'session q1 active',
        'audit ["pc-1","q1",2]',
      ])
    })

    test('replays every record of enterprise data once, as it was last, and the changes of its own log with it', () => {
      const bench = begin()
      const store = bench.open()
      store.append([user(store.log, 1, 'anna', 1), entry('b', 1, 'anna'), user('b', 2, 'bert', 2)])
      store.append([user(store.log, 2, 'anna', 3)])
      for (const seen of [store, bench.open()]) {
        expect(recordsOf(seen)).toEqual(['session anna active', 'data user bert', 'data user anna'])
        const own = seen.replay().filter(({ log, position }) => log === seen.log && position > 0)
        expect(own.flatMap(({ record }) => record ?? [])).toEqual([1, 2].map(() => user('', 0, 'anna', 3).record))
      }
    })

    test('replays nothing of what it was told to forget, and knows positions all the same', () => {
      const bench = begin()
      const store = bench.open()
      store.append([audit(1, 'q1', 1), audit(2, 'q1', 2), { ...audit(3, 'q1', 3), forget: ['audit ["pc-1","q1",1]'] }])
      store.append([{ log: 'a', position: 3, forget: ['audit ["pc-1","q1",3]', 'audit unheard'] }])
      for (const seen of [store, bench.open()]) {
        expect(recordsOf(seen)).toEqual(['audit ["pc-1","q1",2]'])
        expect(heldOf(seen)).toEqual({ [seen.log]: 0, a: 3 })
      }
    })

    test('replays how far each log is held, parts of snapshots and bare positions counted in', () => {
      const store = begin().open()
      store.append([entry('a', 7, 's1'), entry('b', 0, 's2'), { log: 'b', position: 9 }, entry('a', 0, 's3')])
      expect(heldOf(store)).toEqual({ [store.log]: 0, a: 7, b: 9 })
    })

    test('[RP6] replays the changes of its own log, so that a peer can go on from its position', () => {
      const bench = begin()
      const store = bench.open()
      store.append([entry(store.log, 1, 's1'), entry(store.log, 2, 's2'), entry('b', 1, 's3')])
      store.append([entry(store.log, 3, 's1', 'ended')])
      for (const seen of [store, bench.open()])
        expect(changesOf(seen)).toEqual(['1 s1 ended', '2 s2 active', '3 s1 ended'])
    })

    test('keeps a bounded tail of its own log, and positions go on from its end', () => {
      const bench = begin(10)
      const store = bench.open()
      for (let position = 1; position <= 20_000; position += 100) {
        store.append(Array.from({ length: 100 }, (_, index) => entry(store.log, position + index, 's1')))
      }
      const again = bench.open()
      const kept = changesOf(again)
      expect(kept.length).toBeGreaterThanOrEqual(5)
      expect(kept.length).toBeLessThanOrEqual(10_000)
      expect(kept.at(-1)).toBe('20000 s1 active')
      expect(kept.at(-5)).toBe('19996 s1 active')
      expect(heldOf(again)).toEqual({ [store.log]: 20_000 })
    })

    test('never takes a position of its own log twice, not even after a crash', () => {
      const bench = begin()
      const store = bench.open()
      store.append([entry(store.log, 1, 's1'), entry(store.log, 2, 's2')])
      expect(() => store.append([entry(store.log, 2, 's3')])).toThrow('used once')
      expect(() => bench.open().append([entry(store.log, 1, 's3')])).toThrow('used once')
      expect(recordsOf(bench.open())).toEqual(['session s1 active', 'session s2 active'])
    })

    test('[RP2] keeps all of an append or nothing, and tells when there is no room', () => {
      const bench = begin()
      const store = bench.open()
      store.append([entry(store.log, 1, 's1')])
      bench.fill(store)
      const many = Array.from({ length: 5_000 }, (_, index) => entry(store.log, index + 2, `s${index + 2}`))
      expect(store.append(many)).toMatchObject({ ok: false, error: { code: 'full' } })
      expect(() => store.append([entry(store.log, 2, 's2')])).toThrow('takes nothing more')
      const again = bench.open()
      expect(recordsOf(again)).toEqual(['session s1 active'])
      expect(heldOf(again)).toEqual({ [store.log]: 1 })
    })

    test('[RP4] begins its log anew with all records, no change and no position, and keeps to that over a crash', () => {
      const bench = begin()
      const store = bench.open()
      store.append([entry(store.log, 1, 's1'), entry('b', 7, 's2')])
      store.append([entry(store.log, 2, 's3'), { log: 'a/anew', position: 0, begins: true }, entry('a/anew', 1, 's4')])
      expect(store.log).toBe('a/anew')
      expect(() => store.append([entry('a/anew', 1, 's5')])).toThrow('used once')
      for (const seen of [store, bench.open()]) {
        expect(seen.log).toBe('a/anew')
        expect(recordsOf(seen)).toEqual(['s1', 's2', 's3', 's4'].map((name) => `session ${name} active`))
        expect(changesOf(seen)).toEqual(['1 s4 active'])
        expect(heldOf(seen)).toEqual({ 'a/anew': 1 })
      }
      expect(bench.open().append([entry('a/anew', 2, 's5')])).toMatchObject({ ok: true })
    })

    test('[BT8] keeps the topology that it was given last, and positions are not moved by it', () => {
      const bench = begin()
      const store = bench.open()
      const topology = (epoch: number): Topology => ({ epoch, enterprise: 'test' }) as Topology
      store.append([{ log: store.log, position: 0, topology: topology(2) }])
      store.append([entry(store.log, 1, 's1'), { log: store.log, position: 0, topology: topology(3) }])
      const kept = bench
        .open()
        .replay()
        .flatMap((seen) => (seen.topology === undefined ? [] : [seen.topology]))
      expect(kept).toEqual([topology(3)])
      expect(heldOf(store)).toEqual({ [store.log]: 1 })
    })
  })
}
