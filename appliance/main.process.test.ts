/** Real processes: who may come in as a peer, and how a process starts and ends. */
import { once } from 'node:events'
import { createServer } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openSocket, TestAgent } from './testing/client.ts'
import { ended, planEnterprise, type Running, type TestEnterprise, waitFor } from './testing/enterprise.ts'
import { createAuthority, type Identity, issue } from '#shared/pki/authority.ts'
import { closeName } from '#shared/wire/close-codes.ts'

let enterprise: TestEnterprise

beforeAll(async () => {
  enterprise = await planEnterprise({ a: { role: 'database' }, s: { role: 'service' } })
})

afterAll(async () => {
  await enterprise[Symbol.asyncDispose]()
})

async function end({ child }: Running): Promise<number | null> {
  if (child.exitCode === null) await once(child, 'exit')
  return child.exitCode
}

const hello = { type: 'hello.service', versions: { min: 1, max: 1 }, appliance: 's', epoch: 1 }

/** What becomes of a dial of `/peer` with that certificate: the type of the first message, or how it ended. */
async function visit(identity: Identity | undefined): Promise<string> {
  const socket = openSocket(enterprise, 'a', '/peer', identity)
  socket.on('open', () => socket.send(JSON.stringify(hello)))
  const outcome = await new Promise<string>((resolve) => {
    socket.on('error', (error) => resolve(error.message))
    socket.on('close', (code) => resolve(closeName(code) ?? String(code)))
    socket.on('message', (data: Buffer) => resolve((JSON.parse(data.toString()) as { type: string }).type))
  })
  socket.terminate()
  return outcome
}

describe('a running appliance', () => {
  beforeAll(async () => {
    await enterprise.start('a')
    await enterprise.until('a', 'serves', ({ state }) => state === 'serving')
  })

  test('[SC1] takes in a peer of the topology by its certificate', async () => {
    expect(await visit(await enterprise.identity('s.hospital.example'))).toBe('welcome')
  })

  test('[SC1] refuses a peer whose name is not in the topology', async () => {
    expect(await visit(await enterprise.identity('x.hospital.example'))).toBe('notAPeer')
  })

  test('[SC1] refuses a peer without a certificate, or with one of another authority', async () => {
    const stranger = await issue(await createAuthority('other'), {
      commonName: 's.hospital.example',
      names: ['s.hospital.example'],
      addresses: [],
    })
    expect(await visit(undefined)).toContain('401')
    expect(await visit(stranger)).toContain('401')
  })

  test('writes no secret to its log', async () => {
    using agent = await TestAgent.dial(enterprise, 'a', 'pc-1')
    const { ticket } = await agent.login('s1')
    await agent.ask({ type: 'login', session: 's2', user: 'anna', password: 'a wrong secret' })
    const log = JSON.stringify(enterprise.process('a').lines)
    for (const secret of [ticket, 'correct horse battery', 'a wrong secret', 'argon2'])
      expect(log).not.toContain(secret)
  })

  test('exits 69 when its port is taken, and says so', async () => {
    const second = enterprise.spawn(['--config', await enterprise.configFile('a')])
    expect(await end(second)).toBe(69)
    expect(JSON.stringify(second.lines)).toContain('EADDRINUSE')
  })

  test('stops when asked: its agents hear that it stops, and it exits 0', async () => {
    using agent = await TestAgent.dial(enterprise, 'a', 'pc-1')
    expect((await enterprise.call('a', 'POST', '/stop')).status).toBe(202)
    expect(await end(enterprise.process('a'))).toBe(0)
    await waitFor('closed', () => agent.closed !== null)
    expect(agent.closed).toBe('stopping')
  })
})

test.each(['SIGTERM', 'SIGINT'] as const)('exits 0 on %s', async (signal) => {
  const running = await enterprise.start('a')
  running.child.kill(signal)
  expect(await end(running)).toBe(0)
})

test('exits as soon as the other end of its leash is gone', async () => {
  const running = await enterprise.start('a')
  running.child.stdin?.end()
  expect(await end(running)).toBe(0)
})

test('lives on without a leash when its standard input ends', async () => {
  const running = enterprise.spawn(['--config', await enterprise.configFile('a')])
  running.child.stdin?.end()
  await waitFor('ready', () => running.lines.some(({ kind }) => kind === 'ready'))
  expect((await enterprise.status('a')).appliance).toBe('a')
  expect(ended(running)).toBe(false)
  running.child.kill('SIGTERM')
  expect(await end(running)).toBe(0)
})

test.each<[string, object, string]>([
  ['a field that is missing', { seed: undefined }, 'must have required properties seed'],
  ['a field that is wrong', { listen: { host: '127.0.0.1', port: 0 } }, '/listen/port'],
  ['an id that the topology does not have', { id: 'x' }, '/id is "x"'],
  ['a file that is not there', { caFile: '/nowhere/ca.pem' }, '/caFile: cannot read /nowhere/ca.pem: ENOENT'],
  ['a place to connect to that is none', { connectTo: [{ from: 'a:1', to: 'b:x' }] }, '/connectTo/0/to'],
])('exits 64 and tells file and field of %s', async (_title, changes, told) => {
  const file = await enterprise.configFile('a', changes)
  const running = enterprise.spawn(['--config', file])
  expect(await end(running)).toBe(64)
  await waitFor('told', () => running.lines.length > 0)
  expect(running.lines).toMatchObject([{ kind: 'stderr' }])
  expect(String(running.lines[0]?.['line'])).toContain(`${file}: `)
  expect(String(running.lines[0]?.['line'])).toContain(told)
})

test('exits 64 and tells how it is used when flags are wrong', async () => {
  const running = enterprise.spawn(['--nonsense'])
  expect(await end(running)).toBe(64)
  await waitFor('told', () => running.lines.length > 1)
  expect(JSON.stringify(running.lines)).toContain('usage: ')
})

test('a taken control port is a taken port, too', async () => {
  const holder = createServer().listen(enterprise.controlPort('a'), '127.0.0.1')
  await once(holder, 'listening')
  const running = enterprise.spawn(['--config', await enterprise.configFile('a')])
  expect(await end(running)).toBe(69)
  holder.close()
})
