/**
 * Reads a value by its schema and reports every place where it differs, each with what to write instead.
 *
 * The library's own errors stop after eight and name schemas; a person wants all of them, in words, with the key that
 * was probably meant. So this walks the few keywords that `file.schema.ts` uses and treats any other as a defect.
 */
import { type Static, type TObject } from 'typebox'
import { assert } from '#shared/assert.ts'
import { nearest, suggest } from '#shared/topology/nearest.ts'
import { type Path, type Report, formatField } from '#shared/topology/problems.ts'

/** The keywords of JSON Schema that are read here. */
type Keywords = {
  readonly type?: 'object' | 'array' | 'string' | 'number' | 'integer'
  readonly description?: string
  readonly const?: unknown
  readonly anyOf?: readonly Keywords[]
  readonly properties?: Readonly<Record<string, Keywords>>
  readonly required?: readonly string[]
  readonly items?: Keywords
  readonly maxItems?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly minimum?: number
  readonly exclusiveMinimum?: number
  readonly maximum?: number
}

/**
 * The value as its schema has it, or `null` when it does not fit; what is wrong is reported. Unknown keys are reported
 * and otherwise passed over, so that one typing error does not hide the rest.
 */
export function readShape<Schema extends TObject>(
  schema: Schema,
  value: unknown,
  path: Path,
  report: Report,
): Static<Schema> | null {
  return fits(schema, value, path, report) ? (value as Static<Schema>) : null
}

export type Item<Value> = { readonly value: Value; readonly path: Path }

/** `complete`: every item could be read, so that a reference to something unknown is a mistake of the reference. */
export type Items<Value> = { readonly items: readonly Item<Value>[]; readonly complete: boolean }

export function readItems<Schema extends TObject>(
  schema: Schema,
  values: readonly unknown[] | undefined,
  path: Path,
  report: Report,
): Items<Static<Schema>> {
  const items: Item<Static<Schema>>[] = []
  for (const [index, raw] of (values ?? []).entries()) {
    const value = readShape(schema, raw, [...path, index], report)
    if (value !== null) items.push({ value, path: [...path, index] })
  }
  return { items, complete: items.length === (values?.length ?? 0) }
}

function fits(schema: Keywords, value: unknown, path: Path, report: Report): boolean {
  if (schema.anyOf !== undefined) return fitsWord(schema.anyOf, value, path, report)
  switch (schema.type) {
    case 'object':
      return fitsObject(schema, value, path, report)
    case 'array':
      return fitsList(schema, value, path, report)
    case 'string':
      return fitsText(schema, value, path, report)
    case 'integer':
    case 'number':
      return fitsNumber(schema, value, path, report)
    default:
      assert(schema.const === undefined, 'a single word is written as a union of one')
      return true
  }
}

function fitsObject(schema: Keywords, value: unknown, path: Path, report: Report): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    const keys = Object.keys(schema.properties ?? {})
    return wrongType(path, `a mapping with the keys ${keys.join(', ')}`, report)
  }
  const properties = schema.properties ?? {}
  const given = value as Readonly<Record<string, unknown>>
  const unknown = Object.keys(given).filter((key) => !Object.hasOwn(properties, key))
  for (const key of unknown) reportUnknownKey(key, properties, path, report)
  const missing = (schema.required ?? []).filter((key) => !Object.hasOwn(given, key))
  for (const key of missing) {
    // A mistyped key that was surely meant for this one is already reported.
    if (unknown.some((word) => nearest(word, Object.keys(properties)) === key)) continue
    const text = `${formatField(path)} has no ${key}`
    report({ code: 'missing-key', rule: null, path, text, remedy: `add ${key}: ${expected(properties[key])}` })
  }
  const fitting = Object.keys(properties)
    .filter((key) => Object.hasOwn(given, key))
    .map((key) => fits(properties[key] as Keywords, given[key], [...path, key], report))
  return missing.length === 0 && fitting.every(Boolean)
}

