/** Real processes with real files: what outlives a SIGKILL, and what happens where a file cannot be used. */
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { TestAgent } from './testing/client.ts'
import { ended, planEnterprise, type Running, type TestEnterprise, waitFor } from './testing/enterprise.ts'
import { type ApplianceConfig } from '#shared/config.schema.ts'

const databases = ['a', 'b'] as const

async function exitOf({ child }: Running): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  return child.exitCode
}

function storeOf(enterprise: TestEnterprise, id: string): string {
  return join(enterprise.folder, `${id}.store`)
}

async function startBoth(enterprise: TestEnterprise): Promise<void> {
  await Promise.all(databases.map((id) => enterprise.start(id, { storeFile: storeOf(enterprise, id) })))
  for (const id of databases) {
    await enterprise.until(id, 'in step', ({ state, peers }) => state === 'serving' && peers[0]?.inStep === true)
  }
}

/** Signs in one session after the other until its link is lost; what was acknowledged, and how. */
class Load implements Disposable {
  readonly acknowledged = new Map<string, 'both' | 'one'>()
  asked = 0
  private readonly agent: TestAgent
  private readonly name: string

  private constructor(agent: TestAgent, name: string) {
    this.agent = agent
    this.name = name
  }

  static async begin(enterprise: TestEnterprise, appliance: string, name: string): Promise<Load> {
    const load = new Load(await TestAgent.dial(enterprise, appliance, name), name)
    void load.run()
    return load
  }

  private async run(): Promise<void> {
    while (this.agent.closed === null) {
      this.asked += 1
      const session = `${this.name}/${this.asked}`
      try {
        const { replicated } = await this.agent.login(session)
        this.acknowledged.set(session, replicated)
      } catch {
        return
      }
    }
  }

  [Symbol.dispose](): void {
    this.agent[Symbol.dispose]()
  }
}

describe('two databases with files', () => {
  let enterprise: TestEnterprise
  const acknowledged = new Map<string, 'both' | 'one'>()

  beforeAll(async () => {
    enterprise = await planEnterprise({ a: { role: 'database' }, b: { role: 'database' } })
    enterprise.loginRate = { burst: 1_000_000, perMinute: 60_000_000 }
    await startBoth(enterprise)
  })

  afterAll(async () => {
    await enterprise[Symbol.asyncDispose]()
  })

  /** Every session acknowledged so far is on both databases. */
  async function expectAll(): Promise<void> {
    for (const id of databases) {
      const held = new Set((await enterprise.sessions(id)).map(({ session }) => session))
      const missing = [...acknowledged.keys()].filter((session) => !held.has(session))
      expect(missing, `missing on ${id}`).toEqual([])
    }
  }

  test('[RP2] no acknowledged session is lost when both are killed at once while people sign in', async () => {
    const loads = await Promise.all(
      Array.from({ length: 12 }, (_, index) => Load.begin(enterprise, databases[index % 2] ?? 'a', `pc-${index}`)),
    )
    const count = (): number => loads.reduce((sum, load) => sum + load.acknowledged.size, 0)
    await waitFor(
      () => `acknowledgements, now ${count()}`,
      () => count() > 300,
    )
    await Promise.all(databases.map((id) => enterprise.kill(id)))
    for (const load of loads) {
      for (const [session, replicated] of load.acknowledged) acknowledged.set(session, replicated)
      load[Symbol.dispose]()
    }
    const asked = loads.reduce((sum, load) => sum + load.asked, 0)
    expect(asked, 'some were still under way').toBeGreaterThan(acknowledged.size)
    expect([...acknowledged.values()].filter((replicated) => replicated === 'both').length).toBeGreaterThan(300)
    await startBoth(enterprise)
    await expectAll()
  })

  test('[RP2] what one database alone acknowledged is there when it comes back, and then on the other', async () => {
    await enterprise.kill('b')
    using agent = await TestAgent.dial(enterprise, 'a', 'pc-1')
    for (const session of ['alone/1', 'alone/2']) {
      const { replicated } = await agent.login(session)
      acknowledged.set(session, replicated)
    }
    expect(acknowledged.get('alone/2')).toBe('one')
    await enterprise.kill('a')
    await startBoth(enterprise)
    await expectAll()
  })

  test('[BT8] an epoch that both hold outlives the end of both', async () => {
    const { epoch: _, ...topology } = enterprise.topology
    const answer = await enterprise.call('a', 'POST', '/topology', { ...topology, enterprise: 'renamed' })
    expect(answer).toEqual({ status: 200, body: { epoch: 2 } })
    await Promise.all(databases.map((id) => enterprise.kill(id)))
    await startBoth(enterprise)
    for (const id of databases) expect((await enterprise.status(id)).epoch).toBe(2)
  })

  test('[RP2] ends itself when there is no room, with nothing acknowledged that it could not keep', async () => {
    expect(await enterprise.call('a', 'POST', '/store/limit', { pages: 1 })).toEqual({ status: 200, body: {} })
    const loads = await Promise.all(['full-1', 'full-2'].map((name) => Load.begin(enterprise, 'a', name)))
    const running = enterprise.process('a')
    expect(await exitOf(running)).toBe(74)
    for (const load of loads) {
      for (const [session, replicated] of load.acknowledged) acknowledged.set(session, replicated)
      load[Symbol.dispose]()
    }
    expect(running.lines.at(-1)).toMatchObject({ kind: 'store.full' })
    expect(String(running.lines.at(-1)?.['msg'])).toContain(`there is no room for ${storeOf(enterprise, 'a')}`)
    await enterprise.until('b', 'alone', ({ state, peers }) => state === 'serving' && peers[0]?.connected === false)
  })

  test('is not started again before there is room, and then has all of it', async () => {
    const storeFile = storeOf(enterprise, 'a')
    const full = enterprise.spawn(['--config', await enterprise.configFile('a', { storeFile, storePagesMax: 1 })])
    expect(await exitOf(full)).toBe(74)
    await waitFor('told', () => full.lines.length > 0)
    expect(full.lines).toMatchObject([{ kind: 'store.refused', code: 'full' }])
    await enterprise.start('a', { storeFile })
    await enterprise.until('a', 'in step', ({ state, peers }) => state === 'serving' && peers[0]?.inStep === true)
    await enterprise.until('b', 'in step', ({ peers }) => peers[0]?.inStep === true)
    await expectAll()
  })

  test('a second process cannot have the same file', async () => {
    const file = await enterprise.configFile('b', { storeFile: storeOf(enterprise, 'a') })
    const second = enterprise.spawn(['--config', file])
    expect(await exitOf(second)).toBe(69)
    await waitFor('told', () => second.lines.length > 0)
    expect(second.lines).toMatchObject([{ kind: 'store.refused', code: 'in-use' }])
  })
})

