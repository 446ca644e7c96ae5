/** Who comes in where the enterprise demands enrolment (SC4). Keys and signatures are told apart by their text. */
import { describe, expect, test } from 'vitest'
import { SmallWorld } from '../testing/small-world.ts'
import { hashOf, proofOf, type WorldAgent } from '../testing/world-agent.ts'

type Hello = { readonly key?: string; readonly token?: string; readonly proof?: string }

const appliances = ['a', 'b', 's'] as const

function standing(enrolment: 'demanded' | 'off' = 'demanded'): SmallWorld {
  const world = new SmallWorld({ a: { role: 'database' }, b: { role: 'database' }, s: { role: 'service' } })
  const topology = { ...world.topology, settings: { ...world.topology.settings, enrolment } }
  return world.startWith(topology, 'a', 'b').run(1_000).startWith(topology, 's')
}

function issue(world: SmallWorld, agent: string, token: string, at = 'a'): void {
  const call = world.beginAct(at, { op: 'issue-enrolment', agent, tokenHash: hashOf(token) })
  world.settle()
  expect(world.answers.get(call)).toEqual({ ok: true, replicated: 'both' })
}

function come(world: SmallWorld, appliance: string, agent: string, { key, token, proof }: Hello): WorldAgent {
  const come = world.agent(appliance, agent, [], null)
  const signed = proof ?? (key === undefined ? undefined : proofOf({ agent, publicKey: key }))
  come.hear({
    type: 'hello',
    versions: { min: 1, max: 1 },
    agent,
    epoch: 0,
    ...(signed === undefined ? {} : { proof: signed }),
    ...(token === undefined || key === undefined ? {} : { enrol: { token, publicKey: key } }),
  })
  return come
}

const heard = ({ first, closed }: WorldAgent) =>
  [first?.type === 'refused' ? first.reason : first?.type, closed] as const
const welcome = ['welcome', null]
const refused = (reason: string) => [reason, 'notEnrolled']

describe('an agent', () => {
  test.each(appliances)('[SC4] enrols once with its token at %s, and is known by its key everywhere', (appliance) => {
    const world = standing()
    issue(world, 'pc-1', 'token')
    expect(heard(come(world, appliance, 'pc-1', { key: 'k1', token: 'token' }))).toEqual(welcome)
    for (const other of appliances) expect(heard(come(world, other, 'pc-1', { key: 'k1' }))).toEqual(welcome)
    expect(come(world, 'b', 'pc-1', { key: 'k1' }).login('s1')).toBeTypeOf('string')
  })

  test.each(appliances)('[SC4] [SP6] without a key that is known is refused at %s, as an answer', (appliance) => {
    const world = standing()
    expect(heard(come(world, appliance, 'pc-1', {}))).toEqual(refused('not-enrolled'))
    expect(heard(come(world, appliance, 'pc-1', { key: 'k1' }))).toEqual(refused('not-enrolled'))
    expect(world.status(appliance).links).toBe(0)
  })

  test('[SC4] may use a token once, and its own only; another key gets nothing by it', () => {
    const world = standing()
    issue(world, 'pc-1', 'token')
    expect(heard(come(world, 's', 'pc-2', { key: 'k2', token: 'token' }))).toEqual(refused('bad-token'))
    expect(heard(come(world, 's', 'pc-1', { key: 'k1', token: 'guess' }))).toEqual(refused('bad-token'))
    expect(heard(come(world, 's', 'pc-1', { key: 'k1', token: 'token' }))).toEqual(welcome)
    expect(heard(come(world, 'a', 'pc-1', { key: 'thief', token: 'token' }))).toEqual(refused('bad-token'))
    expect(heard(come(world, 'a', 'pc-1', { key: 'k1', token: 'token' })), 'its first answer was lost').toEqual(welcome)
  })

  test('[SC4] that cannot sign with the key is refused, and uses up no token', () => {
    const world = standing()
    issue(world, 'pc-1', 'token')
    expect(heard(come(world, 's', 'pc-1', { key: 'k1', token: 'token', proof: 'forged' }))).toEqual(
      refused('bad-proof'),
    )
    expect(heard(come(world, 's', 'pc-1', { key: 'k1', token: 'token' }))).toEqual(welcome)
    expect(heard(come(world, 's', 'pc-1', { key: 'k1', proof: 'forged' }))).toEqual(refused('bad-proof'))
    const other = proofOf({ agent: 'pc-2', publicKey: 'k1' })
    expect(heard(come(world, 's', 'pc-1', { proof: other })), 'of another agent').toEqual(refused('bad-proof'))
  })

  test('[SC4] gets a new key with a new token, and the old one ends with that', () => {
    const world = standing()
    issue(world, 'pc-1', 'first')
    come(world, 's', 'pc-1', { key: 'k1', token: 'first' })
    issue(world, 'pc-1', 'second', 'b')
    expect(heard(come(world, 's', 'pc-1', { key: 'k1' })), 'until it is used').toEqual(welcome)
    expect(heard(come(world, 's', 'pc-1', { key: 'k9', token: 'first' }))).toEqual(refused('bad-token'))
    expect(heard(come(world, 's', 'pc-1', { key: 'k2', token: 'second' }))).toEqual(welcome)
    expect(heard(come(world, 'b', 'pc-1', { key: 'k1' }))).toEqual(refused('bad-proof'))
  })

  test('comes in as it says where nobody demands enrolment', () => {
    expect(heard(come(standing('off'), 's', 'pc-1', {}))).toEqual(welcome)
  })

  test('[SC3] that says more before it is welcome is out of order', () => {
    const world = standing()
    world.silent.add('a>s')
    world.silent.add('b>s')
    const agent = come(world, 's', 'pc-1', { key: 'k1' })
    agent.ask({ type: 'topology.get' })
    expect([agent.received, agent.closed]).toEqual([[], 'unexpected'])
  })

  test('[AU1] who was refused, enrolled and given a token is on record', () => {
    const world = standing()
    come(world, 's', 'pc-1', {})
    issue(world, 'pc-1', 'token')
    come(world, 's', 'pc-1', { key: 'k1', token: 'token' })
    const told = world.audit('b').map(({ kind, agent, detail }) => ({ kind, agent, detail }))
    expect(told).toEqual([
      { kind: 'denied', agent: 'pc-1', detail: 'hello: not-enrolled' },
      { kind: 'enrolment-issued', agent: 'pc-1', detail: undefined },
      { kind: 'enrolled', agent: 'pc-1', detail: undefined },
    ])
  })
})
