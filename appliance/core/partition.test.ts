/** Two databases that lose sight of each other, go on, and meet again. */
import { describe, expect, test } from 'vitest'
import { SmallWorld } from '../testing/small-world.ts'
import { type WorldAgent } from '../testing/world-agent.ts'

const plan = { a: { role: 'database' }, b: { role: 'database' } } as const

function pair(): SmallWorld {
  return new SmallWorld(plan).start('a', 'b').run(1_000)
}

/** Cuts the two apart, until each has heard of it. */
function part(world: SmallWorld): SmallWorld {
  world.silent.add('a>b').add('b>a')
  return world.run(2_000)
}

/** The links of before are lost and dialled anew. */
function heal(world: SmallWorld): SmallWorld {
  world.silent.clear()
  return world.restart('b').run(5_000)
}

/** Carries out a request however long it takes. */
function carryOut(world: SmallWorld, agent: WorldAgent, request: Parameters<WorldAgent['begin']>[0]): string {
  const number = agent.begin(request)
  world.run(2_000)
  return agent.answer(number)?.type ?? 'no answer'
}

const noted = (world: SmallWorld, kind: string): string[] =>
  world.notes.flatMap((note) => (note.kind === kind ? [note.appliance] : []))

describe('a partition', () => {
  test('[RP8] leaves both databases serving', () => {
    const world = part(pair())
    for (const id of ['a', 'b']) {
      const login = { type: 'login', session: `at ${id}`, user: 'anna', password: 'right' } as const
      expect(carryOut(world, world.agent(id, `pc at ${id}`), login)).toBe('login.accepted')
    }
    heal(world)
    expect(Object.keys(world.sessions('a')).toSorted()).toEqual(['at a', 'at b'])
    expect(world.sessions('b')).toEqual(world.sessions('a'))
  })

  test('[RP8] names every session that both sides changed, what stays and why, and no other', () => {
    const world = pair()
    const agent = world.agent('a', 'pc-1')
    const tickets = Object.fromEntries(['late', 'ended', 'alone'].map((session) => [session, agent.login(session)]))
    const request = (type: 'lock' | 'logout' | 'resume', session: string) =>
      ({ type, session, ticket: tickets[session] ?? '' }) as const
    part(world)
    const there = world.agent('b', 'pc-1')
    carryOut(world, agent, request('logout', 'ended'))
    carryOut(world, agent, request('lock', 'late'))
    carryOut(world, agent, request('lock', 'alone'))
    carryOut(world, there, request('resume', 'ended'))
    carryOut(world, there, request('lock', 'ended'))
    carryOut(world, there, request('resume', 'late'))
    heal(world)
    const told = (id: string): string[] =>
      world
        .database(id)
        .ledger.merges.map(
          ({ session, here, there: other, stays, why }) =>
            `${session}: ${here.state} by ${here.database}, ${other.state} by ${other.database}; ${stays}: ${why}`,
        )
        .toSorted()
    expect(told('a')).toEqual([
      'ended: ended by a, locked by b; here: ended is final',
      'late: locked by a, active by b; there: the later change',
    ])
    expect(told('b')).toEqual([
      'ended: locked by b, ended by a; there: ended is final',
      'late: active by b, locked by a; here: the later change',
    ])
    expect(new Set(noted(world, 'merge.apart'))).toEqual(new Set(['a', 'b']))
    expect(world.sessions('a')).toEqual({ late: 'active at b', alone: 'locked at a' })
    expect(world.sessions('b')).toEqual(world.sessions('a'))
  })

  test('[RP8] is not what one side changed after it had heard of the other', () => {
    const world = pair()
    const agent = world.agent('a', 'pc-1')
    const ticket = agent.login('s1')
    const there = world.agent('b', 'pc-1')
    for (const one of [there, agent, there]) one.ask({ type: 'resume', session: 's1', ticket })
    world.kill('b').start('b').run(3_000)
    expect([world.database('a').ledger.merges, world.database('b').ledger.merges]).toEqual([[], []])
  })
})

describe('content hashes', () => {
  const equal = (world: SmallWorld): unknown[] => ['a', 'b'].map((id) => world.status(id).equal)

  test('[RP7] are compared once everything is exchanged, and both databases say that they are equal', () => {
    const world = pair()
    world.agent('a', 'pc-1').login('s1')
    expect(equal(world)).toEqual([null, null])
    world.run(1_000)
    expect(equal(world)).toEqual([true, true])
    const { hash, peerHash } = world.status('a')
    expect(peerHash).toBe(hash)
    expect(hash).toBe(world.status('b').hash)
    expect(new Set(noted(world, 'replication.equal'))).toEqual(new Set(['a', 'b']))
  })

  test('[RP7] are not compared while something is on its way', () => {
    const world = pair()
    world.run(1_000)
    world.holding.add('changes')
    const agent = world.agent('a', 'pc-1')
    agent.begin({ type: 'login', session: 's1', user: 'anna', password: 'right' })
    world.run(60_000)
    expect(equal(world)).not.toContain(false)
    expect(world.status('a').equal).toBeNull()
    world.release().run(1_000)
    expect(equal(world)).toEqual([true, true])
  })

  test('[RP7] are equal again after a partition', () => {
    const world = part(pair())
    for (const id of ['a', 'b']) {
      const login = { type: 'login', session: `at ${id}`, user: 'anna', password: 'right' } as const
      carryOut(world, world.agent(id, `pc at ${id}`), login)
    }
    expect(world.status('a').hash).not.toBe(world.status('b').hash)
    heal(world)
    expect(equal(world)).toEqual([true, true])
  })

  test('[RP7] say so when two databases differ that have exchanged everything', () => {
    const world = pair()
    world.agent('a', 'pc-1').login('s1')
    // A database that took something for known that it does not have.
    const record = {
      kind: 'audit',
      value: { by: 'agent', source: 'pc-1', incarnation: 'q1', seq: 1, atMs: 1, kind: 'login' },
    } as const
    const visitor = world.visitor('a', ['b.example'])
    const versions = { min: 1, max: 1 }
    visitor.send({ type: 'hello.database', versions, appliance: 'b', epoch: 1, log: 'b/0', position: 0 })
    visitor.send({ type: 'snapshot', records: [record], last: true, position: 0 })
    world.restart('b').run(5_000)
    expect(equal(world)).toEqual([false, false])
    expect(noted(world, 'replication.unequal')).toContain('a')
  })
})
