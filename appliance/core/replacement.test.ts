/** A database that is lost for good, is removed, and gets a replacement. */
import { describe, expect, test } from 'vitest'
import { SmallWorld } from '../testing/small-world.ts'
import { type Topology } from '#shared/topology/model.ts'
import { ApplianceId } from '#shared/ids.ts'

const plan = { a: { role: 'database' }, b: { role: 'database' } } as const

function pair(): SmallWorld {
  return new SmallWorld(plan).start('a', 'b').run(1_000)
}

const without = (topology: Topology, id: string): Topology => ({
  ...topology,
  appliances: topology.appliances.filter((appliance) => appliance.id !== id),
})

/** With `c`, a database in the place of `a`. */
function withReplacement(topology: Topology, epoch: number): Topology {
  const [first] = topology.appliances
  const replacement = { ...first!, id: ApplianceId('c'), role: 'database' as const, host: 'c.example' }
  return { ...topology, epoch, appliances: [...topology.appliances.filter(({ id }) => id !== 'b'), replacement] }
}

const noted = (world: SmallWorld, kind: string): string[] =>
  world.notes.flatMap((note) => (note.kind === kind ? [`${note.appliance}: ${note.text}`] : []))

describe('the removal of a database', () => {
  test('[RP9] that is lost takes effect on the one that is left', () => {
    const world = pair().kill('b').run(1_000)
    expect(world.edit('a', without(world.topology, 'b'))).toEqual({ ok: true, epoch: 2 })
    expect(world.status('a')).toMatchObject({ state: 'serving', peers: [] })
  })

  test('[RP9] is the only edit that needs no agreement of the lost one', () => {
    const world = pair().kill('b').run(1_000)
    expect(world.edit('a', { ...world.topology, enterprise: 'renamed' })).toMatchObject({ code: 'not-connected' })
    expect(world.edit('a', withReplacement(world.topology, 2))).toMatchObject({ code: 'not-connected' })
  })

  test('[RP9] of one that is connected is agreed with it', () => {
    const world = pair()
    world.silent.add('b>a')
    const call = world.beginEdit('a', without(world.topology, 'b'))
    world.run(1_000)
    expect(world.answers.get(call)).toBeUndefined()
  })

  test('[ST8] is advised while it is lost, and the replacement until there is one', () => {
    const world = pair()
    expect(world.status('a').advice).toEqual([])
    world.kill('b').run(1_000)
    expect(world.status('a').advice.join()).toContain('remove it and add a replacement')
    world.edit('a', without(world.topology, 'b'))
    expect(world.status('a').advice.join()).toContain('add a second one')
  })
})

describe('a replacement', () => {
  function replaced(): SmallWorld {
    const world = pair()
    world.agent('a', 'pc-1').login('old')
    world.kill('b').run(1_000)
    world.edit('a', without(world.topology, 'b'))
    return world
  }

  test('[RP9] becomes a full copy, and changes are acknowledged on both again', () => {
    const world = replaced()
    expect(world.edit('a', withReplacement(world.topology, 2))).toEqual({ ok: true, epoch: 3 })
    world.startWith(withReplacement(world.topology, 3), 'c').run(3_000)
    expect(world.sessions('c')).toEqual({ old: 'active at a' })
    const answer = world.agent('c', 'pc-2').ask({ type: 'login', session: 'new', user: 'anna', password: 'right' })
    expect(answer).toMatchObject({ type: 'login.accepted', replicated: 'both' })
    world.run(1_000)
    expect(['a', 'c'].map((id) => world.status(id).equal)).toEqual([true, true])
    expect(world.status('a').advice).toEqual([])
  })

  test('[RP9] is unavailable until it is a full copy, while the other one serves', () => {
    const world = replaced()
    world.edit('a', withReplacement(world.topology, 2))
    world.holding.add('snapshot')
    world.startWith(withReplacement(world.topology, 3), 'c').run(10_000)
    expect(world.status('c')).toMatchObject({ state: 'unavailable', reason: 'catching-up' })
    const answer = world.agent('a', 'pc-2').ask({ type: 'login', session: 'new', user: 'anna', password: 'right' })
    expect(answer).toMatchObject({ type: 'login.accepted', replicated: 'one' })
    world.release().run(3_000)
    expect(world.status('c').state).toBe('serving')
    expect(world.sessions('c')).toEqual({ old: 'active at a', new: 'active at a' })
  })

  test('[RP9] that is not in the topology yet serves nobody, and catches up once it is', () => {
    const world = replaced()
    world.startWith(withReplacement(world.topology, 2), 'c').run(30_000)
    expect(world.status('c')).toMatchObject({ state: 'unavailable', reason: 'removed' })
    world.edit('a', withReplacement(world.topology, 2))
    world.run(30_000)
    expect(world.status('c').state).toBe('serving')
    expect(world.sessions('c')).toEqual({ old: 'active at a' })
  })
})

