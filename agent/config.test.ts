import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { normalSettings } from '#shared/policy/settings.ts'
import { readAgentConfig } from './config.ts'

let folder = ''
let file = ''
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'config-'))
  file = path.join(folder, 'agent.json')
  writeFileSync(path.join(folder, 'ca.pem'), 'PEM')
})
afterAll(() => rmSync(folder, { recursive: true }))

const token = 'hunter2, and long enough'
const agent = { id: 'w-1', primServer: 'chicago-1.example:8443', altServers: ['[fd00::1]:8443'] }

function config(changes: Record<string, unknown> = {}) {
  return {
    seed: 'seed',
    control: { port: 20_000, token },
    caFile: path.join(folder, 'ca.pem'),
    connectTo: [],
    resolve: {},
    settings: normalSettings,
    agents: [agent],
    ...changes,
  }
}

/** What the command line and a file with these changes give. */
function read(changes: Record<string, unknown> = {}, flags: readonly string[] = []) {
  writeFileSync(file, JSON.stringify(config(changes)))
  return readAgentConfig(['--config', file, ...flags])
}

/** The problem, without the name of the file, which every one begins with. */
function problem(changes: Record<string, unknown>, flags: readonly string[] = []): string {
  const result = read(changes, flags)
  if (result.ok) throw new Error('read')
  expect(result.error).not.toContain('hunter2')
  return result.error.replace(`${file}: `, '')
}

describe('configuration of an agent process', () => {
  test('a file as it stands', () => {
    expect(read()).toEqual({ ok: true, value: { config: config(), ca: 'PEM', leash: false } })
  })

  test('what the command line says otherwise', () => {
    const result = read({ connectTo: [{ from: 'a:1', to: 'b:2' }] }, [
      '--leash',
      '--connect-to=c:3:127.0.0.1:4',
      '--connect-to=[fd00::1]:5:[::1]:6',
      '--address=172.16.8.40',
      '--route=10.1.0.0/16',
      '--route=10.2.0.0/16',
    ])
    const network = { addresses: ['172.16.8.40'], routes: ['10.1.0.0/16', '10.2.0.0/16'] }
    const connectTo = [
      { from: 'a:1', to: 'b:2' },
      { from: 'c:3', to: '127.0.0.1:4' },
      { from: '[fd00::1]:5', to: '[::1]:6' },
    ]
    expect(result).toMatchObject({ ok: true, value: { leash: true, config: { connectTo, agents: [{ network }] } } })
  })

  test.each([
    [
      '[SC2] a token that can be guessed',
      { control: { port: 1, token: 'hunter2' } },
      '/control/token is a secret; it must not have fewer than 16 characters',
    ],
    ['a number out of bounds', { control: { port: 0, token } }, '/control/port is 0; it must be >= 1'],
    ['an empty secret', { control: { port: 1, token: 7 } }, '/control/token is a secret; it must be string'],
    ['an unknown field', { control: { port: 1, token, tokn: 1 } }, '/control is an object; it must not have'],
    ['no agents', { agents: [] }, '/agents is a list of 0; it must not have fewer than 1 items'],
    ['a missing field', { seed: undefined }, '/ is an object; it must have required properties seed'],
    [
      'a server without a port',
      { agents: [{ ...agent, primServer: 'chicago-1' }] },
      '/agents/0/primServer is "chicago-1"; it must be HOST:PORT',
    ],
    [
      'an alternative server',
      { agents: [{ ...agent, altServers: ['a:1', 'b:0'] }] },
      '/agents/0/altServers/1 is "b:0"; it must',
    ],
    [
      'a profile that is none',
      { agents: [{ ...agent, profile: 'timed' }] },
      '/agents/0/profile is "timed"; it must be one of windows, timer, list',
    ],
    ['two agents of one id', { agents: [agent, agent] }, '/agents/1/id is "w-1"; it must differ from the other agents'],
    [
      'a target without a port',
      { connectTo: [{ from: 'a:1', to: 'b' }] },
      '/connectTo/0/to is "b"; it must be HOST:PORT',
    ],
    [
      'an address that is none',
      { resolve: { a: '207.46.300.1' } },
      '/resolve/a is "207.46.300.1"; it must be an IP address',
    ],
    [
      'a route without a length',
      { agents: [{ ...agent, network: { addresses: [], routes: ['10.0.0.0'] } }] },
      '/agents/0/network/routes/0 is "10.0.0.0"; it must be ADDRESS/LENGTH',
    ],
    ['an authority that is not there', { caFile: '/nowhere/ca.pem' }, '/caFile: ENOENT'],
  ])('%s is told with its place', (_, changes, text) => {
    expect(problem(changes)).toContain(text)
  })

  test.each([
    ['an override that is no pair', ['--connect-to', 'a:1:b'], '--connect-to a:1:b: must be HOST:PORT:HOST:PORT'],
    ['an address that is none', ['--address', '1.2.3'], '--address, --route: must be an IP address'],
    ['an unknown flag', ['--adress', '1.2.3.4'], "Unknown option '--adress'"],
  ])('%s on the command line', (_, flags, text) => {
    expect(problem({}, flags)).toContain(text)
  })

  test('addresses on the command line do not fit several agents', () => {
    expect(problem({ agents: [agent, { ...agent, id: 'w-2' }] }, ['--address', '1.2.3.4'])).toContain('several agents')
  })

  test('a file that is missing, or no JSON, is named, and its text is not repeated', () => {
    expect(readAgentConfig([])).toMatchObject({
      ok: false,
      error: expect.stringContaining('--config is missing') as string,
    })
    expect(readAgentConfig(['--config', '/nowhere/agent.json'])).toMatchObject({
      error: expect.stringContaining('/nowhere/agent.json: ENOENT') as string,
    })
    writeFileSync(file, '{\n  "control": { "token": "hunter2" oops')
    const broken = readAgentConfig(['--config', file])
    expect(broken.ok ? '' : broken.error).toMatch(/agent\.json: not JSON at line 2 column \d+/u)
    expect(broken.ok ? '' : broken.error).not.toContain('hunter2')
  })
})
