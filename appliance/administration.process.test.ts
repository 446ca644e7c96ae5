/** Real processes: users and policies that are changed at one database's control door, and obeyed at the other. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TestAgent } from './testing/client.ts'
import { planEnterprise, testPassword, type TestEnterprise, waitFor } from './testing/enterprise.ts'

const databases = ['a', 'b'] as const
type User = { readonly user: string; readonly disabled: boolean; readonly policy: string }

describe('enterprise data of two databases', () => {
  let enterprise: TestEnterprise

  beforeAll(async () => {
    enterprise = await planEnterprise({ a: { role: 'database' }, b: { role: 'database' }, s: { role: 'service' } })
    await Promise.all([start('a'), start('b'), enterprise.start('s')])
    await inStep()
  })

  afterAll(async () => {
    await enterprise[Symbol.asyncDispose]()
  })

  async function start(id: string): Promise<void> {
    await enterprise.start(id, { storeFile: join(enterprise.folder, `${id}.store`) })
  }

  async function inStep(): Promise<void> {
    for (const id of databases) {
      await enterprise.until(id, 'in step', ({ state, peers }) => state === 'serving' && peers[0]?.inStep === true)
    }
  }

  async function login(at: string, user: string, password: string): Promise<string> {
    using agent = await TestAgent.dial(enterprise, at, `pc of ${user}`)
    const answer = await agent.ask({ type: 'login', session: `${at}/${user}`, user, password })
    return answer.type === 'rejected' ? answer.reason : answer.type
  }

  const lines = (id: string) => enterprise.process(id).lines
  const edit = (id: string, path: string, body: object) => enterprise.call(id, 'POST', path, body)
  const users = async (id: string): Promise<User[]> => (await enterprise.call(id, 'GET', '/users')).body as User[]

  test('[RP1] a user who is added at one database logs in at the other, with the policy given', async () => {
    expect(await edit('a', '/policies/ward', { challengeInactivityMinutes: 3 })).toMatchObject({ status: 200 })
    const added = await edit('a', '/users/cara', { password: 'a new password', policy: 'ward' })
    expect(added).toEqual({ status: 200, body: { replicated: 'both' } })
    using agent = await TestAgent.dial(enterprise, 'b', 'pc-1')
    const answer = await agent.ask({ type: 'login', session: 's1', user: 'cara', password: 'a new password' })
    expect(answer).toMatchObject({ type: 'login.accepted', policy: { challengeInactivityMinutes: 3 } })
    expect(await login('b', 'cara', testPassword)).toBe('bad-credential')
  })

  test('[RP1] a user who is disabled or deleted at one database is refused at the other, and by a service appliance', async () => {
    await edit('b', '/users/anna', { disabled: true })
    expect(await login('a', 'anna', testPassword)).toBe('disabled')
    expect(await login('s', 'anna', testPassword)).toBe('disabled')
    expect(await enterprise.call('b', 'DELETE', '/users/cara')).toEqual({ status: 200, body: { replicated: 'both' } })
    expect(await login('a', 'cara', 'a new password')).toBe('bad-credential')
  })

  test('[SP6] a user whom wrong passwords lock out at one database is locked out at the other, until that is lifted', async () => {
    for (let count = 0; count < 5; count += 1) expect(await login('a', 'bert', 'a guess')).toBe('bad-credential')
    expect(await login('b', 'bert', testPassword)).toBe('locked-out')
    expect(await edit('b', '/users/bert', { locked: false })).toMatchObject({ status: 200 })
    expect(await login('a', 'bert', testPassword)).toBe('login.accepted')
  })

  test('[RP5] changes made while the databases do not know of each other meet field by field, over restarts', async () => {
    await enterprise.kill('b')
    expect(await edit('a', '/users/bert', { policy: 'ward' })).toMatchObject({ body: { replicated: 'one' } })
    await enterprise.kill('a')
    await start('b')
    await enterprise.until('b', 'alone', ({ state }) => state === 'serving')
    await edit('b', '/users/bert', { disabled: true })
    await start('a')
    await inStep()
    for (const id of databases) {
      expect((await users(id)).find(({ user }) => user === 'bert')).toMatchObject({ policy: 'ward', disabled: true })
      await enterprise.until(id, 'equal', ({ equal }) => equal === true)
    }
  })

  test('[SC2] no verifier is shown, and nothing is changed without the token', async () => {
    const shown = await enterprise.call('a', 'GET', '/users')
    expect(JSON.stringify(shown.body)).not.toContain('argon2')
    expect((await users('a')).map(({ user }) => user)).toEqual(['anna', 'bert', 'gone'])
    const url = `http://127.0.0.1:${enterprise.controlPort('a')}/users/anna`
    const response = await fetch(url, { method: 'DELETE' })
    expect(response.status).toBe(401)
    expect((await users('a')).map(({ user }) => user)).toContain('anna')
  })

  test('[SC2] no secret that the door hears is in a log, in what it tells or, but hashed, in the store', async () => {
    const secrets = [
      'a secret of dora',
      'a secret of nobody',
      'a secret in pieces',
      'a secret in a name',
      'a wrong token',
    ]
    const [password = '', unknown = '', pieces = '', name = '', wrong = ''] = secrets
    const knock = async (path: string, body: string, at = 'a', token = enterprise.token): Promise<number> => {
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
      const url = `http://127.0.0.1:${enterprise.controlPort(at)}${path}`
      return (await fetch(url, { method: 'POST', headers, body })).status
    }
    expect((await edit('a', '/users/dora', { password })).status).toBe(200)
    expect((await edit('a', '/users/nobody', { password: unknown, policy: 'wards' })).status).toBe(400)
    expect(await knock('/users/dora', `{"password": "${pieces}`)).toBe(400)
    expect(await knock('/users/dora', JSON.stringify({ [name]: true }))).toBe(400)
    expect(await knock('/users/dora', '{"disabled": true}', 'b', wrong)).toBe(401)
    const issued = await edit('a', '/enrolments', { agent: 'pc-9' })
    expect(issued.status).toBe(201)
    await waitFor('the wrong token is noted', () => lines('b').some(({ kind }) => kind === 'door.refused'))
    const { token } = issued.body as { token: string }
    const views = ['/users', '/audit', '/merges', '/status', '/sessions', '/health', '/metrics']
    const told = await Promise.all(views.map(async (path) => (await enterprise.call('a', 'GET', path)).body))
    const all = JSON.stringify([...told, ...lines('a'), ...lines('b')])
    expect(all).toContain('dora')
    for (const secret of [...secrets, token, enterprise.token, '$argon2']) expect(all).not.toContain(secret)
    for (const id of databases) {
      const store = ['', '-wal'].map((more) => readFileSync(join(enterprise.folder, `${id}.store${more}`), 'latin1'))
      expect(store.join()).toContain('dora')
      for (const secret of [...secrets, token, enterprise.token]) expect(store.join()).not.toContain(secret)
    }
  })

  test('[SC2] who was refused at the door is in its log and counted, without what was brought', async () => {
    const url = `http://127.0.0.1:${enterprise.controlPort('s')}/users/anna`
    const wrong = { authorization: 'Bearer open sesame' }
    expect((await fetch(url, { method: 'DELETE', headers: wrong })).status).toBe(401)
    await waitFor('noted', () => lines('s').some(({ kind }) => kind === 'door.refused'))
    expect(lines('s').find(({ kind }) => kind === 'door.refused')).toMatchObject({
      level: 40,
      rules: ['SC2'],
      refused: { unauthorized: 1 },
      addresses: ['127.0.0.1'],
    })
    const metrics = String((await enterprise.call('s', 'GET', '/metrics')).body)
    expect(metrics).toContain('appliance_door_refusals_total{code="unauthorized"} 1')
  })

  test('what cannot be done is refused with the reason', async () => {
    const told = async (path: string, body: object, id = 'a'): Promise<unknown> => {
      const answer = await edit(id, path, body)
      return [answer.status, (answer.body as { error: { code: string; text: string } }).error]
    }
    expect(await told('/users/anna', {})).toMatchObject([400, { code: 'malformed' }])
    expect(await told('/users/anna', { disabled: 'yes' })).toMatchObject([400, { text: '/disabled must be boolean' }])
    expect(await told('/users/anna', { color: 'red' })).toMatchObject([400, { code: 'malformed' }])
    expect(await told('/users/nobody', { disabled: true })).toMatchObject([404, { code: 'unknown-user' }])
    expect(await told('/users/anna', { policy: 'wards' })).toMatchObject([400, { code: 'unknown-policy' }])
    expect(await told('/policies/ward', { challengeInactivityMinutes: -1 })).toMatchObject([400, { code: 'malformed' }])
    expect(await told('/users/anna', { disabled: true }, 's')).toMatchObject([409, { code: 'not-a-database' }])
  })
})
