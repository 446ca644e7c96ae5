/** Real processes with real files: a database is started on an older copy of its file, beside a living peer. */
import { copyFileSync, existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { TestAgent } from './testing/client.ts'
import { planEnterprise, type TestEnterprise } from './testing/enterprise.ts'

const databases = ['a', 'b'] as const
const suffixes = ['', '-wal'] as const
let enterprise: TestEnterprise

beforeAll(async () => {
  enterprise = await planEnterprise({ a: { role: 'database' }, b: { role: 'database' } })
})

afterAll(async () => {
  await enterprise[Symbol.asyncDispose]()
})

const fileOf = (id: string): string => join(enterprise.folder, `${id}.store`)

async function start(...ids: string[]): Promise<void> {
  await Promise.all(ids.map((id) => enterprise.start(id, { storeFile: fileOf(id) })))
  for (const id of databases) {
    await enterprise.until(id, 'in step', ({ state, peers }) => state === 'serving' && peers[0]?.inStep === true)
  }
}

async function login(at: string, ...sessions: string[]): Promise<string[]> {
  using agent = await TestAgent.dial(enterprise, at, `pc at ${at}`)
  const acks: string[] = []
  for (const session of sessions) acks.push((await agent.login(session)).replicated)
  return acks
}

test('[RP4, RP6] nothing is lost: it begins another log, and takes everything from its peer', async () => {
  await start('a', 'b')
  await login('b', 'in the copy')
  await enterprise.kill('b')
  for (const suffix of suffixes) {
    if (existsSync(fileOf('b') + suffix)) copyFileSync(fileOf('b') + suffix, `${fileOf('b')}.copy${suffix}`)
  }
  await start('b')
  const acks = await login('b', 's1', 's2', 's3')
  await login('a', 's4')
  expect(acks).toEqual(['both', 'both', 'both'])
  await enterprise.kill('b')
  for (const suffix of [...suffixes, '-shm']) rmSync(fileOf('b') + suffix, { force: true })
  for (const suffix of suffixes) {
    if (existsSync(`${fileOf('b')}.copy${suffix}`)) copyFileSync(`${fileOf('b')}.copy${suffix}`, fileOf('b') + suffix)
  }
  await start('b')
  expect(enterprise.process('b').lines.map(({ kind }) => kind)).toContain('log.begun-anew')
  expect(await login('b', 'after')).toEqual(['both'])
  for (const id of databases) {
    const held = (await enterprise.sessions(id)).map(({ session }) => session)
    expect(held.toSorted()).toEqual(['after', 'in the copy', 's1', 's2', 's3', 's4'])
    await enterprise.until(id, 'equal', ({ equal }) => equal === true)
  }
})
