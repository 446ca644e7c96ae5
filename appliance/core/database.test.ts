import { describe, expect, test } from 'vitest'
import { Database } from './database.ts'
import { type DatabasePerson } from './directory.ts'
import { type ApplianceEffect } from './events.ts'
import { type StoreEntry } from './store.ts'
import { type Ask, type SessionRecord } from '#shared/wire/peer-link.schema.ts'

type Change = Extract<Ask, { op: 'change-session' }>

function database(entries: readonly StoreEntry[] = [], anna: Partial<DatabasePerson> = {}) {
  const effects: ApplianceEffect[] = []
  const left: string[] = []
  const made = new Database({
    origin: 'a',
    logName: 'a/1',
    people: [
      { user: 'anna', verifier: 'verifier of anna', version: 1, disabled: false, policy: 'default', ...anna },
      { user: 'gone', verifier: 'verifier of gone', version: 1, disabled: true, policy: 'default' },
    ],
    policies: { users: [], computers: [], computerPolicyOf: {} },
    entries,
    emit: (effect) => void effects.push(effect),
    left: (session, from) => void left.push(`${session} left ${from}`),
  })
  const open = (session: string, changes: Partial<Extract<Ask, { op: 'open-session' }>> = {}) =>
    made.decide(
      { op: 'open-session', session, user: 'anna', agent: 'pc-1', ticketHash: 't1', appliance: 'a', ...changes },
      1_000,
    )
  const change = (kind: Change['change'], session: string, changes: Partial<Change> = {}) =>
    made.decide(
      { op: 'change-session', change: kind, session, agent: 'pc-1', ticketHash: 't1', appliance: 'a', ...changes },
      1_000,
    )
  return { made, effects, left, open, change }
}

const refused = (reason: string) => ({ kind: 'answer', answer: { outcome: 'refused', reason } })

