import { describe, expect, test } from 'vitest'
import { SmallWorld } from '../testing/small-world.ts'
import { type WorldAgent } from '../testing/world-agent.ts'
import { type AuditRecord } from '#shared/wire/agent-link.schema.ts'

const plan = { a: { role: 'database' }, b: { role: 'database' }, s: { role: 'service' } } as const

function standing(): SmallWorld {
  return new SmallWorld(plan).start('a', 'b').run(1_000).start('s').run(1_000)
}

/** What a database keeps, by identity and without the order. */
function kept(world: SmallWorld, database: string): string[] {
  return world
    .audit(database)
    .map(({ source, incarnation, seq, kind, user, detail }) =>
      [kind, user ?? '', detail ?? '', source, incarnation, seq].join(' '),
    )
    .toSorted()
}

const told = (world: SmallWorld, database: string): string[] =>
  world.audit(database).map(({ kind, user, detail }) => [kind, user, detail].filter((word) => word).join(' '))

const records = (from: number, to: number, incarnation = 'q1'): AuditRecord[] =>
  Array.from({ length: to - from + 1 }, (_, index) => ({
    incarnation,
    seq: from + index,
    atMs: 1_000 + from + index,
    kind: 'offline-login',
    user: 'anna',
  }))

function upload(agent: WorldAgent, from: number, to: number, incarnation?: string): number | string | undefined {
  const answer = agent.ask({ type: 'audit', records: records(from, to, incarnation) })
  return answer?.type === 'audited' ? answer.seq : answer?.type
}

const seqs = (world: SmallWorld, database: string): number[] =>
  world.audit(database).flatMap(({ by, seq }) => (by === 'agent' ? [seq] : []))

describe('audit records of what was done', () => {
  test('[AU1] each act of a session leaves one on both databases, whichever appliance served it', () => {
    const world = standing()
    const agent = world.agent('s', 'pc-1')
    const ticket = agent.login('s1')
    const who = { session: 's1', ticket } as const
    agent.ask({ type: 'lock', ...who })
    agent.ask({ type: 'unlock', ...who, user: 'anna', password: 'right' })
    const there = world.agent('a', 'pc-1', ['s1'])
    there.ask({ type: 'resume', ...who, pause: 'coming-online' })
    there.ask({ type: 'unlock', ...who, user: 'anna', password: 'right' })
    there.ask({ type: 'pause', ...who, cause: 'inactivity' })
    there.ask({ type: 'unlock', ...who, user: 'bert', password: 'right' })
    there.ask({ type: 'logout', ...who })
    expect(told(world, 'a').toSorted()).toEqual(
      [
        'login anna',
        'lock anna',
        'unlock anna',
        'failover anna from s',
        'challenge anna coming-online',
        'unlock anna',
        'challenge anna inactivity',
        'unlock bert',
        'logout anna',
      ].toSorted(),
    )
    expect(kept(world, 'b')).toEqual(kept(world, 'a'))
  })

  test('[AU1] each denial leaves one, with its reason and without what was typed', () => {
    const world = standing()
    const agent = world.agent('s', 'pc-1')
    agent.ask({ type: 'login', session: 's1', user: 'anna', password: 'a wrong secret' })
    agent.ask({ type: 'login', session: 's1', user: 'gone', password: 'right' })
    agent.ask({ type: 'resume', session: 'unheard', ticket: 'guess' })
    expect(told(world, 'a').toSorted()).toEqual([
      'denied anna login: bad-credential',
      'denied gone login: disabled',
      'denied resume: unknown-session',
    ])
    expect(kept(world, 'b')).toEqual(kept(world, 'a'))
    expect(JSON.stringify(world.audit('a'))).not.toContain('secret')
  })

  test('[AU1] what is asked again, because its answer was lost, is recorded once', () => {
    const world = standing()
    const agent = world.agent('s', 'pc-1')
    agent.login('s1')
    const ticket = agent.login('s1')
    for (let time = 0; time < 2; time += 1) agent.ask({ type: 'lock', session: 's1', ticket })
    for (let time = 0; time < 2; time += 1) agent.ask({ type: 'resume', session: 's1', ticket })
    for (let time = 0; time < 2; time += 1) agent.ask({ type: 'logout', session: 's1', ticket })
    expect(told(world, 'a')).toEqual(['login anna', 'lock anna', 'logout anna'])
  })

  test('[AU1] a denial whose database was lost before it answered is recorded once', () => {
    const world = standing()
    const [first, second] = world.status('s').affinity === 'a' ? ['a', 'b'] : ['b', 'a']
    const agent = world.agent('s', 'pc-1')
    world.silent.add(`${first}>s`)
    const request = agent.begin({ type: 'resume', session: 'unheard', ticket: 'guess' })
    world.run(100).silent.clear()
    world.kill(first).run(100)
    expect(agent.answer(request)).toMatchObject({ type: 'rejected' })
    expect(told(world, second)).toEqual(['denied resume: unknown-session'])
  })

  test('[AU1] an edit of the topology leaves one, and each removal in it', () => {
    const world = standing()
    const rest = { ...world.topology, appliances: world.topology.appliances.filter(({ id }) => id !== 's') }
    world.edit('a', rest)
    expect(world.audit('a').map(({ kind, appliance, detail }) => [kind, appliance ?? detail])).toEqual([
      ['topology-edited', 'epoch 2'],
      ['appliance-removed', 's'],
    ])
    expect(kept(world, 'b')).toEqual(kept(world, 'a'))
  })

  test('[AU1] what only reads, and an edit that is refused, leave none', () => {
    const world = standing().kill('b')
    const agent = world.agent('a', 'pc-1')
    agent.ask({ type: 'refresh', epoch: 1 })
    expect(world.edit('a', world.topology)).toMatchObject({ ok: false })
    expect(world.audit('a')).toEqual([])
  })
})

