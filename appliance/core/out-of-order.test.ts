/** What appliances do about peers whose messages are good and out of their order (SC3). */
import { expect, test } from 'vitest'
import { SmallWorld } from '../testing/small-world.ts'
import { ApplianceId } from '#shared/ids.ts'
import { type PeerMessage } from '#shared/wire/peer-link.schema.ts'

function standing(): SmallWorld {
  const locked = { role: 'service', affinityLock: ApplianceId('a') } as const
  return new SmallWorld({ a: { role: 'database' }, b: { role: 'database' }, s: locked })
    .start('a', 'b')
    .run(1_000)
    .start('s')
}

const versions = { min: 1, max: 1 }
const welcome: PeerMessage = { type: 'welcome', version: 1, appliance: 'a', epoch: 1, held: 0 }
const unasked: readonly PeerMessage[] = [
  welcome,
  { type: 'unavailable', reason: 'stopping' },
  { type: 'hello.service', versions, appliance: 'a', epoch: 1 },
  { type: 'changes', changes: [] },
  { type: 'asked', request: 1, ask: { op: 'find-user', user: 'anna', agent: 'pc-1' } },
]

test.each(unasked)('[SC3] a service appliance leaves a database that says $type, and comes back', (message) => {
  const world = standing()
  const agent = world.agent('s', 'pc-1')
  const before = world.dials.length
  world.say('a', 's', message).run(5_000)
  expect(world.dials.slice(before)).toContainEqual({ from: 's', to: 'a' })
  expect(world.notes.map(({ text }) => text).join()).toContain(`unexpected ${message.type}`)
  expect(world.status('s')).toMatchObject({ state: 'serving', affinity: 'a' })
  expect(agent.closed).toBeNull()
})

test('[SC3] an answer that is none to what was asked is not believed, and the request is answered all the same', () => {
  const world = standing()
  const agent = world.agent('s', 'pc-1')
  world.silent.add('a>s')
  const number = agent.begin({ type: 'login', session: 's1', user: 'anna', password: 'right' })
  world.settle()
  world.silent.clear()
  world.say('a', 's', { type: 'answered', request: 1, answer: { outcome: 'recorded', lockedOut: false } }).run(5_000)
  expect(agent.answer(number)).toMatchObject({ type: 'login.accepted' })
  expect(world.notes.map(({ text }) => text).join()).toContain('unexpected answered')
})

test('[SC3] an answer to nothing that was asked is old news', () => {
  const world = standing()
  const before = world.dials.length
  world.say('a', 's', { type: 'answered', request: 999, answer: { outcome: 'recorded', lockedOut: false } }).run(5_000)
  expect(world.dials).toHaveLength(before)
})

test('[SC3] [RP2] nobody hears both of a change that the other database was not sent', () => {
  const world = standing()
  const agent = world.agent('a', 'pc-1')
  world.silent.add('a>b')
  const number = agent.begin({ type: 'login', session: 's1', user: 'anna', password: 'right' })
  world.settle()
  world.say('b', 'a', { type: 'acknowledged', position: 1_000_000 })
  expect(agent.answer(number)).toMatchObject({ type: 'login.accepted', replicated: 'one' })
  expect(world.notes.map(({ text }) => text).join()).toContain('unexpected acknowledged')
})
