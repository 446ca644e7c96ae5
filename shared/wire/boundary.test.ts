/** Every message of every link kind against what it must refuse: made from the schemas, so that a new one is held too. */
import fc from 'fast-check'
import { type TSchema } from 'typebox'
import { describe, expect, test } from 'vitest'
import { AgentMessageSchema, ApplianceMessageSchema } from './agent-link.schema.ts'
import { answersToAgent, answersToAsk } from './answers.ts'
import { closeCodes } from './close-codes.ts'
import { type Decoder, decoder } from './codec.ts'
import { PeerMessageSchema } from './peer-link.schema.ts'

type Shape = TSchema & {
  readonly anyOf?: readonly Shape[]
  readonly const?: unknown
  readonly type?: string
  readonly properties?: Readonly<Record<string, Shape>>
  readonly required?: readonly string[]
  readonly items?: Shape
  readonly patternProperties?: Readonly<Record<string, Shape>>
  readonly minLength?: number
  readonly minimum?: number
}
type Plain = Record<string, unknown>
/** A good message, and where objects lie in it that may be spoilt: the object, its shape. */
type Sample = { readonly message: Plain; readonly objects: readonly [Plain, Shape][] }

/** A value of that shape, with every optional field there; `choice` says which member of inner unions. */
function sampleOf(shape: Shape, choice: number, objects: [Plain, Shape][]): unknown {
  if (shape.anyOf !== undefined) return sampleOf(shape.anyOf[choice % shape.anyOf.length]!, choice, objects)
  if (shape.const !== undefined) return shape.const
  switch (shape.type) {
    case 'string':
      return 'x'.repeat(shape.minLength ?? 1)
    case 'integer':
    case 'number':
      return Math.max(1, shape.minimum ?? 1)
    case 'boolean':
      return true
    case 'array':
      return [sampleOf(shape.items!, choice, objects)]
    case 'object': {
      const [inner] = Object.values(shape.patternProperties ?? {})
      if (inner !== undefined) return { a: sampleOf(inner, choice, objects) }
      const entries = Object.entries(shape.properties ?? {}).map(([key, of]) => [key, sampleOf(of, choice, objects)])
      const value = Object.fromEntries(entries) as Plain
      objects.push([value, shape])
      return value
    }
    default:
      throw new Error(`a shape that no sample is made of: ${JSON.stringify(shape)}`)
  }
}

const choicesMax = 6

function samplesOf(member: Shape): Sample[] {
  return Array.from({ length: choicesMax }, (_, choice) => {
    const objects: [Plain, Shape][] = []
    return { message: sampleOf(member, choice, objects) as Plain, objects }
  })
}

/** Every way to spoil one field of one object of a message, undone afterwards. */
function* spoilt({ message, objects }: Sample): Iterable<[why: string, text: string]> {
  const text = (): string => JSON.stringify(message)
  for (const [object, shape] of objects) {
    for (const key of Object.keys(shape.properties ?? {})) {
      const good = object[key]
      object[key] = { hunter2: 'hunter2' }
      yield [`${key} of another kind`, text()]
      object[key] = null
      yield [`${key} null`, text()]
      delete object[key]
      if (shape.required?.includes(key) ?? false) yield [`${key} missing`, text()]
      object[key] = good
    }
    for (const extra of ['hunter2', 'constructor', '']) {
      object[extra] = 1
      yield [`a field "${extra}" too many`, text()]
      delete object[extra]
    }
    yield ['a field __proto__ too many', text().replace('{', '{"__proto__":{"x":1},')]
  }
}

const kinds: readonly [string, { readonly anyOf: readonly TSchema[] }, Decoder<unknown>][] = [
  ['agent', AgentMessageSchema, decoder(AgentMessageSchema)],
  ['appliance', ApplianceMessageSchema, decoder(ApplianceMessageSchema)],
  ['peer', PeerMessageSchema, decoder(PeerMessageSchema)],
]
const members = kinds.flatMap(([kind, { anyOf }, decode]) =>
  anyOf.map((member) => {
    const shape = member as Shape
    return { title: `${kind} ${String(shape.properties?.['type']?.const)}`, shape, decode }
  }),
)

describe('the boundary', () => {
  test.each(members)('[SC3] takes $title as it must be, and refuses it spoilt in any field', ({ shape, decode }) => {
    let refused = 0
    for (const sample of samplesOf(shape)) {
      expect(decode(JSON.stringify(sample.message))).toEqual({ ok: true, value: sample.message })
      for (const [why, text] of spoilt(sample)) {
        const decoded = decode(text)
        const told = decoded.ok ? 'taken' : decoded.error
        expect({ why, told }).toMatchObject({ why, told: { closeCode: closeCodes.malformed } })
        expect(JSON.stringify(told)).not.toContain('hunter2')
        refused += 1
      }
    }
    expect(refused).toBeGreaterThan(choicesMax * 4)
  })

  test.each(kinds)('[SC3] anything else is malformed, and never throws: %s', (_kind, _schema, decode) => {
    const anything = fc.oneof(
      fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
      fc.string(),
      fc.json({ depthSize: 'large' }),
      fc
        .record({ type: fc.constantFrom('hello', 'login', 'changes', 'welcome', 'asked'), request: fc.anything() })
        .map((value) => JSON.stringify(value, (_key, inner: unknown) => (typeof inner === 'bigint' ? 1 : inner))),
      fc.integer({ min: 1, max: 100_000 }).map((depth) => `{"type":${'['.repeat(depth)}`),
      fc
        .integer({ min: 1, max: 100_000 })
        .map((depth) => `{"type":"login","user":${'['.repeat(depth)}${']'.repeat(depth)}}`),
    )
    fc.assert(
      fc.property(anything, (data) => {
        expect(decode(data)).toMatchObject({ ok: false, error: { closeCode: closeCodes.malformed } })
      }),
      { numRuns: 500 },
    )
  })

  test('every request and every ask has its answers', () => {
    const typesOf = (kind: number): unknown[] =>
      kinds[kind]![1].anyOf.map((member) => (member as Shape).properties?.['type']?.const)
    expect(Object.keys(answersToAgent)).toEqual(typesOf(0).filter((type) => type !== 'hello'))
    expect(typesOf(1)).toEqual(expect.arrayContaining(Object.values(answersToAgent).flat()))
    expect(Object.keys(answersToAsk).length).toBeGreaterThan(0)
  })
})
