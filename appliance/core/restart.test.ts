/** What an appliance has of its past when it starts with the store of an earlier process. */
import { expect, test } from 'vitest'
import { ApplianceMachine } from './appliance.ts'
import { Comparison } from './comparison.ts'
import { Database } from './database.ts'
import { type ApplianceEffect, type ApplianceEvent, LinkId } from './events.ts'
import { Replication } from './replication.ts'
import { type Store, type StoreEntry } from './store.ts'
import { createTimers } from './timers.ts'
import { memoryDisk } from '../shell/memory-store.ts'
import { planTopology } from '../testing/plan.ts'
import { ApplianceId } from '#shared/ids.ts'
import { randomStream } from '#shared/random.ts'
import { type Topology } from '#shared/topology/model.ts'

const first = planTopology({ a: { role: 'database' } })

/** An appliance that starts with `topology` in its configuration and `entries` in its store. */
function started(topology: Topology, entries: readonly StoreEntry[]) {
  const machine = new ApplianceMachine({
    id: ApplianceId('a'),
    topology,
    people: [],
    policies: { users: [], computers: [], computerPolicyOf: {} },
    random: randomStream('test', 'a'),
    logName: 'a/1',
  })
  const kept: StoreEntry[] = [...entries]
  const take = (event: ApplianceEvent): readonly ApplianceEffect[] => {
    const effects = machine.step(event, { wireMs: 0, policyMs: 0, wallMs: 0 })
    for (const effect of effects) if (effect.type === 'persist') kept.push(effect.entry)
    return effects
  }
  take({ type: 'started', entries, incarnation: 'run' })
  return { machine, kept, take }
}

test('[BT8] an epoch that it adopted outlives a restart, whatever its configuration says', () => {
  const before = started(first, [])
  before.take({ type: 'topology.edited', call: 1, topology: { ...first, enterprise: 'renamed' } })
  const after = started(first, before.kept)
  expect(after.machine.topology).toMatchObject({ epoch: first.epoch + 1, enterprise: 'renamed' })
})

test('[BT8] a newer configuration counts more than an older store', () => {
  const before = started(first, [])
  before.take({ type: 'topology.edited', call: 1, topology: { ...first, enterprise: 'renamed' } })
  const after = started({ ...first, epoch: 9, enterprise: 'configured' }, before.kept)
  expect(after.machine.topology).toMatchObject({ epoch: 9, enterprise: 'configured' })
})

/** A database over what `store` kept; what it persists goes there. */
function databaseOver(store: Store) {
  const sent: string[] = []
  const emit = (effect: ApplianceEffect): void => {
    if (effect.type === 'persist') store.append([effect.entry])
    if (effect.type !== 'send') return
    const { message } = effect
    const positions = message.type === 'changes' ? message.changes.map(({ position }) => position) : []
    sent.push([message.type, ...positions].join(' '))
  }
  const database = new Database({
    origin: 'a',
    logName: store.log,
    people: [],
    policies: { users: [], computers: [], computerPolicyOf: {} },
    entries: store.replay(),
    emit,
    left: () => {},
  })
  const { ledger } = database
  const replication = new Replication({
    ledger,
    timers: createTimers(emit),
    emit,
    waitMs: () => 1_000,
    comparison: new Comparison(ledger, emit),
    peerLog: () => null,
  })
  const open = (session: string): void => {
    database.decide(
      { op: 'open-session', session, user: 'anna', agent: 'pc-1', ticketHash: 't1', appliance: 'a' },
      1_000,
    )
  }
  return { replication, open, sent }
}

test('[RP6] a peer goes on from its position after a restart, without a snapshot', () => {
  const disk = memoryDisk('a')
  const before = databaseOver(disk.open())
  for (const session of ['s1', 's2', 's3']) before.open(session)
  const after = databaseOver(disk.open())
  after.replication.begin(LinkId(1), 1)
  expect(after.sent).toEqual(['changes 2 3 4 5 6'])
})

test('[RP6] a peer takes a snapshot after a restart where the store does not reach back to its position', () => {
  const disk = memoryDisk('a', 1)
  const before = databaseOver(disk.open())
  for (const session of ['s1', 's2', 's3', 's4']) before.open(session)
  const after = databaseOver(disk.open())
  after.replication.begin(LinkId(1), 1)
  expect(after.sent).toEqual(['snapshot'])
})
