/**
 * The agent processes of a lab: one a workstation, one a fleet. Their `/watch` streams go into the history; the sockets
 * of single agents are read from their taps when the run is over.
 */
import { assert } from '#shared/assert.ts'
import { type AgentConfig } from '#shared/config.schema.ts'
import { AgentId, type Endpoint } from '#shared/ids.ts'
import { type Enterprise } from '#shared/topology/model.ts'
import { type HistoryEvent } from '../history.ts'
import { type HistoryRecorder } from '../history-recorder.ts'
import { type LabFailed } from '../outcome.ts'
import { wallMs } from '../wall-clock.ts'
import { type Door, openDoor } from './door.ts'
import { type AgentHome, type RunningProcess } from './home.ts'
import { doorToken } from './programs.ts'
import { type TapLine } from './socket-tap.ts'
import { watchEvent } from './watch-line.ts'

export type AgentProcessSpec = {
  /** The workstation's or the fleet's id; also the name of its files. */
  readonly name: string
  readonly agents: AgentConfig['agents']
  readonly isFleet: boolean
  readonly connectTo: AgentConfig['connectTo']
}

export type AgentParts = {
  readonly seed: string
  readonly resolve: Readonly<Record<string, string>>
  readonly settings: AgentConfig['settings']
  readonly hashCost: Enterprise['hashCost']
  readonly recorder: HistoryRecorder
  readonly onDeath: (problem: LabFailed) => void
}

const stopWithinMs = 15_000

/** Writes the configuration of one agent process; it starts with `start`. */
export function prepareAgents(parts: AgentParts, home: AgentHome, spec: AgentProcessSpec): AgentProcess {
  const token = doorToken()
  const config: AgentConfig = {
    seed: parts.seed,
    control: { ...home.control, token },
    caFile: home.caFile,
    // A fleet keeps everything in memory: thousands of agents on one disk would be measured instead of what they do.
    ...(spec.isFleet ? {} : { cacheFolder: home.cacheFolder }),
    offlineHashCost: spec.isFleet ? 'minimum' : parts.hashCost,
    connectTo: spec.connectTo,
    resolve: { ...parts.resolve },
    settings: parts.settings,
    agents: home.hasOwnNetwork ? spec.agents.map(({ network: _network, ...agent }) => agent) : spec.agents,
  }
  home.configure(config)
  return new AgentProcess(parts, spec, home, openDoor(home.doorPort, token))
}

export class AgentProcess {
  readonly name: string
  readonly agents: readonly AgentId[]
  readonly isFleet: boolean
  readonly door: Door
  readonly #parts: AgentParts
  readonly #home: AgentHome
  #child: RunningProcess | undefined
  #asleep = false
  #watching = new AbortController()

  constructor(parts: AgentParts, spec: AgentProcessSpec, home: AgentHome, door: Door) {
    this.name = spec.name
    this.agents = spec.agents.map(({ id }) => AgentId(id))
    this.isFleet = spec.isFleet
    this.door = door
    this.#parts = parts
    this.#home = home
  }

  get isRunning(): boolean {
    return this.#child?.isRunning === true
  }

  get isAsleep(): boolean {
    return this.#asleep
  }

  /** Resolves when its process, if it has one, has ended. */
  get ended(): Promise<void> {
    return this.#child?.ended ?? Promise.resolve()
  }

  /** Starts it; returns when its door answers. */
  async start(): Promise<void> {
    assert(!this.isRunning, 'an agent process is started once at a time')
    this.#record('agent.started')
    this.#child = this.#home.launch(this.#parts.onDeath)
    await this.#child.ready
    this.#watching = new AbortController()
    void this.door.watch((line) => this.#parts.recorder.record(watchEvent(line)), this.#watching.signal)
  }

  /** As when its host is suspended: nothing runs, its sockets stay. */
  async sleep(): Promise<void> {
    const child = this.#running()
    assert(!this.#asleep, `${this.name} is awake`)
    this.#record('agent.slept')
    this.#asleep = true
    await child.pause()
  }

  /** Whoever was ended in its sleep stays so. */
  async wake(): Promise<void> {
    if (!this.#asleep || !this.isRunning) return
    this.#record('agent.woke')
    await this.#running().resume()
    this.#asleep = false
  }

  /** Gracefully, as when its host is shut down; it must be awake. */
  async stop(): Promise<void> {
    assert(!this.#asleep, `${this.name} is awake`)
    const child = this.#leaving()
    await this.door.call('POST', '/stop')
    const late = setTimeout(() => child.kill(), stopWithinMs)
    await child.ended
    clearTimeout(late)
  }

  async kill(): Promise<void> {
    const child = this.#leaving()
    child.kill()
    await child.ended
  }

  /** Ends it without a record: the run is over. */
  letGo(): void {
    this.#watching.abort()
    this.#child?.expectEnd()
    this.#child?.letGo()
  }

  /** The sockets seen so far, of a single agent; none of a fleet. */
  socketEvents(endpointAt: (port: number) => Endpoint | undefined, firstSocket: number): HistoryEvent[] {
    if (this.#single === undefined) return []
    return socketEvents(this.#single, this.#home.tapText(), endpointAt, firstSocket)
  }

  get #single(): AgentId | undefined {
    return this.agents.length === 1 ? this.agents[0] : undefined
  }

  #running(): RunningProcess {
    assert(this.#child?.isRunning === true, `${this.name} runs`)
    return this.#child
  }

  #leaving(): RunningProcess {
    const child = this.#running()
    child.expectEnd()
    this.#watching.abort()
    this.#asleep = false
    this.#record('agent.stopped')
    return child
  }

  #record(type: 'agent.started' | 'agent.stopped' | 'agent.slept' | 'agent.woke'): void {
    for (const agent of this.agents) this.#parts.recorder.record({ at: wallMs(), type, agent })
  }
}

/**
 * A tap's lines as history. Sockets are numbered anew from `firstSocket`, since a restarted process counts from one
 * again; dials to ports that are no link of the lab are left out. A last line that was cut short is dropped.
 */
export function socketEvents(
  agent: AgentId,
  text: string,
  endpointAt: (port: number) => Endpoint | undefined,
  firstSocket: number,
): HistoryEvent[] {
  const numbers = new Map<string, number>()
  let next = firstSocket
  const events: HistoryEvent[] = []
  for (const raw of text.split('\n').slice(0, -1)) {
    const line = JSON.parse(raw) as TapLine
    const key = `${line.pid}/${line.socket}`
    if (line.tap === 'dialled') {
      const endpoint = endpointAt(line.port)
      if (endpoint === undefined) continue
      // In a container a restarted process may have the number of the one before it.
      const socket = next++
      numbers.set(key, socket)
      events.push({ at: line.at, type: 'socket.dialled', agent, socket, endpoint })
      continue
    }
    const socket = numbers.get(key)
    if (socket === undefined) continue
    if (line.tap === 'connected') events.push({ at: line.at, type: 'socket.connected', agent, socket })
    else events.push({ at: line.at, type: 'socket.closed', agent, socket, by: line.by })
  }
  return events
}
