/**
 * The appliance processes of a lab, and the truth about each: `serving` when its own health door says so, `not-serving`
 * just before the lab acts on it.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { type ApplianceConfig } from '#shared/config.schema.ts'
import { assert } from '#shared/assert.ts'
import { type ApplianceId } from '#shared/ids.ts'
import { type Appliance, type Topology } from '#shared/topology/model.ts'
import { type HistoryRecorder } from '../history-recorder.ts'
import { LabFailed } from '../outcome.ts'
import { wallMs } from '../wall-clock.ts'
import { type Door, openDoor } from './door.ts'
import { type HealthWatch, watchHealth } from './health.ts'
import { type ApplianceHome, type RunningProcess } from './home.ts'
import { doorToken } from './programs.ts'

export type ApplianceParts = {
  readonly seed: string
  readonly topology: Topology
  readonly people: ApplianceConfig['people']
  /** Absent: the product's. */
  readonly loginRate?: ApplianceConfig['loginRate']
  readonly policies: ApplianceConfig['policies']
  readonly homeOf: (appliance: ApplianceId) => ApplianceHome
  readonly peerTable: (appliance: ApplianceId, home: ApplianceHome) => Promise<ApplianceConfig['connectTo']>
  readonly recorder: HistoryRecorder
  readonly onDeath: (problem: LabFailed) => void
}

/** The part of `GET /status` that the lab reads (docs/PROTOCOL.md). */
type ApplianceStatus = {
  readonly state: 'serving' | 'unavailable'
  readonly peers: readonly { readonly appliance: string; readonly connected: boolean; readonly inStep: boolean }[]
}

/** The part of an audit record that the lab reads (docs/PROTOCOL.md). */
export type KeptAudit = {
  readonly by: 'agent' | 'database'
  /** The agent, or the database. */
  readonly source: string
  readonly incarnation: string
  readonly seq: number
  readonly kind: string
  readonly user?: string
  readonly detail?: string
}
type AuditPage = { readonly records: readonly KeptAudit[]; readonly last: number }

const auditWithinMs = 10_000
const healthWithinMs = 2_000
const stopWithinMs = 15_000
const limitWithinMs = 5_000
/** A lab enrols a fleet of any size at once, which no administrator does. */
const changesPerMinute = 100_000
/** Exit code of an appliance whose store has no room (docs/PROTOCOL.md, Processes). */
const noRoomCode = 74

/** Writes the configuration of every appliance; each starts with `start`. */
export async function prepareAppliances(parts: ApplianceParts): Promise<ReadonlyMap<ApplianceId, ApplianceProcess>> {
  const { appliances } = parts.topology
  const made = await Promise.all(appliances.map(async (appliance) => await prepare(parts, appliance)))
  return new Map(made.map((process) => [process.appliance.id, process]))
}

async function prepare(parts: ApplianceParts, appliance: Appliance): Promise<ApplianceProcess> {
  const home = parts.homeOf(appliance.id)
  const config: ApplianceConfig = {
    seed: parts.seed,
    id: appliance.id,
    listen: home.listen,
    control: { ...home.control, token: doorToken(), changesPerMinute },
    ...home.files,
    connectTo: await parts.peerTable(appliance.id, home),
    topology: parts.topology,
    people: appliance.role === 'database' ? parts.people : [],
    policies: parts.policies,
    ...(parts.loginRate === undefined ? {} : { loginRate: parts.loginRate }),
    ...(appliance.role === 'database' ? { storeFile: home.storeFile } : {}),
  }
  home.configure(config)
  return new ApplianceProcess(parts, appliance, { config, home })
}

type Configured = { readonly config: ApplianceConfig; readonly home: ApplianceHome }
/** Whether its store has room; `ended`: it has none, and the process ended for that. */
type Room = 'room' | 'full' | 'ended'

export class ApplianceProcess {
  readonly appliance: Appliance
  readonly door: Door
  readonly #parts: ApplianceParts
  readonly #configured: Configured
  #child: RunningProcess | undefined
  #health: HealthWatch | undefined
  #room: Room = 'room'

  constructor(parts: ApplianceParts, appliance: Appliance, configured: Configured) {
    this.appliance = appliance
    this.door = openDoor(configured.home.doorPort, configured.config.control.token)
    this.#parts = parts
    this.#configured = configured
  }

  get isRunning(): boolean {
    return this.#child?.isRunning === true
  }

  /** Resolves when its process, if it has one, has ended. */
  get ended(): Promise<void> {
    return this.#child?.ended ?? Promise.resolve()
  }