function reportUnknownKey(
  key: string,
  properties: Readonly<Record<string, Keywords>>,
  path: Path,
  report: Report,
): void {
  const offered = Object.keys(properties).filter((name) => !isRefused(properties[name] as Keywords))
  const text = `${formatField(path)} has no key "${key}"`
  const remedy = suggest(key, offered)
  report({ code: 'unknown-key', rule: null, path: [...path, key], at: 'key', text, remedy })
}

/** Known only in order to be refused. */
function isRefused(schema: Keywords): boolean {
  return schema.type === undefined && schema.anyOf === undefined && schema.description === undefined
}

function fitsList(schema: Keywords, value: unknown, path: Path, report: Report): boolean {
  if (!Array.isArray(value)) return wrongType(path, expected(schema), report)
  const { items, maxItems } = schema
  assert(items !== undefined, 'the schema of a list says what its items are')
  const fitting = value.map((item, index) => fits(items, item, [...path, index], report))
  if (maxItems !== undefined && value.length > maxItems) {
    return outOfRange(path, `has ${value.length} items`, `at most ${maxItems}`, report)
  }
  return fitting.every(Boolean)
}

function fitsText(schema: Keywords, value: unknown, path: Path, report: Report): boolean {
  if (typeof value !== 'string') {
    const quotable = schema.description === undefined && (typeof value === 'number' || typeof value === 'boolean')
    return wrongType(path, expected(schema), report, quotable ? 'put it in quotes' : undefined)
  }
  const { minLength = 0, maxLength = Infinity } = schema
  if (value.trim().length < minLength) return wrongType(path, expected(schema), report)
  if (value.length > maxLength)
    return outOfRange(path, `has ${value.length} characters`, `at most ${maxLength}`, report)
  return true
}

function fitsNumber(schema: Keywords, value: unknown, path: Path, report: Report): boolean {
  const isNumber = typeof value === 'number' && Number.isFinite(value)
  if (!isNumber || (schema.type === 'integer' && !Number.isSafeInteger(value))) {
    return wrongType(path, expected(schema), report)
  }
  const { minimum = -Infinity, exclusiveMinimum = -Infinity, maximum = Infinity } = schema
  const inside = value >= minimum && value > exclusiveMinimum && value <= maximum
  return inside || outOfRange(path, `is ${value}`, bounds(schema), report)
}

function fitsWord(words: readonly Keywords[], value: unknown, path: Path, report: Report): boolean {
  const known = words.map((word) => word.const)
  if (known.includes(value)) return true
  const texts = known.map(String)
  const text = `${formatField(path)} is none of the words ${texts.join(', ')}`
  const remedy = suggest(typeof value === 'string' ? value : '', texts)
  report({ code: 'unknown-word', rule: null, path, text, remedy })
  return false
}

function wrongType(path: Path, wanted: string, report: Report, remedy = `write ${wanted}`): false {
  report({ code: 'wrong-type', rule: null, path, text: `${formatField(path)} is not ${wanted}`, remedy })
  return false
}

function outOfRange(path: Path, state: string, allowed: string, report: Report): false {
  const text = `${formatField(path)} ${state}`
  report({ code: 'value-out-of-range', rule: null, path, text, remedy: `keep it ${allowed}` })
  return false
}

function bounds(schema: Keywords): string {
  const { minimum, exclusiveMinimum, maximum } = schema
  const above = exclusiveMinimum === undefined ? [] : [`above ${exclusiveMinimum}`]
  const from = minimum === undefined ? [] : [`at least ${minimum}`]
  const to = maximum === undefined ? [] : [`at most ${maximum}`]
  return [...above, ...from, ...to].join(' and ')
}

/** What a person should write for a schema, in words. */
function expected(schema: Keywords | undefined): string {
  if (schema?.description !== undefined) return schema.description
  if (schema?.anyOf !== undefined) return schema.anyOf.map((word) => String(word.const)).join(' or ')
  switch (schema?.type) {
    case 'object':
      return `a mapping with the keys ${Object.keys(schema.properties ?? {}).join(', ')}`
    case 'array':
      return 'a list'
    case 'integer':
      return 'a whole number'
    case 'number':
      return 'a number'
    default:
      return 'text'
  }
}
