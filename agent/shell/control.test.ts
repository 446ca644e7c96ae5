import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { type IncomingMessage, request } from 'node:http'
import { connect } from 'node:net'
import { text as readText } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Command, type CommandAnswer } from '../core/events.ts'
import { type AgentStatus } from '#shared/decision.ts'
import { strangersAt } from '#shared/door/strangers.contract.ts'
import { AgentId, SessionId } from '#shared/ids.ts'
import { wireLimits } from '#shared/wire/limits.ts'
import { type AgentDoor, type ControlDoor, type WatchLine, openControl } from './control.ts'

const token = 'open sesame'
const document = readFileSync(new URL('../../docs/PROTOCOL.md', import.meta.url), 'utf8')
const status: AgentStatus = {
  agent: AgentId('w/1'),
  profile: 'windows',
  online: false,
  home: { site: null, by: 'none' },
  topology: { inUse: 0, received: 0 },
  pin: null,
  links: [],
  sessions: [],
  passes: [],
}
const accepted: CommandAnswer = {
  outcome: 'accepted',
  session: SessionId('s-1'),
  state: 'active',
  binding: null,
  replicated: 'both',
  decision: 1,
}

let asked: Command[] = []
let watchers = new Set<(line: WatchLine) => void>()
let isStopped = false
let stopped = Promise.withResolvers<void>()
let control: ControlDoor

const door: AgentDoor = {
  statuses: () => [status],
  status: (id) => (id === status.agent ? status : undefined),
  decisions: (id) => (id === status.agent ? [] : undefined),
  command(id, command) {
    if (id !== status.agent) return undefined
    asked.push(command(asked.length + 1))
    return Promise.resolve(accepted)
  },
  watch(listener) {
    watchers.add(listener)
    listener({ at: 1.5, type: 'status', status })
    return () => watchers.delete(listener)
  },
  stop() {
    isStopped = true
    stopped.resolve()
  },
}

beforeEach(async () => {
  asked = []
  watchers = new Set()
  stopped = Promise.withResolvers()
  isStopped = false
  const opened = await openControl(door, { port: 0, token, refused: () => {} })
  if (!opened.ok) throw new Error(opened.error)
  control = opened.value
})
afterEach(() => control.close())

