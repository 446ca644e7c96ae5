/** What an agent does about an appliance whose messages are good and out of their order (SC3). */
import { expect, it } from 'vitest'
import { type Script, script, sessionOf } from './agent-script.contract.ts'
import { sampleNetwork, sampleTopology } from '#shared/topology/sample.contract.ts'

const topology = sampleTopology([{ id: 'home', ranges: ['10.1.0.0/16'], appliances: ['h1', 'h2'] }])

function begun(): { agent: Script; bad: string; good: string } {
  const agent = script({ topology, network: sampleNetwork(['10.1.0.9']), primServer: 'h1.test', cached: true })
  agent.start()
  const bad = `${agent.status().pin?.appliance}.test`
  return { agent, bad, good: bad === 'h1.test' ? 'h2.test' : 'h1.test' }
}

it('[SC3] breaks off with an appliance whose answer is none, and asks the next', () => {
  const { agent, bad, good } = begun()
  agent.behave('confused', bad)
  const answer = agent.login()
  agent.elapse(30_000)
  expect(answer ?? agent.answer(1)).toMatchObject({ outcome: 'accepted', binding: { appliance: good.slice(0, 2) } })
  expect(agent.log.brokenOff).toEqual([`${bad} unexpected`])
})

it('[SC3] a session moves on when its appliance answers a lock with something else', () => {
  const { agent, bad, good } = begun()
  const session = sessionOf(agent.login())
  agent.behave('confused', bad)
  agent.lock(session)
  agent.elapse(30_000)
  expect(agent.log.brokenOff).toEqual([`${bad} unexpected`])
  expect(agent.status().sessions).toMatchObject([{ session, binding: { appliance: good.slice(0, 2) } }])
})

it.each([
  { type: 'unavailable', reason: 'no-database' },
  { type: 'busy', retryAfterMs: 1 },
] as const)('[SC3] breaks off with an appliance that says $type to nothing', (message) => {
  const { agent, bad } = begun()
  agent.login()
  agent.say(bad, message)
  expect(agent.log.brokenOff).toEqual([`${bad} unexpected`])
})

it('[SC3] an answer that comes late, or to nothing that was asked, is old news and harms nothing', () => {
  const { agent, bad } = begun()
  agent.login()
  agent.say(bad, { type: 'locked', request: 999, replicated: 'both' })
  expect(agent.log.brokenOff).toEqual([])
  expect(agent.status()).toMatchObject({ online: true, sessions: [{ state: 'active' }] })
})
