/** Which server is found, what is said when none can be had, and that nothing outlives the process that opened a fabric. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { freePorts, isPortFree } from '../ports.ts'
import { findToxiproxy, openFabric } from './open-fabric.ts'
import { descendantsOf, isRunning } from './process-tree.ts'
import { dial, echo, listen } from './test-sockets.ts'

const program = await findToxiproxy(process.env)
const skipProgram = program === undefined && process.env.REQUIRE_ALL !== '1'
const goneMaxMs = 10_000

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fabric-'))
})
afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

async function options(environment: NodeJS.ProcessEnv, logFolder?: string) {
  const [apiPort] = (await freePorts(1)) as [number]
  return { seed: 'open', apiPort, prefix: 'open', environment, logFolder }
}

describe('openFabric', () => {
  it('falls back to the relay, which ends with the fabric', async () => {
    const opening = await options({}, folder)
    const [port] = (await freePorts(1)) as [number]
    await using server = await listen(echo)
    const fabric = await openFabric(opening)
    expect([fabric.kind, fabric.description]).toEqual(['relay', 'relay (Node alone)'])
    await fabric.link('one', port, { host: '127.0.0.1', port: server.port })
    using client = await dial(port)
    await client.ping('hello')
    await fabric[Symbol.asyncDispose]()
    await client.closed
    expect(await Promise.all([isPortFree(port), isPortFree(opening.apiPort)])).toEqual([true, true])
    expect(await readFile(join(folder, 'relay.log'), 'utf8')).toContain('"kind":"ready"')
    // Disposing twice is disposing once.
    await fabric[Symbol.asyncDispose]()
  })

  it.skipIf(skipProgram)('prefers toxiproxy-server on the PATH', async () => {
    const opening = await options({ PATH: process.env.PATH })
    await using fabric = await openFabric(opening)
    expect(fabric.description).toMatch(
      new RegExp(`^toxiproxy \\S+ at http://127.0.0.1:${opening.apiPort} \\(.*toxiproxy-server`),
    )
  })

  it('prefers TOXIPROXY_URL, by whatever name of this machine', async () => {
    const opening = await options({})
    await using _relay = await openFabric(opening)
    const environment = { TOXIPROXY_URL: `http://localhost:${opening.apiPort}/`, PATH: process.env.PATH }
    await using shared = await openFabric(await options(environment))
    expect(shared.description).toMatch(
      new RegExp(`^relay on Node \\S+ at http://127.0.0.1:${opening.apiPort} \\(TOXIPROXY_URL\\)$`),
    )
  })

  it('says so when nothing answers at TOXIPROXY_URL', async () => {
    const [port] = (await freePorts(1)) as [number]
    const url = `http://127.0.0.1:${port}`
    await expect(openFabric(await options({ TOXIPROXY_URL: url }))).rejects.toThrow(
      `TOXIPROXY_URL is ${url}, but no Toxiproxy answers there`,
    )
    await expect(openFabric(await options({ TOXIPROXY_URL: 'toxiproxy:8474' }))).rejects.toThrow('expected a URL')
  })

  it('says so when something else answers at TOXIPROXY_URL', async () => {
    const other = createServer((_request, response) => response.end('{"hello":"world"}')).listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port } = other.address() as { port: number }
    try {
      const environment = { TOXIPROXY_URL: `http://127.0.0.1:${port}` }
      await expect(openFabric(await options(environment))).rejects.toThrow('answers, but not as Toxiproxy does')
    } finally {
      other.closeAllConnections()
      other.close()
    }
  })

  it('waits only so long for an answer', async () => {
    await using mute = await listen(() => {})
    const environment = { TOXIPROXY_URL: `http://127.0.0.1:${mute.port}` }
    await expect(openFabric(await options(environment))).rejects.toThrow('no answer within 5000 ms')
  })

  it('says so when its port is taken', async () => {
    await using other = await listen(echo)
    await expect(openFabric({ ...(await options({})), apiPort: other.port })).rejects.toThrow(
      `port ${other.port} is taken by another program`,
    )
  })

  it('repeats what a server said that ended at its start', async () => {
    const fake = join(folder, 'toxiproxy-server')
    await writeFile(fake, '#!/bin/sh\necho "wrong kind of machine"\nexit 3\n')
    await chmod(fake, 0o755)
    const environment = { PATH: [folder, process.env.PATH].join(delimiter) }
    await expect(openFabric(await options(environment))).rejects.toThrow('it ended at its start: wrong kind of machine')
  })

  it('refuses a prefix that cannot be part of a name', async () => {
    await expect(openFabric({ ...(await options({})), prefix: 'run/1' })).rejects.toThrow('is no name of a link')
  })
})

describe('a process that is killed', () => {
  /** Opens a fabric with one link in a process of its own, kills that process and waits until nothing is left of it. */
  async function killOwner(environment: NodeJS.ProcessEnv, childrenMin: number): Promise<void> {
    const [apiPort, port] = (await freePorts(2)) as [number, number]
    const module = JSON.stringify(new URL('open-fabric.ts', import.meta.url).href)
    const opening = JSON.stringify({ seed: 'kill', apiPort, prefix: 'kill', environment })
    const script = join(folder, 'owner.mjs')
    await writeFile(
      script,
      `const { openFabric } = await import(${module})
       const fabric = await openFabric(${opening})
       await fabric.link('one', ${port}, { host: '127.0.0.1', port: 9 })
       console.log(fabric.kind)`,
    )
    const owner = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] })
    try {
      const [kind] = (await once(createInterface({ input: owner.stdout }), 'line')) as [string]
      expect(kind).toBe(childrenMin === 1 ? 'relay' : 'toxiproxy')
      const children = descendantsOf(owner.pid ?? 0)
      expect(children.length).toBeGreaterThanOrEqual(childrenMin)
      expect(await isPortFree(port)).toBe(false)
      owner.kill('SIGKILL')
      await vi.waitFor(() => expect(children.filter(isRunning)).toEqual([]), { timeout: goneMaxMs, interval: 20 })
      expect(await Promise.all([isPortFree(port), isPortFree(apiPort)])).toEqual([true, true])
    } finally {
      owner.kill('SIGKILL')
    }
  }

  it('takes its relay along', async () => {
    await killOwner({}, 1)
  })

  it.skipIf(skipProgram)('takes its toxiproxy-server along', async () => {
    await killOwner({ PATH: process.env.PATH }, 2)
  })
})
