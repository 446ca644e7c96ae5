import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { wireLimits } from '#shared/wire/limits.ts'
import { createDoor, type Door, type DoorOptions, type Refused } from './door.ts'

const token = 'the right token of this door'
type Headers = Record<string, string>
const right: Headers = { authorization: `Bearer ${token}` }
const wrong: Headers = { authorization: 'Bearer a guess' }
const foreign: Headers = { origin: 'http://evil.example' }
const from = (remoteAddress: string) => ({ remoteAddress })

let door: Door
let refused: Refused[]
let changes: number

async function open(more: Partial<DoorOptions> = {}): Promise<void> {
  refused = []
  changes = 0
  door = await createDoor({ token, open: ['/health'], bodyBytesMax: 100, refused: (one) => refused.push(one), ...more })
  door.app.get('/health', () => ({}))
  door.app.get('/status', () => ({ secrets: 'none' }))
  const onRequest = door.limited(3)
  for (const path of ['/users', '/policies']) {
    door.app.post(path, { onRequest }, () => {
      changes += 1
      return {}
    })
  }
  door.app.get('/users/:name', () => ({}))
}

async function ask(headers: Headers, { remoteAddress = '127.0.0.1', url = '/status' } = {}) {
  const answer = await door.app.inject({ method: 'GET', url, headers, remoteAddress })
  return { status: answer.statusCode, after: answer.headers['retry-after'], body: answer.json<unknown>() }
}
async function change(path: string, headers = right) {
  const { statusCode, headers: sent, body } = await door.app.inject({ method: 'POST', url: path, headers })
  return { status: statusCode, after: sent['retry-after'], body }
}

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: 1_000_000 })
  await open({ wrongTokensPerMinute: 3 })
})
afterEach(async () => {
  vi.useRealTimers()
  await door.app.close()
})

describe('wrong tokens', () => {
  test('[SC2] are answered 429 above their limit, with the time to wait, until the minute is over', async () => {
    for (let count = 0; count < 3; count += 1) expect((await ask(wrong)).status).toBe(401)
    vi.setSystemTime(1_010_000)
    const limited = await ask(wrong)
    expect(limited).toMatchObject({ status: 429, after: '50', body: { error: { code: 'too-many-attempts' } } })
    expect(await ask({})).toMatchObject({ status: 429 })
    vi.setSystemTime(1_060_000)
    expect((await ask(wrong)).status).toBe(401)
  })

  test('[SC2] lock nobody out: the right token serves from the same address, and uses up nothing', async () => {
    for (let count = 0; count < 10; count += 1) expect((await ask(right)).status).toBe(200)
    for (let count = 0; count < 3; count += 1) expect((await ask(wrong)).status).toBe(401)
    expect((await ask(wrong)).status).toBe(429)
    expect((await ask(right)).status).toBe(200)
  })

  test('[SC2] are counted by address', async () => {
    for (let count = 0; count < 4; count += 1) await ask(wrong, from('10.93.0.4'))
    expect((await ask(wrong, from('10.93.0.4'))).status).toBe(429)
    expect((await ask(wrong, from('10.93.0.5'))).status).toBe(401)
  })

  test('are limited as the product does where the configuration says nothing', async () => {
    await door.app.close()
    await open()
    for (let count = 0; count < 60; count += 1) expect((await ask(wrong)).status).toBe(401)
    expect((await ask(wrong)).status).toBe(429)
  })

  test('what is for anybody asks for none', async () => {
    for (const url of ['/health', '/health?probe=1']) expect((await ask({}, { url })).status).toBe(200)
    expect(refused).toEqual([])
  })
})

describe('changes', () => {
  test('[SC2] of one door are limited together, and above that nothing is changed', async () => {
    for (const path of ['/users', '/policies', '/users']) expect((await change(path)).status).toBe(200)
    const limited = await change('/policies')
    expect(limited).toMatchObject({ status: 429, after: '60' })
    expect(limited.body).toContain('too-many-changes')
    expect(changes).toBe(3)
    vi.setSystemTime(1_060_000)
    expect((await change('/policies')).status).toBe(200)
  })

  test('[SC2] that are refused use up nothing', async () => {
    for (let count = 0; count < 4; count += 1) await change('/users', wrong)
    await change('/users', { ...right, ...foreign })
    expect((await change('/users')).status).toBe(200)
  })

  test('[SC2] hinder nobody who looks', async () => {
    for (let count = 0; count < 4; count += 1) await change('/users')
    expect((await ask(right)).status).toBe(200)
  })
})

test('[SC2] who was turned away is told with the address, and never with the token', async () => {
  await ask(wrong)
  await ask({ ...right, ...foreign })
  await ask({ ...right, host: 'evil.example' })
  for (let count = 0; count < 3; count += 1) await ask({})
  for (let count = 0; count < 4; count += 1) await change('/users')
  const address = '127.0.0.1'
  const codes = ['unauthorized', 'foreign-site', 'foreign-host', 'unauthorized', 'unauthorized']
  expect(refused).toEqual([...codes, 'too-many-attempts', 'too-many-changes'].map((code) => ({ code, address })))
})

test('a name as long as names may be is read, however it is written, and a longer one is refused', async () => {
  expect((await ask(right, { url: `/users/${'a'.repeat(wireLimits.nameLengthMax * 3)}` })).status).toBe(200)
  expect((await ask(right, { url: `/users/${'a'.repeat(wireLimits.nameLengthMax * 3 + 1)}` })).status).toBe(414)
})