  /** Starts it, or starts it again with the same configuration; returns when it listens. */
  async start(): Promise<void> {
    assert(!this.isRunning, 'an appliance is started once at a time')
    this.#child = this.#configured.home.launch((problem, code) => this.#died(problem, code))
    await this.#child.ready
    this.#watch()
  }

  /** SIGKILL; returns when it has ended. */
  async kill(): Promise<void> {
    const child = this.#leaving('killed')
    child.kill()
    await child.ended
  }

  /** As its administrator would stop it; returns when it has ended. */
  async stop(): Promise<void> {
    const child = this.#leaving('stopped')
    await this.door.call('POST', '/stop')
    const late = setTimeout(() => child.kill(), stopWithinMs)
    await child.ended
    clearTimeout(late)
  }

  /** SIGSTOP: silent, its sockets open. */
  async pause(): Promise<void> {
    const child = this.#running()
    this.#notServing('paused')
    await child.pause()
  }

  async resume(): Promise<void> {
    await this.#running().resume()
    this.#watch()
  }

  /**
   * From now on its store has no room: it ends as soon as it has to keep more than fits, and does not start again. When
   * that will be is not known, so that it counts as not serving from here on.
   */
  async fill(): Promise<void> {
    const { config, home } = this.#configured
    assert(config.storeFile !== undefined, 'a database has a store')
    this.#running()
    this.#notServing('full')
    this.#room = 'full'
    home.configure({ ...config, storePagesMax: 1 })
    await this.#limit(1)
  }

  /** There is room again; starts it where the lack of room ended it, and says whether it did. */
  async makeRoom(): Promise<boolean> {
    const { config, home } = this.#configured
    home.configure(config)
    if (this.isRunning) await this.#limit(null)
    const { isRunning } = this
    const ended = this.#room === 'ended'
    this.#room = 'room'
    if (isRunning) this.#watch()
    else if (ended) await this.start()
    return ended
  }

  /** Its store is lost for good; it does not run. */
  async wipe(): Promise<void> {
    assert(!this.isRunning, 'a store is lost while nobody has it')
    await this.#configured.home.eraseStore()
  }

  /** Whether it serves and all its peers are connected and in step, as its status door says. */
  async isInStep(): Promise<boolean> {
    const { body } = await this.door.call('GET', '/status', undefined, healthWithinMs)
    const { state, peers } = body as ApplianceStatus
    return state === 'serving' && peers.every(({ connected, inStep }) => connected && inStep)
  }

  /** Every audit record that this database keeps. */
  async audit(): Promise<readonly KeptAudit[]> {
    const kept: KeptAudit[] = []
    for (let after = 0; ;) {
      const { status, body } = await this.door.call('GET', `/audit?after=${after}`, undefined, auditWithinMs)
      if (status !== 200) throw new LabFailed(`${this.appliance.id} shows no audit records: ${JSON.stringify(body)}`)
      const page = body as AuditPage
      kept.push(...page.records)
      if (page.records.length === 0) return kept
      after = page.last
    }
  }

  /** Ends it without a record: the run is over. */
  letGo(): void {
    this.#health?.stop()
    this.#child?.expectEnd()
    this.#child?.letGo()
  }

  #running(): RunningProcess {
    assert(this.#child?.isRunning === true, `${this.appliance.id} runs`)
    return this.#child
  }

  /** Returns also when it ends instead of answering. */
  async #limit(pages: number | null): Promise<void> {
    try {
      await this.door.call('POST', '/store/limit', { pages }, limitWithinMs)
    } catch (error) {
      // A call is left without its answer a little before the end of the process is seen.
      await Promise.race([this.ended, delay(limitWithinMs)])
      if (this.isRunning) throw error
    }
  }

  #died(problem: LabFailed, code: number | null): void {
    if (this.#room === 'room' || code !== noRoomCode) return this.#parts.onDeath(problem)
    this.#room = 'ended'
    this.#notServing('full, and ended')
  }

  #leaving(cause: string): RunningProcess {
    const child = this.#running()
    this.#notServing(cause)
    child.expectEnd()
    return child
  }

  #notServing(cause: string): void {
    this.#health?.stop()
    this.#parts.recorder.record({ at: wallMs(), type: 'appliance.not-serving', appliance: this.appliance.id, cause })
  }

  #watch(): void {
    this.#health = watchHealth(this.appliance, this.door, this.#parts.recorder)
  }
}
