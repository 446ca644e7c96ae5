/**
 * Finds a fault proxy server: the one at `TOXIPROXY_URL`, else `toxiproxy-server` on the `PATH`, else the relay. A server
 * that is started here ends with this process, however that ends.
 */
import { access, constants } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Toxiproxy } from 'toxiproxy-node-client'
import { LabFailed, messageOf } from '../outcome.ts'
import { isPortFree } from '../ports.ts'
import { type Fabric } from './fabric.ts'
import { type ServerProcess, type ServerSpec, startServer } from './server-process.ts'
import { call } from './toxiproxy-call.ts'
import { requireLinkName, toxiproxyFabric } from './toxiproxy-fabric.ts'

const startMaxMs = 15_000
const startPollMs = 15
const relayVersion = /^relay/

export type FabricOptions = {
  /** Of the relay's chance; Toxiproxy has no seed. */
  readonly seed: string
  /** A free port for the API of a server that is started here. */
  readonly apiPort: number
  /** Of proxy names; one for each run, so that a shared server can tell runs apart. */
  readonly prefix: string
  /** An existing folder for the log of a server that is started here. */
  readonly logFolder?: string | undefined
  /** `TOXIPROXY_URL` and `PATH` are read from it; a server that is started gets all of it. */
  readonly environment: Readonly<Record<string, string | undefined>>
}

/** Rejects with `LabFailed` when the server does not answer or cannot be started. */
export async function openFabric(options: FabricOptions): Promise<Fabric> {
  const { environment, prefix } = options
  requireLinkName(prefix)
  if (environment.TOXIPROXY_URL) return await useShared(environment.TOXIPROXY_URL, prefix)
  const program = await findToxiproxy(environment)
  return program === undefined ? await useRelay(options) : await useProgram(program, options)
}

/** The path of `toxiproxy-server` on the `PATH`. */
export async function findToxiproxy({ PATH }: FabricOptions['environment']): Promise<string | undefined> {
  for (const folder of (PATH ?? '').split(delimiter).filter((entry) => entry !== '')) {
    const program = join(folder, process.platform === 'win32' ? 'toxiproxy-server.exe' : 'toxiproxy-server')
    const isThere = await access(program, constants.X_OK).then(
      () => true,
      () => false,
    )
    if (isThere) return program
  }
  return undefined
}

async function useShared(given: string, prefix: string): Promise<Fabric> {
  const url = sharedUrl(given)
  const version = await versionAt(url).catch((error: unknown) => {
    throw new LabFailed(`TOXIPROXY_URL is ${given}, but no Toxiproxy answers there: ${messageOf(error)}`)
  })
  const isRelay = relayVersion.test(version)
  const description = `${isRelay ? '' : 'toxiproxy '}${version} at ${url} (TOXIPROXY_URL)`
  return toxiproxyFabric({ kind: isRelay ? 'relay' : 'toxiproxy', description, url, prefix })
}

/** `localhost` may mean ::1, where Toxiproxy does not listen. */
function sharedUrl(given: string): string {
  const url = URL.parse(given)
  if (url?.protocol !== 'http:')
    throw new LabFailed(`TOXIPROXY_URL is ${given}, expected a URL as http://127.0.0.1:8474`)
  if (url.hostname === 'localhost') url.hostname = '127.0.0.1'
  return url.origin
}

async function useProgram(program: string, options: FabricOptions): Promise<Fabric> {
  const { apiPort, prefix, environment } = options
  const { url, version, server } = await startAt(options, {
    main: new URL('./watchdog.ts', import.meta.url),
    arguments: [program, '-host', '127.0.0.1', '-port', String(apiPort)],
    // It writes two lines for each connection otherwise.
    environment: { LOG_LEVEL: 'warn', ...environment },
    logFile: logFile(options, 'toxiproxy.log'),
  })
  const description = `toxiproxy ${version} at ${url} (${program})`
  return toxiproxyFabric({ kind: 'toxiproxy', description, url, prefix, stopServer: () => server.stop() })
}

async function useRelay(options: FabricOptions): Promise<Fabric> {
  const { apiPort, prefix, environment, seed } = options
  const { url, server } = await startAt(options, {
    main: new URL('./relay-main.ts', import.meta.url),
    arguments: ['--port', String(apiPort), '--seed', seed, '--leash'],
    environment,
    logFile: logFile(options, 'relay.log'),
  })
  return toxiproxyFabric({
    kind: 'relay',
    description: 'relay (Node alone)',
    url,
    prefix,
    stopServer: () => server.stop(),
  })
}

type Started = { readonly url: string; readonly version: string; readonly server: ServerProcess }

async function startAt({ apiPort }: FabricOptions, spec: ServerSpec): Promise<Started> {
  // Otherwise the program that holds the port could answer for ours.
  if (!(await isPortFree(apiPort)))
    throw new LabFailed(`fault proxy server: port ${apiPort} is taken by another program`)
  const url = `http://127.0.0.1:${apiPort}`
  const server = startServer(spec)
  const deadline = performance.now() + startMaxMs
  for (;;) {
    const version = await versionAt(url).catch(() => undefined)
    if (server.ended !== undefined) throw new LabFailed(`fault proxy server: it ended at its start: ${server.ended}`)
    if (version !== undefined) return { url, version, server }
    if (performance.now() > deadline) {
      await server.stop()
      throw new LabFailed(`fault proxy server: it does not answer at ${url} within ${startMaxMs} ms`)
    }
    await delay(startPollMs)
  }
}

/** The version that a server at `url` tells; rejects when none answers as Toxiproxy does. */
export async function versionAt(url: string): Promise<string> {
  // The client hands out the raw JSON.
  const json: unknown = JSON.parse(await call('version', new Toxiproxy(url).getVersion()))
  const version = typeof json === 'object' && json !== null && 'version' in json ? json.version : undefined
  if (typeof version !== 'string') throw new LabFailed(`${url} answers, but not as Toxiproxy does`)
  return version
}

function logFile({ logFolder }: FabricOptions, name: string): string | undefined {
  return logFolder === undefined ? undefined : join(logFolder, name)
}
