/**
 * One agent process, a workstation's or a fleet's: `node agent/main.ts --config FILE [--leash]` (docs/PROTOCOL.md,
 * Processes). The composition root: the only place where adapters are named.
 */
import { readAgentConfig, type AgentStart } from './config.ts'
import { agentMachine } from './core/agent.ts'
import { openControl, type ControlDoor } from './shell/control.ts'
import { agentHost, type AgentHost } from './shell/host.ts'
import { type Log, openLog } from './shell/log.ts'
import { refusalLog } from '#shared/door/refusal-log.ts'
import { agentTls } from '#shared/pki/tls-options.ts'

const exitCodes = { stopped: 0, usage: 64, portTaken: 69, defect: 70 } as const

/** The runner that holds the other end of standard input is gone, and so is this process. */
function holdLeash(): void {
  const gone = (): never => process.exit(exitCodes.stopped)
  process.stdin.on('end', gone).on('close', gone).on('error', gone).resume()
}

function tellDefects(log: Log, host: AgentHost): void {
  process.on('uncaughtException', (error) => {
    const data = { error: error.stack ?? String(error), lastEvents: host.lastEvents() }
    log({ kind: 'defect', level: 'error', rules: [], text: 'a defect ends the process', data })
    process.exit(exitCodes.defect)
  })
}

async function openDoor(log: Log, host: AgentHost, { config }: AgentStart): Promise<ControlDoor> {
  const refusals = refusalLog((line) => log({ kind: 'door.refused', level: 'warn', rules: ['SC2'], ...line }))
  process.on('exit', () => refusals.flush())
  const door = await openControl(host.door, { ...config.control, refused: (refused) => refusals.add(refused) })
  if (door.ok) return door.value
  log({ kind: 'port.taken', level: 'error', rules: [], text: `a port could not be had: ${door.error}` })
  return process.exit(exitCodes.portTaken)
}

async function start(given: AgentStart): Promise<void> {
  const { config, ca } = given
  const log = openLog()
  let stopping = false
  let door: ControlDoor | undefined
  const stop = async (askedOf: string): Promise<void> => {
    if (stopping) return
    stopping = true
    log({ kind: 'stopping', level: 'info', rules: [], text: `stops as asked of its ${askedOf}` })
    await host.stop()
    await door?.close()
    process.exit(exitCodes.stopped)
  }
  const onStop = (): void => void stop('control door')
  const onSignal = (): void => void stop('process')
  const host = agentHost(config, { createMachine: agentMachine, tls: agentTls({ ca }), log, onStop })
  tellDefects(log, host)
  process.on('SIGTERM', onSignal)
  process.on('SIGINT', onSignal)
  door = await openDoor(log, host, given)
  host.start()
  const data = { seed: config.seed, agents: config.agents.length }
  log({ kind: 'ready', level: 'info', rules: [], text: 'the control door is open', data })
}

const given = readAgentConfig(process.argv.slice(2))
if (given.ok) {
  if (given.value.leash) holdLeash()
  await start(given.value)
} else {
  process.stderr.write(`${given.error}\n`)
  process.exitCode = exitCodes.usage
}
