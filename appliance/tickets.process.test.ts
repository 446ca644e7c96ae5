/** Real processes: a ticket in the hands of another, and after a logout (SC4). */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { TestAgent } from './testing/client.ts'
import { planEnterprise, type TestEnterprise } from './testing/enterprise.ts'

let enterprise: TestEnterprise

beforeAll(async () => {
  enterprise = await planEnterprise({ a: { role: 'database' }, b: { role: 'database' }, s: { role: 'service' } })
  for (const id of ['a', 'b']) await enterprise.start(id, { storeFile: join(enterprise.folder, `${id}.sqlite`) })
  await enterprise.start('s')
  for (const id of ['a', 'b']) {
    await enterprise.until(id, 'in step', ({ state, peers }) => state === 'serving' && peers[0]?.inStep === true)
  }
  await enterprise.until('s', 'serves', ({ state }) => state === 'serving')
})

afterAll(async () => {
  await enterprise[Symbol.asyncDispose]()
})

const outcome = (answer: Awaited<ReturnType<TestAgent['ask']>>): string =>
  answer.type === 'rejected' ? answer.reason : answer.type

test.each(['a', 'b', 's'])('[SC4] a stolen ticket is refused at %s, and its owner is served', async (appliance) => {
  using owner = await TestAgent.dial(enterprise, appliance, 'pc-1')
  using thief = await TestAgent.dial(enterprise, appliance, 'pc-2')
  const session = `stolen at ${appliance}`
  const { ticket } = await owner.login(session)
  expect(outcome(await thief.ask({ type: 'resume', session, ticket }))).toBe('unknown-session')
  expect(outcome(await thief.ask({ type: 'logout', session, ticket }))).toBe('unknown-session')
  expect(outcome(await owner.ask({ type: 'lock', session, ticket }))).toBe('locked')
})

test('[SC4] after a logout that both databases have, the ticket is useless everywhere', async () => {
  using owner = await TestAgent.dial(enterprise, 's', 'pc-3')
  const { ticket } = await owner.login('left')
  expect(await owner.ask({ type: 'logout', session: 'left', ticket })).toMatchObject({ replicated: 'both' })
  for (const appliance of ['a', 'b', 's']) {
    using again = await TestAgent.dial(enterprise, appliance, 'pc-3')
    expect(outcome(await again.ask({ type: 'resume', session: 'left', ticket }))).toBe('session-ended')
  }
})

test('[SC4] no store holds a ticket', async () => {
  using owner = await TestAgent.dial(enterprise, 'a', 'pc-4')
  const { ticket } = await owner.login('kept')
  for (const id of ['a', 'b']) {
    const file = join(enterprise.folder, `${id}.sqlite`)
    const kept = [file, `${file}-wal`]
      .map((one) => readFileSync(one))
      .map((bytes) => bytes.toString('latin1'))
      .join('')
    expect(kept, 'the session is there').toContain('kept')
    expect(kept).not.toContain(ticket)
  }
})