describe('one database', () => {
  let enterprise: TestEnterprise
  let storeFile: string

  beforeEach(async () => {
    enterprise = await planEnterprise({ a: { role: 'database' } })
    storeFile = storeOf(enterprise, 'a')
  })

  afterEach(async () => {
    await enterprise[Symbol.asyncDispose]()
  })

  async function refused(changes: Partial<ApplianceConfig>): Promise<{ exit: number | null; told: string }> {
    const running = enterprise.spawn(['--config', await enterprise.configFile('a', changes)])
    const exit = await exitOf(running)
    await waitFor('told', () => running.lines.length > 0)
    return { exit, told: String(running.lines[0]?.['msg']) }
  }

  test('exits 65 on a damaged file, names it and the remedy, and leaves it as it is', async () => {
    await enterprise.start('a', { storeFile })
    await enterprise.until('a', 'serves', ({ state }) => state === 'serving')
    await enterprise.kill('a')
    const bytes = readFileSync(storeFile)
    bytes.fill(0xa5, 4_096, 20_480)
    writeFileSync(storeFile, bytes)
    const { exit, told } = await refused({ storeFile })
    expect(exit).toBe(65)
    expect(told).toContain(`${storeFile} is damaged and was left as it is`)
    expect(told).toContain('put a copy back')
    expect(readFileSync(storeFile).equals(bytes)).toBe(true)
  })

  test('exits 65 on a file of a newer program, and leaves it as it is', async () => {
    await enterprise.start('a', { storeFile })
    await enterprise.call('a', 'POST', '/stop')
    expect(await exitOf(enterprise.process('a'))).toBe(0)
    const bytes = readFileSync(storeFile)
    // The version stands at byte 60 of every SQLite file.
    bytes.writeInt32BE(99, 60)
    writeFileSync(storeFile, bytes)
    const { exit, told } = await refused({ storeFile })
    expect(exit).toBe(65)
    expect(told).toContain(`${storeFile} is of a newer program`)
    expect(readFileSync(storeFile).equals(bytes)).toBe(true)
  })

  test('exits 74 when its folder cannot be used', async () => {
    const { exit, told } = await refused({ storeFile: join(enterprise.folder, 'nowhere', 'a.store') })
    expect([exit, told.includes('ENOENT')]).toEqual([74, true])
  })

  test('without a file there is nothing to limit, and a limit is a number of pages', async () => {
    const running = await enterprise.start('a')
    expect(await enterprise.call('a', 'POST', '/store/limit', { pages: 1 })).toMatchObject({ status: 409 })
    expect(ended(running)).toBe(false)
    await enterprise.kill('a')
    await enterprise.start('a', { storeFile })
    expect(await enterprise.call('a', 'POST', '/store/limit', { pages: 0 })).toMatchObject({ status: 400 })
    expect(await enterprise.call('a', 'POST', '/store/limit', { pages: null })).toMatchObject({ status: 200 })
  })
})
