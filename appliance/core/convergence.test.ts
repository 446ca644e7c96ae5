/** Two databases that change, are cut apart, restart and hear of things twice: what holds whatever happens. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Database } from './database.ts'
import { type StoreEntry } from './store.ts'
import { type DataChange, type ValuesOf } from '#shared/wire/enterprise-data.schema.ts'
import { type Ask } from '#shared/wire/peer-link.schema.ts'

const ids = ['a', 'b'] as const
type Id = (typeof ids)[number]
type Step =
  | { readonly kind: 'ask'; readonly at: Id; readonly ask: Ask }
  /** That one hears of up to `count` changes of the other, from `again` changes before where it is. */
  | { readonly kind: 'hear'; readonly at: Id; readonly again: number; readonly count: number }
  | { readonly kind: 'write'; readonly at: Id; readonly change: DataChange }
  | { readonly kind: 'snapshot'; readonly at: Id }
  | { readonly kind: 'restart'; readonly at: Id }

class Two {
  readonly ended = new Set<string>()
  readonly databases: Record<Id, Database>
  private readonly entries: Record<Id, StoreEntry[]> = { a: [], b: [] }
  private nowMs = 0

  constructor() {
    this.databases = { a: this.begin('a'), b: this.begin('b') }
  }

  take(step: Step): void {
    const { at } = step
    const here = this.databases[at]
    const there = this.databases[at === 'a' ? 'b' : 'a']
    // The clock of `b` is ahead, so that a later change is not always the one with the later time.
    this.nowMs += 1
    if (step.kind === 'ask') {
      const decided = here.decide(step.ask, at === 'a' ? this.nowMs : this.nowMs + 3)
      if (decided.kind === 'change' && decided.state === 'ended' && 'session' in step.ask) {
        this.ended.add(step.ask.session ?? '')
      }
    } else if (step.kind === 'write') here.write(step.change, at === 'a' ? this.nowMs : this.nowMs + 3)
    else if (step.kind === 'hear') {
      const held = here.ledger.held(there.ledger.logName)
      const from = Math.max(0, held - step.again)
      for (const { position, record } of there.ledger.log.after(from, step.again + step.count)) {
        if (position <= here.ledger.held(there.ledger.logName) + 1)
          here.ledger.apply(there.ledger.logName, record, position)
      }
    } else if (step.kind === 'snapshot') {
      for (const key of there.ledger.keys()) here.ledger.apply(there.ledger.logName, there.ledger.record(key), 0)
      here.ledger.apply(there.ledger.logName, undefined, there.ledger.log.end)
    } else this.databases[at] = this.begin(at)
  }

  meet(): void {
    for (const at of ids) this.take({ kind: 'hear', at, again: 0, count: 1_000 })
  }

  /** All that it holds, in one order. */
  content(at: Id): unknown[] {
    const database = this.databases[at]
    return [...database.ledger.keys()].toSorted().map((key) => {
      const record = database.ledger.record(key)
      if (record?.kind !== 'session') return record
      return record.value
    })
  }

  private begin(origin: Id): Database {
    const entries = this.entries[origin]
    return new Database({
      origin,
      logName: `${origin}/1`,
      people: [{ user: 'anna', verifier: 'v', version: 1, disabled: false, policy: 'default' }],
      policies: { users: [], computers: [], computerPolicyOf: {} },
      entries: [...entries],
      emit: (effect) => void (effect.type === 'persist' && entries.push(effect.entry)),
      left: () => {},
    })
  }
}

const at = fc.constantFrom(...ids)
const session = fc.constantFrom('s1', 's2', 's3')
const opening = fc.record({
  op: fc.constant('open-session' as const),
  session,
  user: fc.constant('anna'),
  agent: fc.constant('pc-1'),
  ticketHash: fc.constant('t'),
  appliance: at,
})
const changing = fc.record({
  op: fc.constant('change-session' as const),
  change: fc.constantFrom('lock', 'unlock', 'end', 'serve', 'pause'),
  session,
  agent: fc.constant('pc-1'),
  ticketHash: fc.constant('t'),
  appliance: at,
  user: fc.constant('anna'),
})
const upload = fc
  .record({ from: fc.integer({ min: 1, max: 6 }), count: fc.integer({ min: 1, max: 3 }) })
  .map(({ from, count }): Ask => ({
    op: 'keep-audit',
    agent: 'pc-1',
    records: Array.from({ length: count }, (_, index) => ({
      incarnation: 'q1',
      seq: from + index,
      atMs: from + index,
      kind: 'offline-login' as const,
      user: 'anna',
    })),
  }))
