/** Real processes: a database is lost for good under load, removed, and replaced, while people sign in. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TestAgent } from './testing/client.ts'
import { planEnterprise, testPassword, type TestEnterprise, waitFor } from './testing/enterprise.ts'
import { type AuditListing } from './core/audit-trail.ts'
import { type Topology } from '#shared/topology/model.ts'

/** People who sign in at once, each again as soon as the last is answered. */
const peopleAtOnce = 8

/** Signs people in at an appliance until it is told to stop; every answer is kept. */
class Load {
  readonly answers: string[] = []
  private readonly done: Promise<unknown>
  private isOn = true

  constructor(agents: readonly TestAgent[]) {
    this.done = Promise.all(agents.map((agent, index) => this.signIn(agent, index)))
  }

  get both(): number {
    return this.answers.filter((answer) => answer === 'both').length
  }

  async stop(): Promise<void> {
    this.isOn = false
    await this.done
  }

  private async signIn(agent: TestAgent, index: number): Promise<void> {
    for (let session = 0; this.isOn; session += 1) {
      const login = { type: 'login', session: `s${index}-${session}`, user: 'anna', password: testPassword } as const
      const answer = await agent.ask(login)
      this.answers.push(answer.type === 'login.accepted' ? answer.replicated : JSON.stringify(answer))
    }
  }
}

const databases = (topology: Topology, ...ids: string[]): Omit<Topology, 'epoch'> => {
  const { epoch: _, ...rest } = topology
  return { ...rest, appliances: topology.appliances.filter(({ id }) => ids.includes(id)) }
}

describe('a database that is lost for good under load', () => {
  let enterprise: TestEnterprise
  let planned: Topology
  let load: Load
  const agents: TestAgent[] = []

  beforeAll(async () => {
    enterprise = await planEnterprise({ a: { role: 'database' }, b: { role: 'database' }, c: { role: 'database' } })
    planned = enterprise.topology
    enterprise.topology = { ...databases(planned, 'a', 'b'), epoch: 1 }
    await enterprise.startAll('a', 'b')
    await enterprise.until('a', 'in step', ({ state, peers }) => state === 'serving' && peers[0]?.inStep === true)
    for (let person = 0; person < peopleAtOnce; person += 1) {
      agents.push(await TestAgent.dial(enterprise, 'a', `pc-${person}`))
    }
    load = new Load(agents)
    await waitFor('sign-ins on both', () => load.both > 100)
  })

  afterAll(async () => {
    await load.stop()
    for (const agent of agents) agent[Symbol.dispose]()
    await enterprise[Symbol.asyncDispose]()
  })

  test('[ST8] is told by the one that is left, with what to do', async () => {
    await enterprise.kill('b')
    const { advice } = await enterprise.until('a', 'warns', ({ advice: told }) => told.length > 0)
    expect(advice.join()).toContain('database b is not connected')
    expect(advice.join()).toContain('remove it and add a replacement')
  })

  test('[RP9] is removed, and a fresh one becomes a full copy while people sign in', async () => {
    const removed = await enterprise.call('a', 'POST', '/topology', databases(planned, 'a'))
    expect(removed).toEqual({ status: 200, body: { epoch: 2 } })
    const added = await enterprise.call('a', 'POST', '/topology', databases(planned, 'a', 'c'))
    expect(added).toEqual({ status: 200, body: { epoch: 3 } })
    enterprise.topology = { ...databases(planned, 'a', 'c'), epoch: 3 }
    const before = load.both
    await enterprise.start('c')
    await enterprise.until('c', 'serves', ({ state }) => state === 'serving')
    await enterprise.until('a', 'in step', ({ peers }) => peers[0]?.inStep === true)
    await waitFor('sign-ins on both again', () => load.both > before + 100)
  })

  test('[RP7] the copy is as its original, and no sign-in failed', async () => {
    await load.stop()
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
