import { describe, expect, test } from 'vitest'
import { SmallWorld } from '../testing/small-world.ts'
import { type PeerMessage, type StoredRecord } from '#shared/wire/peer-link.schema.ts'

const versions = { min: 1, max: 1 }
const service: PeerMessage = { type: 'hello.service', versions, appliance: 's', epoch: 1 }
const database: PeerMessage = { type: 'hello.database', versions, appliance: 'b', epoch: 1, log: 'b/x', position: 0 }

function standing(): SmallWorld {
  const plan = { a: { role: 'database' }, b: { role: 'database' }, s: { role: 'service' } } as const
  return new SmallWorld(plan).start('a').run(1_000)
}

describe('the door for peers', () => {
  test.each([
    ['[SC1] takes in a service appliance under its name', ['s.example'], service, 'welcome', null],
    ['[SC1] takes in the other database under its name', ['b.example'], database, 'welcome', null],
    ['[SC1] looks at every name of a certificate', ['alias.example', 's.example'], service, 'welcome', null],
    ['[SC1] refuses a name that the topology does not have', ['x.example'], null, undefined, 'notAPeer'],
    ['[SC1] refuses a peer that says it is another', ['b.example'], service, undefined, 'notAPeer'],
    [
      '[SC1] refuses a service appliance that comes as a database',
      ['s.example'],
      { ...database, appliance: 's' },
      undefined,
      'notAPeer',
    ],
    [
      '[SC1] refuses one that is in the topology no more',
      ['s.example'],
      { ...service, appliance: 'old' },
      undefined,
      'notAPeer',
    ],
    [
      'tells a peer of another version',
      ['s.example'],
      { ...service, versions: { min: 2, max: 2 } },
      undefined,
      'versionUnsupported',
    ],
    ['wants a hello first', ['s.example'], { type: 'snapshot.taken' }, undefined, 'unexpected'],
  ] as const)('%s', (_title, names, message, first, closed) => {
    const visitor = standing().visitor('a', names)
    if (message !== null) visitor.send(message)
    expect(visitor.received[0]?.type).toBe(first)
    expect(visitor.closed).toBe(closed)
  })

  test('a service appliance has no business with a service appliance', () => {
    const visitor = standing().start('s').visitor('s', ['a.example'])
    expect(visitor.closed).toBe('unexpected')
  })

  test('a newer link of the same peer replaces the older one', () => {
    const world = standing()
    const older = world.visitor('a', ['s.example'])
    older.send(service)
    const newer = world.visitor('a', ['s.example'])
    newer.send(service)
    expect([older.closed, newer.closed]).toEqual(['replaced', null])
  })

  test('changes with a gap end the link, and those held already are acknowledged anew', () => {
    const world = standing()
    const visitor = world.visitor('a', ['b.example'])
    visitor.send(database)
    const session = (name: string): StoredRecord => ({
      kind: 'session',
      value: {
        session: name,
        user: 'anna',
        agent: 'pc-1',
        appliance: 'b',
        state: 'active',
        tickets: [],
        stamp: { wallMs: 1, counter: 0, origin: 'b' },
        made: { b: 1 },
      },
    })
    visitor.send({ type: 'changes', changes: [{ position: 1, record: session('s1') }] })
    visitor.send({
      type: 'changes',
      changes: [1, 2].map((position) => ({ position, record: session(`s${position}`) })),
    })
    const acknowledged = visitor.received.flatMap((message) =>
      message.type === 'acknowledged' ? [message.position] : [],
    )
    expect(acknowledged).toEqual([1, 2])
    visitor.send({ type: 'changes', changes: [{ position: 4, record: session('s4') }] })
    expect(visitor.closed).toBe('unexpected')
    expect(world.sessions('a')).toEqual({ s1: 'active at b', s2: 'active at b' })
  })

  test('[SP6] a database that catches up takes in no service appliance', () => {
    const world = new SmallWorld({ a: { role: 'database' }, b: { role: 'database' }, s: { role: 'service' } })
    world.silent.add('a>b')
    world.start('a')
    const visitor = world.visitor('a', ['s.example'])
    visitor.send(service)
    expect(visitor).toMatchObject({ received: [{ type: 'unavailable', reason: 'catching-up' }], closed: 'unavailable' })
  })

  test('[BT8] hands a newer topology to a peer with an older epoch, and takes one from a peer with a newer', () => {
    const world = standing()
    world.start('b').run(1_000)
    world.edit('a', { ...world.topology, enterprise: 'second' })
    const behind = world.visitor('a', ['s.example'])
    behind.send(service)
    expect(behind.received[1]).toMatchObject({ type: 'topology.changed', topology: { epoch: 2 } })
    behind.send({ type: 'topology.changed', topology: { ...world.topology, epoch: 7, enterprise: 'seventh' } })
    expect([world.status('a').epoch, world.status('b').epoch]).toEqual([7, 7])
    behind.send({ type: 'topology.changed', topology: { ...world.topology, epoch: 7, enterprise: 'other' } })
    expect(world.notes.filter(({ kind }) => kind === 'topology.conflict')).toHaveLength(1)
  })
})