const fields: fc.Arbitrary<ValuesOf<'user'>> = fc.record(
  { disabled: fc.boolean(), policy: fc.constantFrom('p1', 'p2') },
  { requiredKeys: [], noNullPrototype: true },
)
const writing = fc
  .record({ key: fc.constantFrom('anna', 'bert'), fields: fc.option(fields) })
  .map((change): DataChange => ({ kind: 'user', ...change }))
const asked = fc.oneof({ weight: 3, arbitrary: opening }, { weight: 6, arbitrary: changing }, upload)
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 10, arbitrary: fc.record({ kind: fc.constant('ask' as const), at, ask: asked }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('write' as const), at, change: writing }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('hear' as const),
      at,
      again: fc.nat({ max: 3 }),
      count: fc.nat({ max: 4 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('snapshot' as const), at }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const), at }) },
)

function holdsAfter(check: (two: Two) => void): void {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const two = new Two()
      for (const one of steps) two.take(one)
      two.meet()
      check(two)
    }),
    { numRuns: 400, seed: 20_251 },
  )
}

describe('two databases that have met again', () => {
  test('[RP1, RP5, RP7] hold the same, and their hashes say so', () =>
    holdsAfter((two) => {
      expect(two.content('a')).toEqual(two.content('b'))
      expect(two.databases.a.ledger.hash).toBe(two.databases.b.ledger.hash)
    }))

  test('[SE1] never have a session back that ended on either, by merge, snapshot or restart', () =>
    holdsAfter(({ ended, databases }) => {
      for (const id of ids) {
        for (const name of ended) expect(databases[id].ledger.sessions.get(name)?.state).toBe('ended')
      }
    }))

  test('[RP4] are as before when they hear all of it again', () =>
    holdsAfter((two) => {
      const before = ids.map((id) => [two.content(id), two.databases[id].ledger.hash])
      for (const id of ids) two.take({ kind: 'hear', at: id, again: 1_000, count: 0 })
      for (const id of ids) two.take({ kind: 'snapshot', at: id })
      expect(ids.map((id) => [two.content(id), two.databases[id].ledger.hash])).toEqual(before)
    }))

  test('[AU1] list no audit record twice', () =>
    holdsAfter(({ databases }) => {
      for (const id of ids) {
        const listed = databases[id].ledger.audit(0, 1_000).map((one) => `${one.source} ${one.incarnation} ${one.seq}`)
        expect(new Set(listed).size).toBe(listed.length)
      }
    }))
})

test('[RP7] differ in their hashes when one record differs', () => {
  const two = new Two()
  const open = (at: Id, name: string): void => {
    const ask: Ask = { op: 'open-session', session: name, user: 'anna', agent: 'pc-1', ticketHash: 't', appliance: 'a' }
    two.take({ kind: 'ask', at, ask })
  }
  const hashes = (): string[] => ids.map((id) => two.databases[id].ledger.hash)
  expect(new Set(hashes()).size).toBe(1)
  open('a', 's1')
  expect(new Set(hashes()).size).toBe(2)
  two.meet()
  expect(new Set(hashes()).size).toBe(1)
  open('b', 's1')
  expect(new Set(hashes()).size).toBe(2)
})

test('[RP7] differ in their hashes when one field of enterprise data differs', () => {
  const two = new Two()
  const hashes = (): number => new Set(ids.map((id) => two.databases[id].ledger.hash)).size
  expect(hashes()).toBe(1)
  two.take({ kind: 'write', at: 'a', change: { kind: 'user', key: 'anna', fields: { policy: 'p1' } } })
  expect(hashes()).toBe(2)
  two.meet()
  expect(hashes()).toBe(1)
})
