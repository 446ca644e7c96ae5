import { describe, expect, test } from 'vitest'
import { SmallWorld } from '../testing/small-world.ts'
import { ApplianceId } from '#shared/ids.ts'

const plan = { a: { role: 'database' }, b: { role: 'database' }, s: { role: 'service' } } as const

function standing(seed?: string): SmallWorld {
  return new SmallWorld(plan, seed).start('a', 'b').run(1_000).start('s')
}

/** The affinity of `s` and the other database. */
function sides(world: SmallWorld): { used: string; other: string } {
  const used = world.status('s').affinity ?? 'none'
  return { used, other: used === 'a' ? 'b' : 'a' }
}

describe('the affinity of a service appliance', () => {
  test('[SV1] works through one database at a time and shows which', () => {
    const world = standing()
    const { used, other } = sides(world)
    expect(['a', 'b']).toContain(used)
    expect(world.dials.filter(({ from }) => from === 's')).toEqual([{ from: 's', to: used }])
    expect(world.status('s').peers).toContainEqual({ appliance: other, connected: false, inStep: false })
  })

  test('[SV1] first chooses uniformly at random (binomial, 400 draws, two-sided p below 1e-5 fails)', () => {
    let chosenA = 0
    for (let draw = 0; draw < 400; draw += 1) chosenA += standing(`seed ${draw}`).status('s').affinity === 'a' ? 1 : 0
    // 400 fair draws stray from 200 by more than 45 with a chance of 7e-6.
    expect(Math.abs(chosenA - 200)).toBeLessThanOrEqual(45)
  })

  test.each([['a'], ['b']])('[SV1] a locked affinity is used: %s', (lock) => {
    for (let draw = 0; draw < 8; draw += 1) {
      const locked = { ...plan, s: { role: 'service', affinityLock: ApplianceId(lock) } } as const
      const world = new SmallWorld(locked, `seed ${draw}`).start('a', 'b').run(1_000).start('s')
      expect(world.status('s')).toMatchObject({ affinity: lock, affinityLock: lock })
    }
  })

  test('[SV1] [SV3] a locked affinity whose database is lost means that there is none', () => {
    const locked = { ...plan, s: { role: 'service', affinityLock: ApplianceId('a') } } as const
    const world = new SmallWorld(locked).start('a', 'b').run(1_000).start('s')
    const agent = world.agent('s', 'pc-1')
    world.kill('a').run(10_000)
    expect(agent.closed).toBe('unavailable')
    expect(world.status('s')).toMatchObject({ state: 'unavailable', reason: 'no-database', affinity: null })
    expect(world.dials.filter(({ from, to }) => from === 's' && to === 'b')).toEqual([])
  })

  test('[SV2] moves to the other database by itself, and no agent loses its link or session', () => {
    const world = standing()
    const { used, other } = sides(world)
    const agent = world.agent('s', 'pc-1')
    const ticket = agent.login('s1')
    world.kill(used).run(100)
    expect(world.status('s')).toMatchObject({ state: 'serving', affinity: other })
    expect(agent.closed).toBeNull()
    expect(agent.ask({ type: 'lock', session: 's1', ticket })).toMatchObject({ type: 'locked' })
  })

  test('[SV2] stays with a database that answers, whatever becomes of the other', () => {
    const world = standing()
    const { used, other } = sides(world)
    world.kill(other).run(30_000)
    expect(world.status('s').affinity).toBe(used)
    expect(world.dials.filter(({ from }) => from === 's')).toHaveLength(1)
  })

  test('[SV2] asks the other database again what the lost one had not answered', () => {
    const world = standing()
    const { used, other } = sides(world)
    const agent = world.agent('s', 'pc-1')
    world.silent.add(`s>${used}`)
    const request = agent.begin({ type: 'login', session: 's1', user: 'anna', password: 'right' })
    world.run(1_000)
    expect(agent.answer(request)).toBeUndefined()
    world.kill(used).run(100)
    expect(agent.answer(request)).toMatchObject({ type: 'login.accepted', replicated: 'one' })
    expect(world.sessions(other)).toEqual({ s1: 'active at s' })
  })

  test('[SV2] a request that no database answers within the request timeout is answered unavailable', () => {
    const world = standing()
    const { used } = sides(world)
    const agent = world.agent('s', 'pc-1')
    world.silent.add(`s>${used}`)
    const request = agent.begin({ type: 'login', session: 's1', user: 'anna', password: 'right' })
    world.run(4_999)
    expect(agent.answer(request)).toBeUndefined()
    world.run(1)
    expect(agent.answer(request)).toMatchObject({ type: 'unavailable', reason: 'no-database' })
  })

  test('[SV3] with no database it says unavailable and closes its agents links', () => {
    const world = standing()
    const agent = world.agent('s', 'pc-1')
    world.kill('a').kill('b').run(100)
    expect(agent.closed).toBe('unavailable')
    const late = world.agent('s', 'pc-2')
    expect(late).toMatchObject({ first: { type: 'unavailable', reason: 'no-database' }, closed: 'unavailable' })
  })

  test('[SV3] the other database is tried within a bound when it swallows everything', () => {
    const world = standing()
    const { used, other } = sides(world)
    const agent = world.agent('s', 'pc-1')
    world.silent.add(`s>${other}`)
    world.kill(used).run(1_999)
    expect(agent.closed, 'within the bound its agents wait').toBeNull()
    world.run(2)
    expect(agent.closed).toBe('unavailable')
  })

  test('[SV3] serves again as soon as a database does', () => {
    const world = standing()
    world.kill('a').kill('b').run(5_000).start('b').run(5_000)
    expect(world.status('s')).toMatchObject({ state: 'serving', affinity: 'b' })
    expect(world.agent('s', 'pc-1').first).toMatchObject({ type: 'welcome' })
  })

  test('[SV1] leaves a database that a newer topology has removed', () => {
    const world = standing()
    const { used, other } = sides(world)
    const agent = world.agent('s', 'pc-1')
    const appliances = world.topology.appliances.filter(({ id }) => id !== used)
    world.edit(other, { ...world.topology, appliances })
    world.run(100)
    expect(world.status('s').affinity).toBe(other)
    expect(agent.closed).toBeNull()
  })
})
