/** Two databases that both served while they were apart, and meet again without a restart. */
import { describe, expect, test } from 'vitest'
import { ApplianceMachine } from './appliance.ts'
import { type ApplianceEvent, LinkId } from './events.ts'
import { planTopology } from '../testing/plan.ts'
import { SmallWorld } from '../testing/small-world.ts'
import { ApplianceId } from '#shared/ids.ts'
import { randomStream } from '#shared/random.ts'
import { type PeerMessage } from '#shared/wire/peer-link.schema.ts'

const plan = { a: { role: 'database' }, b: { role: 'database' }, s: { role: 'service' } } as const

/** Apart, with a session made at each; then they can reach each other, and no changes arrive until they are released. */
function meeting(): SmallWorld {
  const world = new SmallWorld(plan).start('a', 'b', 's').run(1_000)
  // Each holds something of the other's log, and goes on from there.
  for (const at of ['a', 'b']) world.agent(at, `first at ${at}`).login(`first at ${at}`)
  world.silent.add('a>b').add('b>a')
  world.sever((owner, other) => world.silent.has(`${owner}>${other}`)).run(5_000)
  for (const at of ['a', 'b']) world.agent(at, `pc at ${at}`).login(`made at ${at}`)
  world.holding.add('changes')
  world.silent.clear()
  return world.run(10_000)
}

test('[RP6] a database that reaches the other and is not reached serves nobody, and says what is the matter', () => {
  const topology = planTopology(plan)
  const options = { people: [], policies: { users: [], computers: [], computerPolicyOf: {} }, logName: 'b/1' }
  const machine = new ApplianceMachine({
    id: ApplianceId('b'),
    topology,
    random: randomStream('test', 'b'),
    ...options,
  })
  const step = (event: ApplianceEvent) => machine.step(event, { wireMs: 1, policyMs: 1, wallMs: 1 })
  const dials = step({ type: 'started', entries: [], incarnation: 'run 1' }).flatMap((effect) =>
    effect.type === 'dial' ? [effect.dial] : [],
  )
  const link = LinkId(1)
  step({ type: 'dial.opened', dial: dials[0] ?? 0, link })
  const welcome = { type: 'welcome', version: 1, appliance: 'a', epoch: 1, held: 0 } as const
  step({ type: 'peer.received', link, message: welcome })
  expect(machine.status()).toMatchObject({ state: 'unavailable', reason: 'catching-up' })
  expect(machine.status().advice.join()).toContain('database a can be reached, and does not reach this one')
  step({ type: 'peer.opened', link: LinkId(2), names: ['a.example'] })
  const hello = {
    type: 'hello.database',
    versions: { min: 1, max: 1 },
    appliance: 'a',
    epoch: 1,
    log: 'a/1',
    position: 3,
  }
  step({ type: 'peer.received', link: LinkId(2), message: hello as PeerMessage })
  expect(machine.status().advice).toEqual([])
})

describe('databases that meet again', () => {
  test('[RP6] one of them takes in nobody new until it has what the other had, and the other takes in everybody', () => {
    const world = meeting()
    expect(world.agent('b', 'pc-new').first).toEqual({ type: 'unavailable', reason: 'catching-up' })
    expect(world.agent('a', 'pc-new').first).toMatchObject({ type: 'welcome' })
    world.release()
    expect(world.agent('b', 'pc-new').first).toMatchObject({ type: 'welcome' })
  })

  test('[RP6, RP8] those whom a database serves are served on', () => {
    const world = meeting()
    expect(['a', 'b'].map((id) => world.status(id).state)).toEqual(['serving', 'serving'])
    const back = world.agent('b', 'pc at b', ['made at b'])
    expect(back.first).toMatchObject({ type: 'welcome' })
    expect(back.login('another')).toBeDefined()
  })

  test('[RP6] nobody is refused once the other is away again', () => {
    const world = meeting()
    world.kill('a').run(1)
    expect(world.agent('b', 'pc-new').first).toMatchObject({ type: 'welcome' })
  })

  test('[RP6] nobody is refused for what came after they had met', () => {
    const world = meeting()
    world.release().holding.add('changes')
    const late = world.agent('a', 'pc-late')
    late.begin({ type: 'login', session: 'late', user: 'anna', password: 'right' })
    world.settle()
    expect(world.agent('b', 'pc-new').first).toMatchObject({ type: 'welcome' })
  })

  test('[RP6] nobody is refused once the link is lost over which the rest would come', () => {
    const world = new SmallWorld(plan).start('a', 'b').run(1_000)
    const other = world.visitor('b', ['a.example'])
    const versions = { min: 1, max: 1 }
    other.send({ type: 'hello.database', versions, appliance: 'a', epoch: 1, log: 'a/0', position: 1_000 })
    expect(world.agent('b', 'pc-1').first).toMatchObject({ type: 'unavailable' })
    other.send({ type: 'snapshot.taken' })
    expect(other.closed).toBe('unexpected')
    expect(world.agent('b', 'pc-1').first).toMatchObject({ type: 'welcome' })
  })
})
