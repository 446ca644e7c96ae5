/**
 * One appliance process: `node appliance/main.ts --config FILE [--leash]` (docs/PROTOCOL.md, Processes). The composition
 * root: the only place where adapters are named.
 */
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { type FastifyInstance } from 'fastify'
import { type Logger } from 'pino'
import { loadConfig, type Loaded } from './config.ts'
import { ApplianceMachine } from './core/appliance.ts'
import { countOne } from './core/counters.ts'
import { type Store, type StoreFailure } from './core/store.ts'
import { createControl } from './shell/control.ts'
import { listen, type Listener } from './shell/listener.ts'
import { createLog } from './shell/log.ts'
import { memoryDisk } from './shell/memory-store.ts'
import { createMetrics } from './shell/metrics.ts'
import { ApplianceProcess } from './shell/process.ts'
import { type StoreRefusal } from './shell/sqlite-file.ts'
import { openSqliteStore, type SqliteStore } from './shell/sqlite-store.ts'
import { type ApplianceConfig } from '#shared/config.schema.ts'
import { realClock } from '#shared/clock.ts'
import { refusalLog } from '#shared/door/refusal-log.ts'
import { ApplianceId } from '#shared/ids.ts'
import { applianceTls, peerTls } from '#shared/pki/tls-options.ts'
import { randomStream } from '#shared/random.ts'

const exitCodes = { stopped: 0, usage: 64, badStore: 65, notToBeHad: 69, defect: 70, storeFailed: 74 } as const
/** Closing handshakes of links get this long at the end. */
const farewellMs = 300

const refusalExits = {
  damaged: 'badStore',
  'too-new': 'badStore',
  'in-use': 'notToBeHad',
  'sqlite-too-old': 'notToBeHad',
  full: 'storeFailed',
  failed: 'storeFailed',
} as const satisfies Record<StoreRefusal['code'], keyof typeof exitCodes>

type Arguments = { readonly config: string; readonly leash: boolean }

function readArguments(): Arguments | string {
  try {
    const { values } = parseArgs({
      options: { config: { type: 'string' }, leash: { type: 'boolean', default: false } },
    })
    if (values.config === undefined) return '--config FILE is missing'
    return { config: values.config, leash: values.leash }
  } catch (error) {
    return (error as Error).message
  }
}

function refuseUsage(problem: string): never {
  process.stderr.write(`${problem}\n`)
  process.exit(exitCodes.usage)
}

/** The runner that holds the other end of standard input is gone, and so is this process. */
function holdLeash(): void {
  const gone = (): never => process.exit(exitCodes.stopped)
  process.stdin.on('end', gone).on('close', gone).on('error', gone).resume()
}

/** In memory where the configuration names no file. */
function openStore(log: Logger, { id, storeFile, storePagesMax }: ApplianceConfig): Store & Partial<SqliteStore> {
  if (storeFile === undefined) return memoryDisk(id).open()
  const opened = openSqliteStore({ file: resolve(storeFile), appliance: id, pagesMax: storePagesMax })
  if (opened.ok) return opened.value
  const { code, text } = opened.error
  log.fatal({ kind: 'store.refused', code }, text)
  return process.exit(exitCodes[refusalExits[code]])
}

type Behind = {
  readonly machine: ApplianceMachine
  readonly store: ReturnType<typeof openStore>
  readonly appliance: ApplianceProcess
  readonly log: Logger
}

/** The control door; it does not listen yet. */
async function prepareDoor({ control }: ApplianceConfig, behind: Behind): Promise<FastifyInstance> {
  const { machine, store, appliance, log } = behind
  const refusals = new Map<string, number>()
  const told = refusalLog(({ text, data }) => log.warn({ kind: 'door.refused', rules: ['SC2'], ...data }, text))
  process.on('exit', () => told.flush())
  return await createControl({
    control,
    machine,
    metrics: createMetrics({ status: () => machine.status(), counters: machine.counters, refusals }),
    refused: (refused) => {
      countOne(refusals, refused.code)
      told.add(refused)
    },
    limitStore: store.limit === undefined ? null : (pagesMax) => store.limit?.(pagesMax),
    edit: (topology) => appliance.edit(topology),
    administer: (act) => appliance.administer(act),
    stop: () => appliance.askStop('control door'),
  })
}

async function start(log: Logger, { config, identity, connectTo }: Loaded): Promise<void> {
  const store = openStore(log, config)
  const machine = new ApplianceMachine({
    id: ApplianceId(config.id),
    topology: config.topology,
    people: config.people,
    policies: config.policies,
    random: randomStream(config.seed, config.id),
    logName: store.log,
    loginRate: config.loginRate,
  })
  const clock = realClock(config.topology.settings.timeScale)
  let listener: Listener | null = null
  const leave = (): void => {
    listener?.close()
    setTimeout(() => {
      store.close?.()
      process.exit(exitCodes.stopped)
    }, farewellMs)
  }
  const storeFailed = ({ code, text }: StoreFailure): never => {
    log.fatal({ kind: `store.${code}`, rules: ['RP2'] }, text)
    process.exit(exitCodes.storeFailed)
  }
  const tls = peerTls(identity)
  const appliance = new ApplianceProcess({ machine, store, clock, log, tls, connectTo, exit: leave, storeFailed })
  process.on('uncaughtException', (error) => {
    log.fatal({ kind: 'defect', error: error.stack, lastEvents: appliance.lastEvents }, 'a defect ends the process')
    process.exit(exitCodes.defect)
  })
  const control = await prepareDoor(config, { machine, store, appliance, log })
  appliance.start()
  process.on('SIGTERM', () => appliance.askStop('process'))
  process.on('SIGINT', () => appliance.askStop('process'))
  try {
    listener = await listen({
      tls: applianceTls(identity),
      ...config.listen,
      agentCame: (socket, transport) => appliance.agentCame(socket, transport),
      peerCame: (socket, transport, names) => appliance.peerCame(socket, transport, names),
    })
    await control.listen({ host: config.control.host ?? '127.0.0.1', port: config.control.port })
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    log.fatal({ kind: 'port.taken', code }, `a port could not be had: ${message}`)
    process.exit(exitCodes.notToBeHad)
  }
  log.info({ kind: 'ready', seed: config.seed, role: machine.status().role }, 'listens')
}

const given = readArguments()
if (typeof given === 'string') refuseUsage(`${given}\nusage: node appliance/main.ts --config FILE [--leash]`)
const loaded = loadConfig(given.config)
if (!loaded.ok) refuseUsage(loaded.error)
if (given.leash) holdLeash()
await start(createLog(loaded.value.config.id), loaded.value)
