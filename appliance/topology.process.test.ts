/** Real processes: an edited topology on its way, and an appliance that it leaves out. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TestAgent } from './testing/client.ts'
import { planEnterprise, type TestEnterprise, waitFor } from './testing/enterprise.ts'
import { type Topology } from '#shared/topology/model.ts'

describe('an edited topology', () => {
  let enterprise: TestEnterprise
  const agents: TestAgent[] = []
  let ticket: string

  function edited(changes: Partial<Topology>): Omit<Topology, 'epoch'> {
    const { epoch: _, ...rest } = { ...enterprise.topology, ...changes }
    return rest
  }

  beforeAll(async () => {
    enterprise = await planEnterprise({ a: { role: 'database' }, b: { role: 'database' }, s: { role: 'service' } })
    await enterprise.startAll('a', 'b', 's')
    for (const id of ['a', 'b', 's']) {
      await enterprise.until(
        id,
        'connected',
        ({ state, peers }) => state === 'serving' && peers.some(({ connected }) => connected),
      )
      agents.push(await TestAgent.dial(enterprise, id, `pc at ${id}`))
    }
  })

  afterAll(async () => {
    for (const agent of agents) agent[Symbol.dispose]()
    await enterprise[Symbol.asyncDispose]()
  })

  test('[BT4] is pushed on the open link of every agent', async () => {
    const answer = await enterprise.call('a', 'POST', '/topology', edited({ enterprise: 'renamed' }))
    expect(answer).toEqual({ status: 200, body: { epoch: 2 } })
    for (const agent of agents) {
      await waitFor('push', () => agent.received.some(({ type }) => type === 'topology.changed'))
      expect(agent.received.at(-1)).toMatchObject({ topology: { epoch: 2, enterprise: 'renamed' } })
    }
  })

  test('is refused with the field that is wrong, on a service appliance, and without the token', async () => {
    const wrong = await enterprise.call('a', 'POST', '/topology', { ...edited({}), sites: 'none' })
    expect(wrong).toMatchObject({ status: 400, body: { error: { code: 'malformed' } } })
    expect(JSON.stringify(wrong.body)).toContain('/sites')
    expect(await enterprise.call('a', 'POST', '/topology', edited({ appliances: [] }))).toMatchObject({
      status: 400,
      body: { error: { code: 'invalid', text: 'there is no database' } },
    })
    expect((await enterprise.call('s', 'POST', '/topology', edited({}))).status).toBe(409)
    const response = await fetch(`http://127.0.0.1:${enterprise.controlPort('a')}/status`)
    expect(response.status).toBe(401)
  })

  test('[BT6] leaves the session of a removed appliance alone, its resumption included', async () => {
    const [, , agent] = agents
    ticket = (await agent!.login('s1')).ticket
    const appliances = enterprise.topology.appliances.filter(({ id }) => id !== 's')
    expect(await enterprise.call('b', 'POST', '/topology', edited({ appliances }))).toMatchObject({ status: 200 })
    await enterprise.until('s', 'removed', ({ reason }) => reason === 'removed')
    expect(await agent!.ask({ type: 'lock', session: 's1', ticket })).toMatchObject({
      type: 'locked',
      replicated: 'both',
    })
    agent![Symbol.dispose]()
    using back = await TestAgent.dial(enterprise, 's', 'pc at s', ['s1'])
    expect(back.first).toMatchObject({ type: 'welcome' })
    expect(await back.ask({ type: 'resume', session: 's1', ticket })).toMatchObject({
      type: 'resumed',
      state: 'locked',
    })
  })

  test('[BT6] is unavailable to everybody else there', async () => {
    using stranger = await TestAgent.dial(enterprise, 's', 'pc-9')
    expect(stranger.first).toMatchObject({ type: 'unavailable', reason: 'removed' })
    expect(await enterprise.call('s', 'GET', '/health')).toEqual({
      status: 503,
      body: { state: 'unavailable', reason: 'removed' },
    })
  })

  test('[BT8] is refused while the other database is not connected', async () => {
    await enterprise.kill('b')
    await enterprise.until('a', 'alone', ({ peers }) => peers[0]?.connected === false)
    const answer = await enterprise.call('a', 'POST', '/topology', edited({}))
    expect(answer).toMatchObject({ status: 409, body: { error: { code: 'not-connected' } } })
    expect((await enterprise.status('a')).epoch).toBe(3)
  })
})