describe('a database', () => {
  test('logs each change and its audit record with the next positions, to be persisted', () => {
    const { made, effects, open, change } = database()
    expect(open('s1')).toMatchObject({ kind: 'change', user: 'anna', state: 'active', position: 2 })
    expect(change('lock', 's1')).toMatchObject({ state: 'locked', position: 4 })
    const persisted = effects.flatMap((effect) => (effect.type === 'persist' ? [effect.entry] : []))
    expect(persisted.map(({ log, position }) => [log, position])).toEqual([
      ['a/1', 1],
      ['a/1', 2],
      ['a/1', 3],
      ['a/1', 4],
    ])
    expect(made.ledger.log.end).toBe(4)
  })

  test('knows people by name, and hands out a verifier for strangers all the same', () => {
    const { made } = database()
    const find = (user: string) => made.decide({ op: 'find-user', agent: 'ws-1', user }, 1_000)
    expect(find('anna')).toMatchObject({ answer: { known: true, disabled: false, verifier: 'verifier of anna' } })
    expect(find('gone')).toMatchObject({ answer: { known: true, disabled: true } })
    expect(find('nobody')).toMatchObject({ answer: { known: false, verifier: 'verifier of anna' } })
  })

  test('opens a session again for the same user of the same agent, with both tickets good', () => {
    const { open, change } = database()
    open('s1')
    expect(open('s1', { ticketHash: 't2' })).toMatchObject({ kind: 'change', state: 'active' })
    expect(change('serve', 's1')).toMatchObject({ kind: 'change' })
    expect(change('serve', 's1', { ticketHash: 't2' })).toMatchObject({ kind: 'change' })
  })

  test('does not open a session that is of another user or agent', () => {
    const { open } = database()
    open('s1')
    expect(open('s1', { user: 'bert' })).toEqual(refused('wrong-user'))
    expect(open('s1', { agent: 'pc-2' })).toEqual(refused('wrong-user'))
  })

  test('never brings an ended session back, and answers a logout asked again as the first time', () => {
    const { open, change } = database()
    open('s1')
    change('end', 's1')
    expect(open('s1')).toEqual(refused('session-ended'))
    expect(change('serve', 's1')).toEqual(refused('session-ended'))
    expect(change('unlock', 's1', { user: 'anna' })).toEqual(refused('session-ended'))
    expect(change('end', 's1')).toMatchObject({ state: 'ended' })
  })

  test('lets only its own user unlock a session', () => {
    const { open, change } = database()
    open('s1')
    change('lock', 's1')
    expect(change('unlock', 's1', { user: 'bert' })).toEqual(refused('wrong-user'))
    expect(change('unlock', 's1', { user: 'anna' })).toMatchObject({ state: 'active' })
  })

  test('keeps a locked session locked when it is resumed elsewhere', () => {
    const { open, change } = database()
    open('s1')
    change('lock', 's1')
    expect(change('serve', 's1', { appliance: 'b' })).toMatchObject({ state: 'locked' })
  })

  test('[LO5] knows no session that has not arrived, none without its ticket, and none of another agent', () => {
    const { open, change } = database()
    open('s1')
    expect(change('serve', 's2')).toEqual(refused('unknown-session'))
    expect(change('serve', 's1', { ticketHash: 'guess' })).toEqual(refused('unknown-session'))
    expect(change('serve', 's1', { agent: 'pc-2' })).toEqual(refused('unknown-session'))
  })

  test('[LO5] knows a session with its ticket', () => {
    const { open, change } = database()
    open('s1')
    expect(change('serve', 's1')).toMatchObject({ kind: 'change', state: 'active' })
  })

  test('[BD2] moves one session of an agent and leaves its others where they are', () => {
    const { made, open, change, left } = database()
    open('s1')
    open('s2')
    change('serve', 's1', { appliance: 'b' })
    expect([...made.ledger.sessions.values()].map(({ session, appliance }) => `${session} at ${appliance}`)).toEqual([
      's1 at b',
      's2 at a',
    ])
    expect(left).toEqual(['s1 left a'])
  })

  test('merges what the other database made, and says which sessions left', () => {
    const { made, open, left } = database()
    open('s1')
    const value: SessionRecord = {
      ...[...made.ledger.sessions.values()][0]!,
      appliance: 'b',
      stamp: { wallMs: 2_000, counter: 0, origin: 'b' },
      made: { a: 1, b: 1 },
    }
    const theirs = { kind: 'session', value } as const
    made.ledger.apply('b/1', theirs, 1)
    made.ledger.apply('b/1', theirs, 1)
    expect(made.ledger.sessions.get('s1')?.appliance).toBe('b')
    expect(made.ledger.held('b/1')).toBe(1)
    expect(left).toEqual(['s1 left a'])
    open('s1')
    expect(made.ledger.sessions.get('s1')?.appliance, 'a later change of the slower clock').toBe('a')
  })

  test('is as before after a replay of its store', () => {
    const { effects, open, change } = database()
    open('s1')
    open('s2')
    change('end', 's1')
    const entries = effects.flatMap((effect) => (effect.type === 'persist' ? [effect.entry] : []))
    const again = database(entries)
    expect(again.made.ledger.log.end).toBe(6)
    expect([again.made.ledger.sessions.size, again.made.ledger.openSessions]).toEqual([2, 1])
    expect(again.open('s1')).toEqual(refused('session-ended'))
    expect(again.change('lock', 's2')).toMatchObject({ state: 'locked', position: 8 })
  })

  test('[RP5] has the merged record kept, not the version that came: `ended` stays final over a restart', () => {
    const { effects, made, open, change } = database()
    open('s1')
    change('end', 's1')
    const [ended] = made.ledger.sessions.values()
    const late: SessionRecord = { ...ended!, state: 'active', stamp: { wallMs: 9_000, counter: 0, origin: 'b' } }
    made.ledger.apply('b/1', { kind: 'session', value: late }, 1)
    const last = effects.findLast((effect) => effect.type === 'persist')
    expect(last?.entry).toMatchObject({ log: 'b/1', position: 1, record: { value: { state: 'ended' } } })
  })

  test('[RP6] reaches back over a restart as far as its store does', () => {
    const { effects, open } = database()
    for (const session of ['s1', 's2', 's3']) open(session)
    const entries = effects.flatMap((effect) => (effect.type === 'persist' ? [effect.entry] : []))
    const { log } = database(entries.slice(1)).made.ledger
    expect([log.reaches(0), log.reaches(1)]).toEqual([false, true])
    expect(log.after(1, 9).map(({ position }) => position)).toEqual([2, 3, 4, 5, 6])
  })
})

