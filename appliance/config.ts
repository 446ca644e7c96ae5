/** Reads an appliance's configuration file; a mistake in it is told with file and field. */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { createSecureContext } from 'node:tls'
import { type Place } from './shell/peer-dialer.ts'
import { type ApplianceConfig, ApplianceConfigSchema } from '#shared/config.schema.ts'
import { Endpoint } from '#shared/ids.ts'
import { fail, ok, type Result } from '#shared/result.ts'
import { parseServer } from '#shared/topology/server.ts'
import { problemFinder } from '#shared/wire/codec.ts'

export type Identity = { readonly ca: string; readonly cert: string; readonly key: string }
export type Loaded = {
  readonly config: ApplianceConfig
  readonly identity: Identity
  /** By `HOST:PORT` as dialled. */
  readonly connectTo: ReadonlyMap<string, Place>
}

const findProblem = problemFinder(ApplianceConfigSchema)

/** The error is one sentence for the person who wrote the file. */
export function loadConfig(file: string): Result<Loaded, string> {
  const text = readText(file)
  if (!text.ok) return text
  const value = parseJson(text.value)
  if (!value.ok) return fail(`${file}: ${value.error}`)
  const problem = findProblem(value.value)
  if (problem !== null) return fail(`${file}: ${problem.path === '' ? 'the file' : problem.path} ${problem.problem}`)
  const config = value.value as ApplianceConfig
  if (!config.topology.appliances.some(({ id }) => id === config.id)) {
    return fail(`${file}: /id is "${config.id}", which is no appliance of /topology`)
  }
  const connectTo = readConnectTo(config)
  if (!connectTo.ok) return fail(`${file}: ${connectTo.error}`)
  const identity = readIdentity(config)
  if (!identity.ok) return fail(`${file}: ${identity.error}`)
  return ok({ config, identity: identity.value, connectTo: connectTo.value })
}

function readConnectTo({ connectTo }: ApplianceConfig): Result<ReadonlyMap<string, Place>, string> {
  const places = new Map<string, Place>()
  for (const [index, { from, to }] of connectTo.entries()) {
    const source = parseServer(from)
    const target = parseServer(to)
    if (!source.ok) return fail(`/connectTo/${index}/from: ${source.error}`)
    if (!target.ok) return fail(`/connectTo/${index}/to: ${target.error}`)
    places.set(Endpoint(source.value.host, source.value.port), target.value)
  }
  return ok(places)
}

function readIdentity({ caFile, certificateFile, keyFile }: ApplianceConfig): Result<Identity, string> {
  const ca = readText(caFile)
  if (!ca.ok) return fail(`/caFile: ${ca.error}`)
  const cert = readText(certificateFile)
  if (!cert.ok) return fail(`/certificateFile: ${cert.error}`)
  const key = readText(keyFile)
  if (!key.ok) return fail(`/keyFile: ${key.error}`)
  const identity = { ca: ca.value, cert: cert.value, key: key.value }
  try {
    createSecureContext(identity)
    return ok(identity)
  } catch (error) {
    return fail(`/caFile, /certificateFile and /keyFile make no TLS identity: ${(error as Error).message}`)
  }
}

function readText(file: string): Result<string, string> {
  try {
    return ok(readFileSync(resolve(file), 'utf8'))
  } catch (error) {
    return fail(`cannot read ${file}: ${(error as NodeJS.ErrnoException).code ?? 'unknown error'}`)
  }
}

function parseJson(text: string): Result<unknown, string> {
  try {
    return ok(JSON.parse(text) as unknown)
  } catch {
    return fail('not JSON')
  }
}
