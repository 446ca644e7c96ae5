/** A real agent process without any appliance: its control door, and what of it is in the log. */
import { once } from 'node:events'
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { type AgentConfig } from '#shared/config.schema.ts'
import { createAuthority } from '#shared/pki/authority.ts'
import { fastWire, normalSettings } from '#shared/policy/settings.ts'

const token = 'the-token-of-this-test'

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

async function writeConfig(folder: string): Promise<{ file: string; port: number }> {
  const port = await freePort()
  const caFile = path.join(folder, 'ca.pem')
  writeFileSync(caFile, (await createAuthority('test')).certificatePem)
  const config: AgentConfig = {
    seed: 'seed',
    control: { port, token, wrongTokensPerMinute: 1 },
    caFile,
    cacheFolder: folder,
    connectTo: [],
    resolve: {},
    settings: { ...normalSettings, ...fastWire },
    agents: [{ id: 'pc-1', primServer: `127.0.0.1:${await freePort()}`, altServers: [] }],
  }
  const file = path.join(folder, 'agent.json')
  writeFileSync(file, JSON.stringify(config))
  return { file, port }
}

test('[SC2] no secret that its door hears is in its output; who was refused and who stopped it is', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'agent-door-'))
  using _undo = { [Symbol.dispose]: () => rmSync(folder, { recursive: true }) }
  const { file, port } = await writeConfig(folder)
  const child = spawn(process.execPath, ['agent/main.ts', '--config', file, '--leash'])
  using _end = { [Symbol.dispose]: () => child.kill('SIGKILL') }
  const ended = once(child, 'close')
  const errors = text(child.stderr)
  const lines: Record<string, unknown>[] = []
  const out = createInterface({ input: child.stdout })
  out.on('line', (line) => lines.push(JSON.parse(line) as Record<string, unknown>))
  await once(out, 'line')
  const knock = async (way: string, body: string, bearer = token): Promise<[number, string]> => {
    const headers = { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' }
    const answer = await fetch(`http://127.0.0.1:${port}${way}`, { method: 'POST', headers, body })
    return [answer.status, await answer.text()]
  }
  const answers = [
    await knock('/agents/pc-1/login', '{"user": "ann", "password": "a secret of ann"}'),
    await knock('/agents/pc-1/login', '{"user": "ann", "password": "a secret in pieces'),
    await knock('/agents/pc-1/login', '{"user": "ann", "a secret in a name": 1}'),
    await knock('/agents/pc-1/login', '{"user": "ann", "password": "x"}', 'a secret guess'),
    await knock('/agents/pc-1/login', '{"user": "ann", "password": "x"}', 'a secret guess'),
    await knock('/stop', '{}'),
  ]
  expect(answers.map(([status]) => status)).toEqual([200, 400, 400, 401, 429, 202])
  expect((await ended)[0]).toBe(0)
  expect(lines.map(({ kind }) => kind)).toContain('ready')
  // The first at once, the second with what waited when the process ended.
  expect(lines.filter(({ kind }) => kind === 'door.refused')).toMatchObject(
    ['unauthorized', 'too-many-attempts'].map((code) => ({
      level: 'warn',
      rules: ['SC2'],
      data: { refused: { [code]: 1 }, addresses: ['127.0.0.1'] },
    })),
  )
  expect(lines).toContainEqual(
    expect.objectContaining({ kind: 'stopping', text: 'stops as asked of its control door' }),
  )
  const all = JSON.stringify([...lines, ...answers, await errors])
  for (const secret of ['a secret', token]) expect(all).not.toContain(secret)
})
