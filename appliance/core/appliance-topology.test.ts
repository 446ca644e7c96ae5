/** What an appliance holds of the topology over a restart. */
import { expect, test } from 'vitest'
import { ApplianceMachine } from './appliance.ts'
import { type ApplianceEffect, type ApplianceEvent } from './events.ts'
import { type StoreEntry } from './store.ts'
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
  take({ type: 'started', entries })
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
