/**
 * Text to message and back, at the boundary of every link (SC3). A message that is not JSON, not of a known type or out
 * of bounds is refused with a close code and a detail that names the field and what it must be, and never repeats what
 * was sent: a message may carry a password.
 *
 * A link kind is a union of objects that differ in `type`. The decoder looks at `type` first, so that a problem is told
 * of the member that was meant.
 */
import { type Static, type TObject, type TSchema, type TUnion } from 'typebox'
import { Compile } from 'typebox/compile'
import { assert } from '#shared/assert.ts'
import { type Result, fail, ok } from '#shared/result.ts'
import { AgentMessageSchema, ApplianceMessageSchema } from '#shared/wire/agent-link.schema.ts'
import { closeCodes } from '#shared/wire/close-codes.ts'

export type WireProblem = { readonly closeCode: number; readonly detail: string }
export type Decoder<Message> = (data: string | Buffer) => Result<Message, WireProblem>

/** One problem of a value against a schema. `path` is a JSON pointer, empty for the value itself. */
export type SchemaProblem = { readonly path: string; readonly problem: string }

type Validator = { Check(value: unknown): boolean; Errors(value: unknown): readonly SchemaError[] }
type SchemaError = {
  readonly keyword: string
  readonly schemaPath: string
  readonly instancePath: string
  readonly message: string
}

/** The text of a message. */
export function encode(message: object): string {
  return JSON.stringify(message)
}

/** The decoder of one link direction: a union of objects, each with its own literal `type`. */
export function decoder<Members extends TObject[]>(schema: TUnion<Members>): Decoder<Static<TUnion<Members>>> {
  const validators = new Map<unknown, Validator>()
  const fields = fieldNames(schema)
  for (const member of schema.anyOf) {
    const type = literalType(member)
    assert(!validators.has(type), 'the members of a message union differ in type')
    validators.set(type, Compile(member))
  }
  return (data) => {
    const value = parse(data)
    if (typeof value !== 'object' || value === null) return malformed('not a JSON object')
    const validator = validators.get('type' in value ? value.type : undefined)
    if (validator === undefined) return malformed('no known message type')
    if (validator.Check(value)) return ok(value as Static<TUnion<Members>>)
    const { path, problem } = firstProblem(validator.Errors(value))
    return malformed(`${String('type' in value ? value.type : '')}${withoutKeys(path, fields)} ${problem}`)
  }
}

/** What an agent sends, decoded by an appliance. */
export const decodeAgentMessage = decoder(AgentMessageSchema)
/** What an appliance sends, decoded by an agent. */
export const decodeApplianceMessage = decoder(ApplianceMessageSchema)

/**
 * Checks values against a schema; the answer is the first problem, or `null`. For files, where a person reads it.
 */
export function problemFinder(schema: TSchema): (value: unknown) => SchemaProblem | null {
  const validator: Validator = Compile(schema)
  return (value) => (validator.Check(value) ? null : firstProblem(validator.Errors(value)))
}

/** For one unknown field there are two errors, of which the parent's is readable and does not repeat its name. */
function firstProblem(errors: readonly SchemaError[]): SchemaProblem {
  const readable = errors.find((error) => error.keyword !== 'boolean') ?? errors[0]
  assert(readable !== undefined, 'a value that fails its schema has a problem')
  return { path: readable.instancePath, problem: readable.message }
}

/** Names of all fields of all objects in a schema. */
function fieldNames(schema: object): ReadonlySet<string> {
  const names = new Set<string>()
  JSON.stringify(schema, (key, value: unknown) => {
    if (key === 'properties') for (const name of Object.keys(value as object)) names.add(name)
    return value
  })
  return names
}

/** Keys of a record are not of the schema but of what was sent. */
function withoutKeys(path: string, fields: ReadonlySet<string>): string {
  const steps = path.split('/').map((step) => (step === '' || /^\d+$/u.test(step) || fields.has(step) ? step : '*'))
  return steps.join('/')
}

function parse(data: string | Buffer): unknown {
  try {
    return JSON.parse(data.toString())
  } catch {
    return undefined
  }
}

function literalType(member: TObject): unknown {
  const type: unknown = member.properties['type']
  assert(typeof type === 'object' && type !== null && 'const' in type, 'a message has a literal type')
  return type.const
}

function malformed(detail: string): Result<never, WireProblem> {
  return fail({ closeCode: closeCodes.malformed, detail })
}
