import { describe, expect, test } from 'vitest'
import { hashed } from './offline-hash.ts'

const made = async (password: string) => {
  const event = await hashed({ type: 'make-verifier', job: 1, password }, 'minimum')
  return event.type === 'verifier.made' ? event.verifier : ''
}

describe('[OF4] a verifier', () => {
  test('is salted and memory-hard', async () => {
    const [one, two] = [await made('correct-horse'), await made('correct-horse')]
    expect(one).toMatch(/^\$argon2id\$/u)
    expect(one).not.toBe(two)
  })

  test('costs what the product does where nothing else is asked for', async () => {
    const event = await hashed({ type: 'make-verifier', job: 1, password: 'p' }, 'product')
    expect(event).toMatchObject({ type: 'verifier.made', job: 1, verifier: expect.stringContaining('m=19456,t=2,p=1') })
  })

  test.each([
    ['its password', 'correct-horse', undefined, true],
    ['another password', 'wrong-horse', undefined, false],
    ['a verifier that is none', 'correct-horse', 'none', false],
  ])('is matched by its password alone: %s', async (_, password, given, ok) => {
    const verifier = given ?? (await made('correct-horse'))
    expect(await hashed({ type: 'verify-offline', job: 7, verifier, password }, 'minimum')).toEqual({
      type: 'offline.verified',
      job: 7,
      ok,
    })
  })
})
