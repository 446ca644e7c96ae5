/** Real processes: a database is lost for good under load, removed, and replaced, while people sign in. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TestAgent } from './testing/client.ts'
import { planEnterprise, type TestEnterprise, waitFor } from './testing/enterprise.ts'
import { LoginLoad } from './testing/login-load.ts'
import { type AuditListing } from './core/audit-trail.ts'
import { type Topology } from '#shared/topology/model.ts'

const perSecond = 200

const databases = (topology: Topology, ...ids: string[]): Omit<Topology, 'epoch'> => {
  const { epoch: _, ...rest } = topology
  return { ...rest, appliances: topology.appliances.filter(({ id }) => ids.includes(id)) }
}

describe('a database that is lost for good under load', () => {
  let enterprise: TestEnterprise
  let planned: Topology
  let load: LoginLoad

  beforeAll(async () => {
    enterprise = await planEnterprise({ a: { role: 'database' }, b: { role: 'database' }, c: { role: 'database' } })
    planned = enterprise.topology
    enterprise.topology = { ...databases(planned, 'a', 'b'), epoch: 1 }
    enterprise.loginRate = { burst: 1_000_000, perMinute: 60_000_000 }
    await enterprise.startAll('a', 'b')
    await enterprise.until('a', 'in step', ({ state, peers }) => state === 'serving' && peers[0]?.inStep === true)
    load = await LoginLoad.begin({ enterprise, appliance: 'a', links: 20, perSecond })
    await waitFor('sign-ins on both', () => load.both > 500)
  })

  afterAll(async () => {
    load.close()
    await enterprise[Symbol.asyncDispose]()
  })

  test('[ST8] is told by the one that is left, with what to do', async () => {
    await enterprise.kill('b')
    const { advice } = await enterprise.until('a', 'warns', ({ advice: told }) => told.length > 0)
    expect(advice.join()).toContain('database b is not connected')
    expect(advice.join()).toContain('remove it and add a replacement')
  })

  test('[RP9] is removed, and a fresh one becomes a full copy under 200 sign-ins a second', async () => {
    const removed = await enterprise.call('a', 'POST', '/topology', databases(planned, 'a'))
    expect(removed).toEqual({ status: 200, body: { epoch: 2 } })
    const added = await enterprise.call('a', 'POST', '/topology', databases(planned, 'a', 'c'))
    expect(added).toEqual({ status: 200, body: { epoch: 3 } })
    enterprise.topology = { ...databases(planned, 'a', 'c'), epoch: 3 }
    const before = load.both
    await enterprise.start('c')
    await enterprise.until('c', 'serves', ({ state }) => state === 'serving')
    await enterprise.until('a', 'in step', ({ peers }) => peers[0]?.inStep === true)
    await waitFor('sign-ins on both again', () => load.both > before + 500)
  })

  test('[RP7] the copy is as its original, and no sign-in failed', async () => {
    load.stop()
    await waitFor('every sign-in is answered', () => load.answers.length === load.sent)
    expect(load.sentPerSecond).toBeGreaterThan(0.95 * perSecond)
    const a = await enterprise.until('a', 'compared', ({ equal }) => equal !== null)
    const c = await enterprise.until('c', 'compared', ({ equal }) => equal !== null)
    expect([a.equal, c.equal, c.hash]).toEqual([true, true, a.hash])
    expect(new Set(load.answers)).toEqual(new Set(['both', 'one']))
    expect(await enterprise.sessions('c')).toHaveLength(load.answers.length)
  })

  test('[AU1] every sign-in and both edits are audit records on the copy, once each', async () => {
    const records: AuditListing[] = []
    for (let last = -1, after = 0; last !== after;) {
      last = after
      const { body } = await enterprise.call('c', 'GET', `/audit?after=${after}`)
      const page = body as { records: AuditListing[]; last: number }
      records.push(...page.records)
      after = page.last
    }
    const logins = records.flatMap(({ kind, session }) => (kind === 'login' ? [session] : []))
    expect(logins).toHaveLength(load.answers.length)
    expect(new Set(logins).size).toBe(logins.length)
    expect(records.filter(({ kind }) => kind === 'topology-edited')).toHaveLength(2)
    expect(records.filter(({ kind }) => kind === 'appliance-removed')).toMatchObject([{ appliance: 'b' }])
  })

  test('[RP9] when it comes back after all, it serves nobody', async () => {
    enterprise.topology = { ...databases(planned, 'a', 'b'), epoch: 1 }
    await enterprise.start('b')
    await enterprise.until('b', 'knows', ({ state, reason }) => state === 'unavailable' && reason === 'removed')
    using agent = await TestAgent.dial(enterprise, 'b', 'pc-1')
    expect(agent.first).toMatchObject({ type: 'unavailable', reason: 'removed' })
  })

  test('refuses what is no index, and has nothing to report of merges', async () => {
    expect(await enterprise.call('a', 'GET', '/audit?after=x')).toMatchObject({ status: 400 })
    expect(await enterprise.call('a', 'GET', '/merges')).toEqual({ status: 200, body: [] })
  })
})
