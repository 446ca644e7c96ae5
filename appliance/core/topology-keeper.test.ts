import { describe, expect, test } from 'vitest'
import { planTopology } from '../testing/plan.ts'
import { type ApplianceEffect } from './events.ts'
import { createTopologyKeeper } from './topology-keeper.ts'
import { ApplianceId } from '#shared/ids.ts'
import { type Topology } from '#shared/topology/model.ts'

const first = planTopology({ a: { role: 'database' }, b: { role: 'database' } })
const next = (epoch: number, changes: Partial<Topology> = {}): Topology => ({ ...first, epoch, ...changes })

function keeper() {
  const effects: ApplianceEffect[] = []
  const made = createTopologyKeeper(ApplianceId('a'), next(3), (effect) => void effects.push(effect))
  const kinds = () => effects.flatMap((effect) => (effect.type === 'note' ? [effect.kind] : []))
  return { made, kinds }
}

describe('the topology keeper', () => {
  test.each([
    ['[BT8] takes a newer epoch', next(4), 'newer', 4, ['topology.taken']],
    ['[BT8] drops an older one', next(2, { enterprise: 'old' }), 'older', 3, []],
    [
      '[BT8] refuses and reports the same epoch with other content',
      next(3, { enterprise: 'other' }),
      'conflict',
      3,
      ['topology.conflict'],
    ],
    ['[BT8] does not mind the same epoch with the same content', next(3), 'same', 3, []],
  ])('%s', (_title, offered, offer, epoch, notes) => {
    const { made, kinds } = keeper()
    expect(made.offer(offered, 'b')).toBe(offer)
    expect(made.topology.epoch).toBe(epoch)
    expect(kinds()).toEqual(notes)
  })

  test('[BT8] compares content and not the order of fields', () => {
    const { made } = keeper()
    const shuffled = Object.fromEntries(Object.entries(next(3)).reverse()) as Topology
    expect(made.offer(shuffled, 'b')).toBe('same')
  })

  test('[BT6] remembers its last place once it is removed', () => {
    const { made } = keeper()
    expect(made.removed).toBe(false)
    made.offer(next(4, { appliances: first.appliances.filter(({ id }) => id !== 'a') }), 'b')
    expect(made.removed).toBe(true)
    expect(made.self).toMatchObject({ id: 'a', role: 'database', host: 'a.example' })
  })
})