async function call(method: 'GET' | 'POST', path: string, body?: unknown, bearer = token) {
  const response = await fetch(`http://127.0.0.1:${control.port}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${bearer}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  return { code: response.status, body: (await response.json()) as Record<string, unknown> }
}

/** With headers that `fetch` sets by itself. */
async function send(method: string, path: string, headers: Readonly<Record<string, string>>) {
  const sent = request({ port: control.port, host: '127.0.0.1', method, path, headers })
  sent.end()
  const [answer] = (await once(sent, 'response')) as [IncomingMessage]
  return { status: answer.statusCode, body: JSON.parse(await readText(answer)) as unknown }
}

describe('control door', () => {
  test('answers who and how the agents are', async () => {
    expect(await call('GET', '/agents')).toEqual({ code: 200, body: [status] })
    expect(await call('GET', '/agents/w%2F1/status')).toEqual({ code: 200, body: status })
    expect(await call('GET', '/agents/w%2F1/decisions')).toEqual({ code: 200, body: [] })
    const unknown = { code: 404, body: { error: { code: 'unknown-agent', text: 'no agent "w2" in this process' } } }
    expect(await call('GET', '/agents/w2/status')).toEqual(unknown)
    expect(await call('GET', '/agents/w2/decisions')).toEqual(unknown)
    expect(await call('POST', '/agents/w2/login', { user: 'ann', password: 'p' })).toEqual(unknown)
  })

  test('[SC2] health needs no token', async () => {
    expect(await call('GET', '/health', undefined, 'wrong')).toEqual({ code: 200, body: { ready: true, agents: 1 } })
  })

  test.each(strangersAt('127.0.0.1:8080', token))(
    '[SC2] does and tells nothing to $who, at any call',
    async ({ headers, status, code }) => {
      const section = document.split('\n### Agent (')[1]?.split('\n### ')[0] ?? ''
      const listed = [...section.matchAll(/^\| `(GET|POST) ([^`]+)`/gmu)].map(
        ([, method = '', path = '']) => [method, path.replace('ID', 'w%2F1').replace('SESSION', 's-1')] as const,
      )
      expect(listed.length).toBeGreaterThan(9)
      for (const [method, path] of [...listed, ['GET', '/nowhere'] as const]) {
        const answered = await send(method, path, headers)
        if (path === '/health' && status === 401) expect(answered.status).toBe(200)
        else expect({ path, ...answered }).toMatchObject({ path, status, body: { error: { code } } })
      }
      expect(asked).toEqual([])
      expect(watchers.size).toBe(0)
      expect(isStopped).toBe(false)
    },
  )

  test('[SC2] no refusal repeats what was sent', async () => {
    const secret = 'hunter2'
    for (const body of [`{"password":"${secret}`, { user: 'ann', password: [secret] }, { user: 'ann', [secret]: 1 }]) {
      const refused = await call('POST', '/agents/w%2F1/login', body)
      expect(refused.code).toBe(400)
      expect(JSON.stringify(refused.body)).not.toContain(secret)
    }
    const unreadable = await call('GET', `/agents/%zz${secret}/status`)
    expect(unreadable).toEqual({
      code: 400,
      body: { error: { code: 'bad-request', text: 'the request cannot be read' } },
    })
  })

  test('commands reach the agent, and its answer the caller', async () => {
    const at = '/agents/w%2F1/sessions/s%2F1'
    expect(await call('POST', '/agents/w%2F1/login', { user: 'ann', password: 'p' })).toEqual({
      code: 200,
      body: accepted,
    })
    await call('POST', `${at}/lock`)
    await call('POST', `${at}/unlock`, { password: 'p' })
    await call('POST', `${at}/unlock`, { user: 'bob', password: 'p' })
    await call('POST', `${at}/logout`)
    await call('POST', `${at}/activity`)
    expect(asked).toEqual([
      { type: 'login', call: 1, user: 'ann', password: 'p' },
      { type: 'lock', call: 2, session: 's/1' },
      { type: 'unlock', call: 3, session: 's/1', user: undefined, password: 'p' },
      { type: 'unlock', call: 4, session: 's/1', user: 'bob', password: 'p' },
      { type: 'logout', call: 5, session: 's/1' },
      { type: 'activity', call: 6, session: 's/1' },
    ])
  })

  test.each([
    ['no password', { user: 'ann' }],
    ['a number', { user: 'ann', password: 12345 }],
    ['an unknown field', { user: 'ann', password: 'p', extra: 'hunter2' }],
    ['a user name too long', { user: 'u'.repeat(254), password: 'hunter2' }],
    ['no JSON', '{"user": "ann", "password": "hunter2'],
    ['another kind', '"hunter2"'],
    ['too many bytes', { user: 'ann', password: 'hunter2'.repeat(3000) }],
  ])('a body with %s is refused without repeating it', async (_, body) => {
    const refused = await call('POST', '/agents/w%2F1/login', body)
    expect([400, 413]).toContain(refused.code)
    expect(refused.body).toMatchObject({ error: { code: 'bad-request' } })
    expect(JSON.stringify(refused.body)).not.toContain('hunter2')
    expect(asked).toEqual([])
  })

  test('an unknown call is told in the same form', async () => {
    expect(await call('POST', '/agents')).toEqual({
      code: 404,
      body: { error: { code: 'not-found', text: 'no such call' } },
    })
  })

  test('stop answers first', async () => {
    expect(await call('POST', '/stop')).toEqual({ code: 202, body: { state: 'stopping' } })
    await stopped.promise
  })

  test('a port that is taken is a problem, told', async () => {
    const second = await openControl(door, { port: control.port, token, refused: () => {} })
    expect(second.ok ? '' : second.error).toContain('EADDRINUSE')
  })
})

describe('watch', () => {
  test('a line at once, then one for each change, until the door closes', async () => {
    const response = await fetch(`http://127.0.0.1:${control.port}/watch`, {
      headers: { authorization: `Bearer ${token}` },
    })
    expect(response.headers.get('content-type')).toBe('application/x-ndjson')
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
    const first: WatchLine = { at: 1.5, type: 'status', status }
    expect((await reader?.read())?.value).toBe(`${JSON.stringify(first)}\n`)
    const line: WatchLine = { at: 2, type: 'pass.began', agent: status.agent, number: 1, purpose: 'login' }
    for (const tell of watchers) tell(line)
    expect((await reader?.read())?.value).toBe(`${JSON.stringify(line)}\n`)
    const ended = reader?.read().then(
      ({ done }) => done,
      () => true,
    )
    await control.close()
    expect(await ended).toBe(true)
  })

  test('a watcher that leaves is forgotten', async () => {
    const abort = new AbortController()
    const options = { headers: { authorization: `Bearer ${token}` }, signal: abort.signal }
    await fetch(`http://127.0.0.1:${control.port}/watch`, options)
    expect(watchers.size).toBe(1)
    abort.abort()
    await expect.poll(() => watchers.size).toBe(0)
  })

  test('a watcher that does not read is cut at the bound, and the others go on', async () => {
    const slow = connect(control.port, '127.0.0.1')
    slow.write(`GET /watch HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ${token}\r\n\r\n`)
    await once(slow, 'readable')
    const line: WatchLine = { at: 2, type: 'status', status: { ...status, agent: AgentId('w'.repeat(1024 * 1024)) } }
    let lines = 0
    while (watchers.size > 0 && lines < 200) {
      for (const tell of watchers) tell(line)
      lines += 1
      await new Promise(setImmediate)
    }
    expect(watchers.size).toBe(0)
    expect(lines * 1024 * 1024).toBeGreaterThan(wireLimits.bufferedBytesMax)
    slow.on('error', () => {})
    slow.resume()
    expect((await call('GET', '/health')).code).toBe(200)
    await readText(slow).catch(() => '')
  })
})