describe('audit records that an agent uploads', () => {
  test.each(['a', 's'])('[AU1, OF5] are kept once each on both databases, through %s', (appliance) => {
    const world = standing()
    const agent = world.agent(appliance, 'pc-1')
    expect([upload(agent, 1, 3), upload(agent, 1, 3), upload(agent, 2, 5)]).toEqual([3, 3, 5])
    expect(seqs(world, 'a')).toEqual([1, 2, 3, 4, 5])
    expect(kept(world, 'b')).toEqual(kept(world, 'a'))
  })

  test('[AU1] are numbered by agent and by queue', () => {
    const world = standing()
    upload(world.agent('a', 'pc-1'), 1, 2)
    upload(world.agent('a', 'pc-2'), 1, 2)
    upload(world.agent('a', 'pc-1'), 1, 2, 'q2')
    expect(world.audit('a')).toHaveLength(6)
  })

  test('[OF5] after a gap are asked for from the last that is kept', () => {
    const world = standing()
    const agent = world.agent('a', 'pc-1')
    upload(agent, 1, 2)
    expect([upload(agent, 5, 6), upload(agent, 3, 6)]).toEqual([2, 6])
    const holed = records(7, 9).filter(({ seq }) => seq !== 8)
    expect(agent.ask({ type: 'audit', records: holed })).toMatchObject({ type: 'audited', seq: 7 })
    expect(seqs(world, 'a')).toEqual([1, 2, 3, 4, 5, 6, 7])
  })

  test('[AU1] are answered once the other database has them, or with replicationWait', () => {
    const world = standing()
    const agent = world.agent('a', 'pc-1')
    world.silent.add('a>b')
    const first = agent.begin({ type: 'audit', records: records(1, 2) })
    world.run(999)
    expect(agent.answer(first)).toBeUndefined()
    world.run(1)
    expect(agent.answer(first)).toMatchObject({ type: 'audited', seq: 2 })
  })

  test('[AU1] asked again are not answered before the other database has them either', () => {
    const world = standing()
    const agent = world.agent('a', 'pc-1')
    world.silent.add('a>b')
    agent.begin({ type: 'audit', records: records(1, 2) })
    const again = agent.begin({ type: 'audit', records: records(1, 2) })
    world.run(999)
    expect(agent.answer(again)).toBeUndefined()
  })

  test('[OF5] go on at another database that was cut off from the first, and are whole when the two meet', () => {
    const world = standing()
    world.silent.add('a>b').add('b>a')
    const here = world.agent('a', 'pc-1')
    here.begin({ type: 'audit', records: records(1, 3) })
    world.run(2_000)
    const there = world.agent('b', 'pc-1')
    there.begin({ type: 'audit', records: records(4, 6) })
    world.run(2_000)
    // Told of the gap, the agent begins with the same record again: it holds nothing older.
    const second = there.begin({ type: 'audit', records: records(4, 6) })
    world.run(2_000)
    expect(there.answer(second)).toMatchObject({ type: 'audited', seq: 6 })
    world.silent.clear()
    world.restart('b').run(3_000)
    expect(new Set(seqs(world, 'a'))).toEqual(new Set([1, 2, 3, 4, 5, 6]))
    expect(seqs(world, 'a')).toHaveLength(6)
    expect(kept(world, 'b')).toEqual(kept(world, 'a'))
  })

  test('[AU1] are as before after a restart, which continues the queue', () => {
    const world = standing()
    upload(world.agent('a', 'pc-1'), 1, 3)
    world.restart('a').run(3_000)
    expect(upload(world.agent('a', 'pc-1'), 3, 5)).toBe(5)
    expect(seqs(world, 'a')).toEqual([1, 2, 3, 4, 5])
  })
})