describe('a database that was removed while it was away', () => {
  test('[RP9] serves nobody once it reaches one that knows', () => {
    const world = pair().kill('b').run(1_000)
    world.edit('a', without(world.topology, 'b'))
    world.start('b').run(5_000)
    expect(world.status('b')).toMatchObject({ state: 'unavailable', reason: 'removed' })
    expect(world.agent('b', 'pc-1').first).toMatchObject({ type: 'unavailable', reason: 'removed' })
    expect(world.status('a').state).toBe('serving')
  })

  test('[RP9] lets go of the agents that it served alone, and names what only it has', () => {
    const world = pair()
    world.silent.add('a>b').add('b>a')
    const agent = world.agent('b', 'pc-1')
    agent.begin({ type: 'login', session: 's1', user: 'anna', password: 'right' })
    world.run(2_000)
    world.kill('a')
    world.silent.clear()
    world.startWith({ ...without(world.topology, 'b'), epoch: 2 }, 'a').run(5_000)
    expect(world.status('b')).toMatchObject({ state: 'unavailable', reason: 'removed' })
    expect(agent.closed).toBe('unavailable')
    expect(world.notes.find(({ kind }) => kind === 'database.fenced')?.data).toEqual({ unshared: ['s1'] })
  })

  test('[RP9] comes back with what it has when it is added again', () => {
    const world = pair()
    world.agent('b', 'pc-1').login('s1')
    world.kill('b').run(1_000)
    world.edit('a', without(world.topology, 'b'))
    world.restart('b').run(5_000)
    expect(world.edit('a', world.topology)).toEqual({ ok: true, epoch: 3 })
    world.run(30_000)
    expect(world.status('b').state).toBe('serving')
    expect(world.sessions('b')).toEqual({ s1: 'active at b' })
    expect(['a', 'b'].map((id) => world.status(id).equal)).toEqual([true, true])
  })
})

describe('a session that one database acknowledged alone', () => {
  const login = { type: 'login', session: 's1', user: 'anna', password: 'right' } as const

  test('[RP3] is named when it is, and not when both did', () => {
    const world = pair()
    const agent = world.agent('a', 'pc-1')
    agent.login('s0')
    expect(noted(world, 'acknowledged.one')).toEqual([])
    world.kill('b').run(1_000)
    agent.ask(login)
    expect(noted(world, 'acknowledged.one').join()).toContain('session s1')
  })

  test.each(['a', 'b'])('[RP3] by both survives the loss of %s and its store', (lost) => {
    const world = pair()
    const ticket = world.agent('a', 'pc-1').login('s1')
    world.kill(lost).run(1_000)
    const left = lost === 'a' ? 'b' : 'a'
    expect(world.agent(left, 'pc-1').ask({ type: 'resume', session: 's1', ticket })).toMatchObject({ type: 'resumed' })
  })

  test.each([
    ['comes back without its past', (world: SmallWorld) => world.start('b').run(3_000)],
    ['is removed', (world: SmallWorld) => (world.edit('a', without(world.topology, 'b')), world)],
  ])('[RP3] is named as lost when its agent comes, once that database %s', (_title, lose) => {
    const world = pair()
    world.agent('a', 'pc-0').login('s0')
    world.agent('b', 'pc-9').login('s9')
    world.silent.add('a>b').add('b>a')
    const agent = world.agent('b', 'pc-1')
    const request = agent.begin(login)
    world.run(2_000)
    const answer = agent.answer(request)
    const ticket = answer?.type === 'login.accepted' ? answer.ticket : ''
    world.kill('b')
    world.silent.clear()
    world.run(2_000)
    const resume = { type: 'resume', session: 's1', ticket } as const
    expect(world.agent('a', 'pc-1').ask(resume)).toMatchObject({ reason: 'unknown-session' })
    expect(noted(world, 'session.lost')).toEqual([])
    lose(world)
    expect(world.agent('a', 'pc-1').ask(resume)).toMatchObject({ reason: 'unknown-session' })
    expect(noted(world, 'session.lost').join()).toContain('session s1 of pc-1')
  })
})
