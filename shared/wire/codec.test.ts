import { describe, expect, test } from 'vitest'
import { Type } from 'typebox'
import { closeCodes } from '#shared/wire/close-codes.ts'
import { decodeAgentMessage, decodeApplianceMessage, decoder, encode, problemFinder } from '#shared/wire/codec.ts'

const login = { type: 'login', request: 1, session: 's-1', user: 'ann', password: 'hunter2' } as const

function detailOf(value: unknown): string {
  const decoded = decodeAgentMessage(typeof value === 'string' ? value : JSON.stringify(value))
  if (decoded.ok) throw new Error('decoded')
  expect(decoded.error.closeCode).toBe(closeCodes.malformed)
  return decoded.error.detail
}

describe('codec', () => {
  test('a message comes back as it went, from text and from bytes', () => {
    expect(decodeAgentMessage(encode(login))).toEqual({ ok: true, value: login })
    expect(decodeAgentMessage(Buffer.from(encode(login)))).toEqual({ ok: true, value: login })
    const busy = { type: 'busy', retryAfterMs: 20 } as const
    expect(decodeApplianceMessage(encode(busy))).toEqual({ ok: true, value: busy })
  })

  test.each([
    ['not JSON', '{"type": "login"', 'not a JSON object'],
    ['a bare value', '"login"', 'not a JSON object'],
    ['null', 'null', 'not a JSON object'],
    ['a list', [login], 'no known message type'],
    ['no type', { request: 1 }, 'no known message type'],
    ['an unknown type', { ...login, type: 'hunter2' }, 'no known message type'],
    ['a type that objects inherit', { ...login, type: 'constructor' }, 'no known message type'],
    ['the other direction', { type: 'welcome', version: 1 }, 'no known message type'],
    ['a field of the wrong kind', { ...login, request: 'hunter2' }, 'login/request must be integer'],
    [
      'a number that JSON cannot hold',
      encode(login).replace('"request":1', '"request":1e999'),
      'login/request must be integer',
    ],
    ['a field too long', { ...login, user: 'u'.repeat(254) }, 'login/user must not have more than 253 characters'],
    ['an unknown field', { ...login, hunter2: true }, 'login must not have additional properties'],
  ])('%s is malformed', (_, value, detail) => {
    expect(detailOf(value)).toBe(detail)
  })

  test('a missing field is told of the member that was meant', () => {
    expect(detailOf({ type: 'resume', request: 1, session: 's-1' })).toMatch(/^resume .*required/u)
  })

  test('no detail repeats what was sent', () => {
    const broken = Object.keys(login).flatMap((key) => [
      { ...login, [key]: { hunter2: 'hunter2' } },
      { ...login, [key]: 'hunter2'.repeat(100) },
      { ...login, [`hunter2${key}`]: 'hunter2' },
    ])
    for (const value of broken) expect(detailOf(value)).not.toContain('hunter2')
  })

  test('two members of one type are a defect', () => {
    const member = Type.Object({ type: Type.Literal('ping') })
    expect(() => decoder(Type.Union([member, member]))).toThrow('differ in type')
  })

  test('a problem in a file is told with its path', () => {
    const find = problemFinder(
      Type.Object({ sites: Type.Array(Type.Object({ port: Type.Integer({ maximum: 65_535 }) })) }),
    )
    expect(find({ sites: [{ port: 1 }] })).toBeNull()
    expect(find({ sites: [{ port: 1 }, { port: 70_000 }] })).toEqual({
      path: '/sites/1/port',
      problem: 'must be <= 65535',
    })
  })
})
