/** Reads the JSON bodies of the relay's API. As in the original, what is left out has a default and what is unknown is ignored. */
import { RelayError } from './relay-error.ts'
import { type ProxyView } from './relay-proxy.ts'
import { type StreamName, type Toxic, toxicKind } from './toxics/toxic.ts'

type Fields = Readonly<Record<string, unknown>>
export type ProxyInput = Omit<ProxyView, 'toxics'>

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw badBody(error instanceof Error ? error.message : 'not JSON')
  }
}

/** A proxy; `defaults` are those of the proxy to change, or of a new one. */
export function parseProxy(body: unknown, defaults: ProxyInput): ProxyInput {
  const fields = fieldsOf(body)
  const proxy = {
    name: field(fields, 'name', defaults.name),
    listen: field(fields, 'listen', defaults.listen),
    upstream: field(fields, 'upstream', defaults.upstream),
    enabled: field(fields, 'enabled', defaults.enabled),
  }
  if (proxy.name === '') throw new RelayError(400, 'missing required field: name')
  if (proxy.upstream === '') throw new RelayError(400, 'missing required field: upstream')
  return proxy
}

/** The list of `populate`. */
export function parseProxies(body: unknown, defaults: ProxyInput): ProxyInput[] {
  if (!Array.isArray(body)) throw badBody('expected a list of proxies')
  return body.map((item) => parseProxy(item, defaults))
}

export function parseToxic(body: unknown): Toxic {
  const fields = fieldsOf(body)
  const stream = streamOf(field<string>(fields, 'stream', 'downstream'))
  const type = field(fields, 'type', '')
  const name = field(fields, 'name', '') || `${type}_${stream}`
  const names = toxicKind(type)?.attributes
  if (names === undefined) throw new RelayError(400, 'invalid toxic type')
  const attributes = attributesOf(fields, Object.fromEntries(names.map((attribute) => [attribute, 0])))
  return { name, type, stream, toxicity: field(fields, 'toxicity', 1), attributes }
}

/** A change of attributes or toxicity; name, type and stream of a toxic stay. */
export function parseToxicChange(body: unknown, toxic: Toxic): Toxic {
  const fields = fieldsOf(body)
  const toxicity = field(fields, 'toxicity', toxic.toxicity)
  return { ...toxic, toxicity, attributes: attributesOf(fields, toxic.attributes) }
}

function attributesOf(fields: Fields, defaults: Toxic['attributes']): Toxic['attributes'] {
  const given = fields.attributes === undefined ? {} : fieldsOf(fields.attributes)
  return Object.fromEntries(Object.entries(defaults).map(([name, value]) => [name, field(given, name, value)]))
}

function field<Value extends string | number | boolean>(fields: Fields, name: string, otherwise: Value): Value {
  const value = fields[name]
  if (value === undefined || value === null) return otherwise
  if (typeof value !== typeof otherwise)
    throw badBody(`${name} is ${JSON.stringify(value)}, expected a ${typeof otherwise}`)
  return value as Value
}

function fieldsOf(body: unknown): Fields {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw badBody('expected an object')
  return body as Fields
}

function streamOf(text: string): StreamName {
  if (text === 'upstream' || text === 'downstream') return text
  throw new RelayError(400, 'stream was invalid, can be either upstream or downstream')
}

function badBody(text: string): RelayError {
  return new RelayError(400, `bad request body: ${text}`)
}
