import { readFileSync } from 'node:fs'
import { type FastifyInstance, type HTTPMethods, type InjectOptions } from 'fastify'
import { beforeEach, describe, expect, test } from 'vitest'
import { planTopology } from '../testing/plan.ts'
import { ApplianceMachine } from '../core/appliance.ts'
import { type ControlOptions, createControl } from './control.ts'
import { createMetrics } from './metrics.ts'
import { strangersAt } from '#shared/door/strangers.contract.ts'
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
  await open()
})

async function open(more: Partial<ControlOptions['control']> = {}): Promise<void> {
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
  app = await createControl({
    control: { port: 1, token, ...more },
    machine,
    metrics: createMetrics({ status: () => machine.status(), counters: machine.counters, refusals: new Map() }),
    refused: () => {},
    limitStore: (pages) => void done.push(`limit ${pages}`),
    edit: () => {
      done.push('edit')
      return Promise.resolve({ ok: true, epoch: 2 })
    },
    administer: ({ op }) => {
      done.push(op)
      return Promise.resolve({ ok: true, replicated: 'one' })
    },
    stop: () => void done.push('stop'),
  })
  await app.ready()
  calls = callsOf(app.printRoutes({ commonPrefix: false }))
}

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

type Headers = Readonly<Record<string, string>>
const right: Headers = { authorization: `Bearer ${token}` }

async function ask({ method, url }: Call, headers: Headers = {}, payload: object | string = bodies[url] ?? {}) {
  const options: InjectOptions = {
    method,
    url: url.replace(':name', 'anna'),
    headers: typeof payload === 'string' ? { ...headers, 'content-type': 'application/json' } : headers,
    ...(method === 'POST' ? { payload } : {}),
  }
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

  test.each(strangersAt('127.0.0.1:8080', token))(
    '[SC2] does and tells nothing to $who, at any call',
    async ({ headers, status, code }) => {
      for (const call of calls) {
        const { statusCode, body } = await ask(call, headers)
        // Who has no token may look at what is for anybody; a page of another site may not.
        const wanted = isOpen(call) && status === 401 ? 200 : status
        expect({ call, statusCode }).toEqual({ call, statusCode: wanted })
        expect(body).not.toContain(token)
        if (wanted !== 200 && call.method !== 'HEAD') expect(JSON.parse(body)).toMatchObject({ error: { code } })
      }
      expect(done).toEqual([])
    },
  )

  test('[SC2] does what it is asked with the token: the walk above would have shown it', async () => {
    for (const call of calls) expect((await ask(call, right)).statusCode).not.toBe(401)
    const acts = ['set-user', 'delete-user', 'set-policy', 'issue-enrolment', 'limit-store']
    expect(new Set(done)).toEqual(new Set([...acts, 'limit null', 'limit 1', 'stop']))
  })

  test('[SC2] has a limit of the store on record before it holds, so that the record finds room', async () => {
    await ask({ method: 'POST', url: '/store/limit' }, right)
    expect(done).toEqual(['limit null', 'limit-store', 'limit 1'])
  })

  test('[SC2] limits every change of what the enterprise keeps, and no act on the process', async () => {
    await open({ changesPerMinute: 1 })
    const isChange = ({ method, url }: Call): boolean =>
      method !== 'GET' && method !== 'HEAD' && url !== '/stop' && url !== '/store/limit'
    const [first, ...others] = calls.filter(isChange)
    expect(first).toBeDefined()
    expect(others.map(({ url }) => url)).toContain('/topology')
    expect((await ask(first as Call, right)).statusCode).not.toBe(429)
    for (const call of others) expect({ call, ...(await ask(call, right)) }).toMatchObject({ call, statusCode: 429 })
    for (const call of calls.filter((one) => !isChange(one) && !isOpen(one))) {
      expect({ call, ...(await ask(call, right)) }).not.toMatchObject({ statusCode: 429 })
    }
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
      const { body } = await ask(call, right, payload)
      expect(body).not.toContain(secret)
    }
    const { statusCode, body } = await ask({ method: 'GET', url: `/users/%zz${secret}` }, right)
    expect(statusCode).toBe(400)
    expect(body).not.toContain(secret)
  })
})
