/** Real processes, keys and signatures: an agent that the enterprise knows, and those who say that they are it (SC4). */
import { randomBytes } from 'node:crypto'
import { type TLSSocket } from 'node:tls'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type AgentIdentity, agentIdentity } from '../agent/shell/agent-identity.ts'
import { TestAgent } from './testing/client.ts'
import { planEnterprise, type TestEnterprise, waitFor } from './testing/enterprise.ts'
import { AgentId } from '#shared/ids.ts'
import { type AgentMessage } from '#shared/wire/agent-link.schema.ts'

type Hello = Extract<AgentMessage, { type: 'hello' }>

let enterprise: TestEnterprise
const secret = randomBytes(32)
const seen: Hello[] = []

beforeAll(async () => {
  enterprise = await planEnterprise({ a: { role: 'database' }, b: { role: 'database' }, s: { role: 'service' } })
  const { topology } = enterprise
  enterprise.topology = { ...topology, settings: { ...topology.settings, enrolment: 'demanded' } }
  await enterprise.startAll('a', 'b', 's')
  for (const id of ['a', 'b']) {
    await enterprise.until(id, 'in step', ({ state, peers }) => state === 'serving' && peers[0]?.inStep === true)
  }
  await enterprise.until('s', 'serves', ({ state }) => state === 'serving')
})

afterAll(async () => {
  await enterprise[Symbol.asyncDispose]()
})

async function issue(agent: string): Promise<string> {
  const { status, body } = await enterprise.call('a', 'POST', '/enrolments', { agent })
  expect({ status, body }).toMatchObject({ status: 201, body: { replicated: 'both' } })
  return (body as { token: string }).token
}

/** Dials with what that identity would say, or what `change` makes of it. */
async function come(
  appliance: string,
  agent: string,
  identity: AgentIdentity | null,
  change: (hello: Hello) => Partial<Hello> = (hello) => hello,
): Promise<TestAgent> {
  const bare: Hello = { type: 'hello', versions: { min: 1, max: 1 }, agent, epoch: 0 }
  const more = (transport: TLSSocket): object => {
    const hello = identity === null ? bare : identity.signed(bare, transport)
    seen.push(hello)
    return change(hello)
  }
  return await TestAgent.dial(enterprise, appliance, agent, [], more)
}

async function outcome(coming: Promise<TestAgent>): Promise<string> {
  using agent = await coming
  const { first } = agent
  if (first?.type !== 'refused') return first?.type ?? String(agent.closed)
  await waitFor('closed', () => agent.closed !== null)
  return `${first.reason}, ${agent.closed}`
}

test('[SC4] nobody comes in without a key that the enterprise knows', async () => {
  for (const appliance of ['a', 'b', 's']) {
    expect(await outcome(come(appliance, 'pc-1', null))).toBe('not-enrolled, notEnrolled')
  }
  const stranger = agentIdentity(AgentId('pc-1'), randomBytes(32), 'guess')
  expect(await outcome(come('s', 'pc-1', stranger))).toBe('bad-token, notEnrolled')
})

test('[SC4] an agent enrols with its token, once, and is known everywhere by its key', async () => {
  const token = await issue('pc-1')
  const identity = agentIdentity(AgentId('pc-1'), secret, token)
  using agent = await come('s', 'pc-1', identity)
  expect(agent.first).toMatchObject({ type: 'welcome' })
  identity.welcomed()
  for (const appliance of ['a', 'b']) expect(await outcome(come(appliance, 'pc-1', identity))).toBe('welcome')
  expect(seen.at(-1), 'the token has gone').not.toHaveProperty('enrol')
  const thief = agentIdentity(AgentId('pc-1'), randomBytes(32), token)
  expect(await outcome(come('s', 'pc-1', thief))).toBe('bad-token, notEnrolled')
  const restarted = agentIdentity(AgentId('pc-1'), secret, token)
  expect(await outcome(come('b', 'pc-1', restarted)), 'the same enrolment file').toBe('welcome')
})

test('[SC4] a proof is worth nothing on another connection, for another agent, or under another key', async () => {
  const identity = agentIdentity(AgentId('pc-1'), secret, 'spent')
  identity.welcomed()
  await outcome(come('s', 'pc-1', identity))
  const { proof } = seen.at(-1) as Required<Hello>
  expect(proof).toBeTypeOf('string')
  expect(await outcome(come('s', 'pc-1', identity, (hello) => ({ ...hello, proof })))).toBe('bad-proof, notEnrolled')
  const asAnother = agentIdentity(AgentId('pc-2'), secret, 'spent')
  asAnother.welcomed()
  expect(await outcome(come('s', 'pc-1', asAnother))).toBe('bad-proof, notEnrolled')
  const otherKey = agentIdentity(AgentId('pc-1'), randomBytes(32), 'spent')
  otherKey.welcomed()
  expect(await outcome(come('s', 'pc-1', otherKey))).toBe('bad-proof, notEnrolled')
})

test('[SC4] a ticket in the hands of one who only knows the name of its agent is worth nothing', async () => {
  const identity = agentIdentity(AgentId('pc-1'), secret, 'spent')
  identity.welcomed()
  using owner = await come('s', 'pc-1', identity)
  const { ticket } = await owner.login('s1')
  expect(await outcome(come('s', 'pc-1', null))).toBe('not-enrolled, notEnrolled')
  expect(owner.closed, 'a link of the name alone does not replace the agent').toBeNull()
  expect(await owner.ask({ type: 'resume', session: 's1', ticket })).toMatchObject({ type: 'resumed' })
})

test('no token and no key that was shown is in a log', async () => {
  const token = await issue('pc-9')
  const identity = agentIdentity(AgentId('pc-9'), randomBytes(32), token)
  expect(await outcome(come('a', 'pc-9', identity))).toBe('welcome')
  const logs = JSON.stringify(['a', 'b', 's'].map((id) => enterprise.process(id).lines))
  const proofs = seen.flatMap(({ proof }) => proof ?? [])
  for (const shown of [token, ...proofs]) expect(logs).not.toContain(shown)
})
