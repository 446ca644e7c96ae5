/** A compose project of a test: the commands that a person types, and the doors of the lab that they bring up. */
import { execFile, execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { type AgentStatus } from '#shared/decision.ts'
import { type LabConfig } from '../compose/config-files.ts'
import { projectRoot } from '../run-folder.ts'
import { type Door, openDoor } from '../world/door.ts'

const run = promisify(execFile)
const commandMs = 240_000
const lookEveryMs = 250

const preparedWithinMs = 600_000

/**
 * Whether tests of containers are skipped: no engine answers here. With `REQUIRE_ENGINE=1` they are not, and fail. While
 * somebody prepares one, `ENGINE_OUTCOME` names the file that will hold `0`, or another number where it cannot be had.
 */
export async function isWithoutEngine(): Promise<boolean> {
  const { ENGINE_OUTCOME: file, REQUIRE_ENGINE: required } = process.env
  if (file === undefined) return required !== '1' && !engineAnswers()
  const deadline = performance.now() + preparedWithinMs
  while (!existsSync(file)) {
    if (performance.now() > deadline) throw new Error(`nobody wrote ${file} within ${preparedWithinMs / 1000} s`)
    await delay(lookEveryMs)
  }
  return readFileSync(file, 'utf8').trim() !== '0'
}

/** Whether `docker` and `docker compose` answer here. */
function engineAnswers(): boolean {
  try {
    for (const parameters of [['info'], ['compose', 'version']]) {
      execFileSync('docker', parameters, { stdio: 'ignore', timeout: 20_000 })
    }
    return true
  } catch {
    return false
  }
}

/** One `docker` command in the project's folder; rejects with what it printed. */
export async function docker(...parameters: readonly string[]): Promise<string> {
  const { stdout } = await run('docker', parameters, { cwd: projectRoot, timeout: commandMs, maxBuffer: 64 << 20 })
  return stdout.trim()
}

/** A project of one compose file; `await using` takes it down with its volumes. */
export class ComposeProject implements AsyncDisposable {
  readonly name: string
  readonly #file: string

  constructor(name: string, file: string) {
    this.name = name
    this.#file = file
  }

  async compose(...parameters: readonly string[]): Promise<string> {
    return await docker('compose', '-p', this.name, '-f', this.#file, '--project-directory', projectRoot, ...parameters)
  }

  /** Containers, networks and volumes that the engine has of it. */
  async remains(): Promise<string[]> {
    const filter = ['--filter', `label=com.docker.compose.project=${this.name}`]
    const found = await Promise.all([
      docker('ps', '-a', '--format', '{{.Names}}', ...filter),
      docker('network', 'ls', '--format', '{{.Name}}', ...filter),
      docker('volume', 'ls', '--format', '{{.Name}}', ...filter),
    ])
    return found.flatMap((text) => text.split('\n').filter((line) => line !== ''))
  }

  /** Its container, as `docker kill` and `docker start` take it. */
  container(service: string): string {
    return `${this.name}-${service}-1`
  }

  async doors(): Promise<LabDoors> {
    return new LabDoors(JSON.parse(await this.compose('exec', '-T', 'lab', 'door', 'list')) as LabConfig)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.compose('down', '-v', '--remove-orphans')
  }
}

/** The published doors of a lab of containers. */
export class LabDoors {
  readonly #config: LabConfig

  constructor(config: LabConfig) {
    this.#config = config
  }

  /** Of an appliance's id or an agent process's name. */
  of(name: string): Door {
    const door = [...this.#config.appliances, ...this.#config.agents].find((one) => one.name === name)
    if (door === undefined) throw new Error(`the lab has no door of ${name}`)
    return openDoor(door.published, door.token)
  }

  async agent(name: string): Promise<AgentStatus> {
    const { body } = await this.of(name).call('GET', `/agents/${name}/status`)
    return body as AgentStatus
  }
}

/** Asks until the answer is `true`; rejects after `withinMs`, with the last that was seen. */
export async function seen(what: string, withinMs: number, look: () => Promise<true | string>): Promise<void> {
  const endMs = Date.now() + withinMs
  for (;;) {
    const found = await look().catch((error: unknown) => String(error))
    if (found === true) return
    if (Date.now() > endMs) throw new Error(`not within ${withinMs / 1000} s: ${what}; last seen: ${found}`)
    await delay(lookEveryMs)
  }
}
