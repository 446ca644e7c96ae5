/** What an agent does that the enterprise does not know (SC4, SP6). */
import { expect, it } from 'vitest'
import { type Script, script, sessionOf } from './agent-script.contract.ts'
import { sampleNetwork, sampleTopology } from '#shared/topology/sample.contract.ts'

const topology = sampleTopology([
  { id: 'home', ranges: ['10.1.0.0/16'], appliances: ['h1', 'h2'], primary: 'away' },
  { id: 'away', ranges: ['10.2.0.0/16'], appliances: ['a1'] },
])
const hosts = ['h1.test', 'h2.test', 'a1.test']

function agentOf(cached = true): Script {
  return script({ topology, network: sampleNetwork(['10.1.0.9']), primServer: 'h1.test', cached })
}

it('[SC4] [SP6] takes a refusal for an answer: the login fails, and no other appliance is asked', () => {
  const agent = agentOf()
  agent.behave('refuses', ...hosts)
  agent.start()
  const before = agent.log.dialled.length
  expect(agent.login()).toMatchObject({ outcome: 'failed', code: 'not-enrolled' })
  expect(agent.log.dialled.length - before).toBe(1)
})

it('[SC4] a login that waits for the bootstrap hears of the refusal too', () => {
  const agent = agentOf(false)
  agent.behave('refuses', ...hosts)
  agent.start()
  expect(agent.login()).toMatchObject({ outcome: 'failed', code: 'not-enrolled' })
})

it('[SC4] a session that fails over to a refusal is offline, and rejoins once the agent is known', () => {
  const agent = agentOf()
  agent.start()
  const session = sessionOf(agent.login())
  agent.behave('refuses', ...hosts)
  agent.cutLinks(`${agent.status().sessions[0]?.binding?.appliance}.test`)
  expect(agent.status()).toMatchObject({ online: false, sessions: [{ session, moving: false, binding: null }] })
  agent.behave('serves', ...hosts)
  agent.elapse(600_000)
  expect(agent.status()).toMatchObject({ online: true, sessions: [{ session, state: 'active' }] })
})