describe('enterprise data of a database', () => {
  const persisted = (effects: readonly ApplianceEffect[]): StoreEntry[] =>
    effects.flatMap((effect) => (effect.type === 'persist' ? [effect.entry] : []))
  const find = (made: Database, user: string) => made.decide({ op: 'find-user', agent: 'ws-1', user }, 1_000)

  test('a change takes effect at once, is logged, and is to be persisted', () => {
    const { made, effects } = database()
    expect(made.write({ kind: 'user', key: 'anna', fields: { disabled: true } }, 1_000)).toBe(1)
    expect(find(made, 'anna')).toMatchObject({ answer: { known: true, disabled: true } })
    expect(persisted(effects)).toMatchObject([{ log: 'a/1', position: 1, record: { kind: 'data' } }])
  })

  test('[RP5] a restart with another configuration undoes no change; what nobody changed is as configured now', () => {
    const { made, effects } = database()
    made.write({ kind: 'user', key: 'anna', fields: { disabled: true } }, 1_000)
    const again = database(persisted(effects), { disabled: false, verifier: 'another', policy: 'new' })
    expect(find(again.made, 'anna')).toMatchObject({ answer: { disabled: true, verifier: 'another' } })
    expect(again.made.ledger.data.find('user', 'anna')?.fields.policy?.value).toBe('new')
  })

  test('[RP5] who was deleted is unknown, over a restart with the configuration too', () => {
    const { made, effects } = database()
    made.write({ kind: 'user', key: 'anna', fields: null }, 1_000)
    for (const seen of [made, database(persisted(effects)).made]) {
      expect(find(seen, 'anna')).toMatchObject({ answer: { known: false } })
      expect([...seen.ledger.data.list('user')].map(({ key }) => key)).toEqual(['gone'])
    }
  })

  test('what a deleted user was given later is no user without a credential', () => {
    const { made } = database()
    made.write({ kind: 'user', key: 'anna', fields: null }, 1_000)
    made.write({ kind: 'user', key: 'anna', fields: { policy: 'p1' } }, 1_000)
    expect(find(made, 'anna')).toMatchObject({ answer: { known: false } })
    made.write({ kind: 'user', key: 'anna', fields: { credential: { verifier: 'v2', version: 7 } } }, 1_000)
    expect(find(made, 'anna')).toMatchObject({ answer: { known: true, disabled: false, verifier: 'v2', version: 7 } })
  })

  test('[CH5] policies are those of the records: a changed one counts with the next look', () => {
    const { made } = database()
    made.write({ kind: 'user', key: 'anna', fields: { policy: 'p1' } }, 1_000)
    made.write({ kind: 'user-policy', key: 'p1', fields: { challengeInactivityMinutes: 3 } }, 1_000)
    expect(find(made, 'anna')).toMatchObject({
      answer: { policy: { challengeInactivityMinutes: 3, offlineAuthentication: { allowed: true, days: 7 } } },
    })
    made.write({ kind: 'user-policy', key: 'p1', fields: { challengeInactivityMinutes: 4 } }, 1_000)
    made.write({ kind: 'computer', key: 'ws-1', fields: { policy: 'c1' } }, 1_000)
    made.write({ kind: 'computer-policy', key: 'c1', fields: { offlineAuthentication: 'forbidden' } }, 1_000)
    expect(find(made, 'anna')).toMatchObject({
      answer: { policy: { challengeInactivityMinutes: 4, offlineAuthentication: { allowed: false } } },
    })
  })

  test('[RP4] what brings nothing new is not persisted again', () => {
    const { made, effects } = database()
    const other = database().made
    other.write({ kind: 'user', key: 'anna', fields: { disabled: true } }, 1_000)
    const record = { kind: 'data', value: other.ledger.data.find('user', 'anna')! } as const
    made.ledger.apply('b/1', record, 1)
    const before = effects.length
    made.ledger.apply('b/1', record, 0)
    expect(effects.slice(before)).toEqual([])
  })
})
