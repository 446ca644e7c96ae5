import { readFileSync } from 'node:fs'
import { type FastifyInstance, type HTTPMethods, type InjectOptions } from 'fastify'
import { beforeEach, describe, expect, test } from 'vitest'
import { planTopology } from '../testing/plan.ts'
import { ApplianceMachine } from '../core/appliance.ts'
import { createControl } from './control.ts'
import { createMetrics } from './metrics.ts'
import { ApplianceId } from '#shared/ids.ts'
import { randomStream } from '#shared/random.ts'

const token = 'open sesame'
const secret = 'hunter2'
const document = readFileSync(new URL('../../docs/PROTOCOL.md', import.meta.url), 'utf8')

/** What was done behind the door. */
let done: string[] = []
let app: FastifyInstance
let calls: readonly Call[]
type Call = { readonly method: HTTPMethods; readonly url: string }

beforeEach(async () => {
  done = []
  const topology = planTopology({ a: { role: 'database' } })
  const machine = new ApplianceMachine({
    id: ApplianceId('a'),
    topology,
    people: [],
    policies: { users: [], computers: [], computerPolicyOf: {} },
    random: randomStream('test', 'a'),
    logName: 'a/1',
  })
  machine.step({ type: 'started', entries: [], incarnation: 'run' }, { wireMs: 0, policyMs: 0, wallMs: 0 })
  app = createControl({
    token,
    machine,
    metrics: createMetrics(() => machine.status(), machine.counters),
    limitStore: () => void done.push('limit'),
    edit: () => {
      done.push('edit')
      return Promise.resolve({ ok: true, epoch: 2 })
    },
    administer: () => {
      done.push('administer')
      return Promise.resolve({ ok: true, replicated: 'one' })
    },
    stop: () => void done.push('stop'),
  })
  await app.ready()
  calls = callsOf(app.printRoutes({ commonPrefix: false }))
})

/** `GET /a`, from a tree whose branches are drawn four characters a level. */
function callsOf(tree: string): readonly Call[] {
  const path: string[] = []
  return tree.split('\n').flatMap((line) => {
    const [, indent, segment, methods] = /^((?:[│ ] {3})*)[├└]── (\S+) \(([A-Z, ]+)\)/u.exec(line) ?? []
    if (indent === undefined || segment === undefined || methods === undefined) return []
    path.length = indent.length / 4
    path.push(segment)
    const url = path.join('')
    return methods.split(', ').map((method) => ({ method, url }))
  })
}

const isOpen = ({ url }: Call): boolean => url === '/health' || url === '/metrics'
const bodies: Readonly<Record<string, object>> = {
  '/users/:name': { password: secret },
  '/policies/:name': { challengeIntervalMinutes: 1 },
  '/enrolments': { agent: 'pc-1' },
  '/store/limit': { pages: 1 },
  '/topology': {},
}

async function ask({ method, url }: Call, authorization?: string, payload: object | string = bodies[url] ?? {}) {
  const options: InjectOptions = {
    method,
    url: url.replace(':name', 'anna'),
    headers: authorization === undefined ? {} : { authorization },
    ...(method === 'POST' ? { payload } : {}),
  }
  if (typeof payload === 'string') options.headers = { ...options.headers, 'content-type': 'application/json' }
  const { statusCode, body } = await app.inject(options)
  return { statusCode, body }
}

describe('the control door of an appliance', () => {
  test('has the calls that docs/PROTOCOL.md lists, and no others', () => {
    const section = document.split('\n### Appliance\n')[1]?.split('\n## ')[0] ?? ''
    const listed = [...section.matchAll(/^\| `(GET|POST|DELETE) ([^` ?]+)/gmu)].map(
      ([, method, path]) => `${method} ${path}`,
    )
    const served = calls
      .filter(({ method }) => method !== 'HEAD')
      .map(
        ({ method, url }) =>
          `${method} ${url.replace(/(users\/):name/u, '$1NAME').replace(/(policies\/):name/u, '$1ID')}`,
      )
    expect(served.toSorted()).toEqual(listed.toSorted())
    expect(served.length).toBeGreaterThan(10)
  })

  test.each([
    ['no token', undefined],
    ['an empty one', 'Bearer '],
    ['a wrong one', 'Bearer sesame'],
    ['a wrong one of the same length', `Bearer ${'x'.repeat(token.length)}`],
    ['a longer one', `Bearer ${token}!`],
    ['another scheme', `Basic ${token}`],
    ['the token alone', token],
  ])('[SC2] does and tells nothing with %s, at any call', async (_title, authorization) => {
    for (const call of calls.filter((one) => !isOpen(one))) {
      const { statusCode, body } = await ask(call, authorization)
      expect({ call, statusCode }).toEqual({ call, statusCode: 401 })
      expect(body).not.toContain(token)
    }
    expect(done).toEqual([])
  })

  test('[SC2] does what it is asked with the token: the walk above would have shown it', async () => {
    for (const call of calls) expect((await ask(call, `Bearer ${token}`)).statusCode).not.toBe(401)
    expect(new Set(done)).toEqual(new Set(['limit', 'administer', 'stop']))
  })

  test('[SC2] health and metrics are for anybody, and tell no secret', async () => {
    for (const call of calls.filter(isOpen)) {
      const { statusCode, body } = await ask(call)
      expect(statusCode).toBe(200)
      expect(body).not.toContain(token)
    }
  })

  test.each([
    ['a body that is not JSON', `{"password":"${secret}`],
    ['a field of another kind', { password: [secret] }],
    ['a field too many', { password: 'x', [secret]: secret }],
    ['a password too long', { password: secret.repeat(100) }],
  ])('[SC2] never repeats what it was sent: %s', async (_title, payload) => {
    for (const call of calls.filter(({ method }) => method === 'POST' || method === 'DELETE')) {
      const { body } = await ask(call, `Bearer ${token}`, payload)
      expect(body).not.toContain(secret)
    }
    const { statusCode, body } = await ask({ method: 'GET', url: `/users/%zz${secret}` }, `Bearer ${token}`)
    expect(statusCode).toBe(400)
    expect(body).not.toContain(secret)
  })
})
