import { describe, expect, test } from 'vitest'
import { SmallWorld } from '../testing/small-world.ts'

const plan = { a: { role: 'database' }, b: { role: 'database' }, s: { role: 'service' } } as const

function standing(): SmallWorld {
  return new SmallWorld(plan).start('a', 'b').run(1_000).start('s')
}

describe('an edit of the topology', () => {
  test('[BT4] takes effect on every appliance with the next epoch', () => {
    const world = standing()
    expect(world.edit('a', world.topology)).toEqual({ ok: true, epoch: 2 })
    expect(world.edit('b', world.topology)).toEqual({ ok: true, epoch: 3 })
    expect(['a', 'b', 's'].map((id) => world.status(id).epoch)).toEqual([3, 3, 3])
  })

  test('[BT4] reaches an appliance that was away, when it comes back', () => {
    const world = standing().kill('s')
    world.edit('a', world.topology)
    world.start('s').run(1_000)
    expect(world.status('s').epoch).toBe(2)
  })

  test('[BT8] is refused while the other database is not connected, so that epochs never fork', () => {
    const world = standing().kill('b')
    expect(world.edit('a', world.topology)).toMatchObject({ ok: false, code: 'not-connected' })
    expect(world.status('a').epoch).toBe(1)
  })

  test('[BT8] does not take effect before the other database has it', () => {
    const world = standing()
    world.silent.add('b>a')
    const call = world.beginEdit('a', world.topology)
    world.run(4_999)
    expect(world.answers.get(call)).toBeUndefined()
    expect(world.status('a').epoch).toBe(1)
    world.run(1)
    expect(world.answers.get(call)).toMatchObject({ ok: false, code: 'not-known' })
  })

  test('[BT8] is answered as not known when the other database is lost before it answers', () => {
    const world = standing()
    world.silent.add('b>a')
    const call = world.beginEdit('a', world.topology)
    world.settle().kill('b')
    expect(world.answers.get(call)).toMatchObject({ ok: false, code: 'not-known' })
  })

  test('[BT8] of two on both databases at once, at most one takes effect', () => {
    const world = standing()
    const first = world.beginEdit('a', { ...world.topology, enterprise: 'of a' })
    const second = world.beginEdit('b', { ...world.topology, enterprise: 'of b' })
    world.run(10_000)
    const accepted = [first, second].filter((call) => world.answers.get(call)?.ok === true)
    expect(accepted.length).toBeLessThanOrEqual(1)
    expect(world.notes.filter(({ kind }) => kind === 'topology.conflict')).toEqual([])
    expect(world.status('a').epoch).toBe(world.status('b').epoch)
  })

  test('[BT8] waits for the one before it', () => {
    const world = standing()
    const first = world.beginEdit('a', world.topology)
    const second = world.beginEdit('a', world.topology)
    world.settle()
    expect([world.answers.get(first), world.answers.get(second)]).toMatchObject([
      { ok: true },
      { code: 'edit-under-way' },
    ])
  })

  test('takes effect at once where there is one database only', () => {
    const world = new SmallWorld({ a: { role: 'database' } }).start('a')
    expect(world.edit('a', world.topology)).toEqual({ ok: true, epoch: 2 })
  })

  test('[BT6] is not for an appliance that was removed', () => {
    const world = standing()
    const rest = { ...world.topology, appliances: world.topology.appliances.filter(({ id }) => id !== 'a') }
    expect(world.edit('a', rest)).toEqual({ ok: true, epoch: 2 })
    expect(world.edit('a', world.topology)).toMatchObject({ ok: false, code: 'removed' })
    expect(world.edit('b', rest)).toEqual({ ok: true, epoch: 3 })
  })
})
