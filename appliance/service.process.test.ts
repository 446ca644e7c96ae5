/** Real processes: agents are served through databases that die. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TestAgent } from './testing/client.ts'
import { planEnterprise, type TestEnterprise } from './testing/enterprise.ts'
import { ApplianceId } from '#shared/ids.ts'

describe('two databases and a service appliance', () => {
  let enterprise: TestEnterprise
  let agent: TestAgent
  let used: string
  let other: string
  let ticket: string

  beforeAll(async () => {
    enterprise = await planEnterprise({ a: { role: 'database' }, b: { role: 'database' }, s: { role: 'service' } })
    await enterprise.startAll('a', 'b', 's')
    await enterprise.until('a', 'in step', ({ state, peers }) => state === 'serving' && peers[0]?.inStep === true)
    await enterprise.until('b', 'in step', ({ state, peers }) => state === 'serving' && peers[0]?.inStep === true)
    used = (await enterprise.until('s', 'serves', ({ state }) => state === 'serving')).affinity ?? ''
    other = used === 'a' ? 'b' : 'a'
    agent = await TestAgent.dial(enterprise, 's', 'pc-1')
  })

  afterAll(async () => {
    agent[Symbol.dispose]()
    await enterprise[Symbol.asyncDispose]()
  })

  test('a login is acknowledged by both databases, and both hold the session', async () => {
    const accepted = await agent.login('s1')
    ;({ ticket } = accepted)
    expect(accepted.replicated).toBe('both')
    for (const database of ['a', 'b']) {
      expect(await enterprise.sessions(database)).toEqual([
        { session: 's1', user: 'anna', agent: 'pc-1', state: 'active', appliance: 's' },
      ])
    }
  })

  test('[SP6] a wrong password is an answer', async () => {
    const answer = await agent.ask({ type: 'login', session: 's2', user: 'anna', password: 'wrong' })
    expect(answer).toMatchObject({ type: 'rejected', reason: 'bad-credential' })
    const unknown = await agent.ask({ type: 'login', session: 's2', user: 'nobody', password: 'wrong' })
    expect(unknown).toMatchObject({ type: 'rejected', reason: 'bad-credential' })
  })

  test('[LO3] a session opened through one appliance resumes on another without a login', async () => {
    using there = await TestAgent.dial(enterprise, other, 'pc-1', ['s1'])
    const answer = await there.ask({ type: 'resume', session: 's1', ticket })
    expect(answer).toMatchObject({ type: 'resumed', state: 'active', replicated: 'both' })
    expect(await agent.ask({ type: 'resume', session: 's1', ticket })).toMatchObject({ type: 'resumed' })
  })

  test('[LO5] a session that nobody knows is rejected as such', async () => {
    const answer = await agent.ask({ type: 'resume', session: 'unheard', ticket })
    expect(answer).toMatchObject({ type: 'rejected', reason: 'unknown-session' })
  })

  test('[SV2] the service appliance moves when its database is killed, and its agent keeps link and session', async () => {
    await enterprise.kill(used)
    expect(await agent.ask({ type: 'lock', session: 's1', ticket })).toMatchObject({
      type: 'locked',
      replicated: 'one',
    })
    await enterprise.until('s', 'moved', ({ affinity, state }) => affinity === other && state === 'serving')
    expect(agent.closed).toBeNull()
  })

  test('a database that comes back empty catches up before it serves', async () => {
    await enterprise.start(used)
    await enterprise.until(used, 'serves', ({ state }) => state === 'serving')
    expect(await enterprise.sessions(used)).toMatchObject([{ session: 's1', state: 'locked' }])
    await enterprise.until(other, 'in step', ({ peers }) => peers[0]?.inStep === true)
    const answer = await agent.ask({ type: 'unlock', session: 's1', ticket, user: 'anna', password: 'wrong' })
    expect(answer).toMatchObject({ type: 'rejected' })
  })

  test('[SV3] with no database it closes its agents links and is unavailable to new ones', async () => {
    await enterprise.kill('a')
    await enterprise.kill('b')
    await enterprise.until(
      's',
      'unavailable',
      ({ state, reason }) => state === 'unavailable' && reason === 'no-database',
    )
    expect((await enterprise.call('s', 'GET', '/health')).status).toBe(503)
    using late = await TestAgent.dial(enterprise, 's', 'pc-2')
    expect(late.first).toMatchObject({ type: 'unavailable', reason: 'no-database' })
    expect(agent.closed).toBe('unavailable')
  })
})

test('[SV1] a locked affinity holds, and without its database there is none', async () => {
  await using enterprise = await planEnterprise({
    a: { role: 'database' },
    b: { role: 'database' },
    s: { role: 'service', affinityLock: ApplianceId('b') },
  })
  await enterprise.startAll('a', 'b', 's')
  await enterprise.until('s', 'serves', ({ state, affinity }) => state === 'serving' && affinity === 'b')
  await enterprise.kill('b')
  await enterprise.until('s', 'unavailable', ({ state }) => state === 'unavailable')
  await enterprise.until('a', 'serves', ({ state }) => state === 'serving')
  expect(await enterprise.status('s')).toMatchObject({ affinity: null, affinityLock: 'b' })
})
