/**
 * The shell around the agents of one process, one workstation's or a fleet's. All their events go through one turn loop;
 * what a turn wants kept is on the disk before anything of it is sent. Sockets, timers and the control door only put
 * events into the queue; what the door's clients wait for is in `clients.ts`.
 */
import { type AgentEffect, type AgentEvent, type AgentMachine } from '../core/events.ts'
import { type OfflineData } from '../core/offline-data.ts'
import { assert, assertNever } from '#shared/assert.ts'
import { type ClockReadings, type Instant, type RealClock, realClock } from '#shared/clock.ts'
import { type AgentConfig } from '#shared/config.schema.ts'
import { AgentId } from '#shared/ids.ts'
import { type HostNetwork } from '#shared/network.ts'
import { type TlsClient } from '#shared/pki/tls-options.ts'
import { type AgentProfile } from '#shared/profile.ts'
import { type Settings } from '#shared/policy/settings.ts'
import { type RandomStream, randomStream } from '#shared/random.ts'
import { type Topology } from '#shared/topology/model.ts'
import { turnLoop } from '#shared/turn.ts'
import { wireLimits } from '#shared/wire/limits.ts'
import { type AgentIdentity, agentIdentity } from './agent-identity.ts'
import { Clients } from './clients.ts'
import { type HostPort, connectTable, parseHostPort } from './connect-table.ts'
import { type AgentDoor } from './control.ts'
import { type AgentLinks, Dialer } from './dialer.ts'
import { type LinkEvent } from './link.ts'
import { type Log } from './log.ts'
import { readHostNetwork } from './network/read-network.ts'
import { hashed } from './offline-hash.ts'
import { type HashCost } from '#shared/policy/hash-cost.ts'
import { type OfflineStore, offlineStore } from './offline-store.ts'
import { redact } from './redact.ts'
import { type ShareTopology, topologySharing } from './shared-topology.ts'
import { type Declared, type Surveyor, surveyor } from './surveyor.ts'
import { type TopologyCache, topologyCache } from './topology-cache.ts'
import { type TurnTimers, turnTimers } from './turn-timers.ts'

export type Machine = AgentMachine & { step(event: AgentEvent, now: Instant): readonly AgentEffect[] }

export type MachineOptions = {
  readonly id: AgentId
  readonly primServer: HostPort
  readonly altServers: readonly HostPort[]
  readonly profile: AgentProfile
  readonly random: RandomStream
  /** Until a topology brings its own. */
  readonly settings: Settings
}

export type AgentHostPorts = {
  readonly createMachine: (options: MachineOptions) => Machine
  readonly tls: TlsClient
  readonly log: Log
  /** `POST /stop` was called. */
  readonly onStop: () => void
  readonly readNetwork?: () => Promise<HostNetwork>
  /** Of this machine where none are given. */
  readonly readings?: ClockReadings
}

export interface AgentHost {
  readonly door: AgentDoor
  /** Tells every agent that it has started, with what its cache holds. */
  start(): void
  /** Leaves all links; what was asked and is not answered yet fails. Done when the sockets are gone. */
  stop(): Promise<void>
  /** The last events of the process without their secrets, for the log of a defect. */
  lastEvents(): readonly unknown[]
}

/** One agent of this process. */
type Resident = {
  readonly id: AgentId
  readonly machine: Machine
  readonly links: AgentLinks
  readonly timers: TurnTimers
  readonly declared: Declared | undefined
}
type HostEvent = { readonly resident: Resident; readonly event: AgentEvent }
type HostEffect = { readonly resident: Resident; readonly effect: AgentEffect }

const lastEventsMax = 50
/** How often it is looked whether the machine has slept. */
const wakeLookMs = 1_000

/** The agents of `config`, which has been checked. */
export function agentHost(config: AgentConfig, ports: AgentHostPorts): AgentHost {
  return new Host(config, ports)
}

class Host implements AgentHost {
  readonly #clients: Clients
  readonly #ports: AgentHostPorts
  readonly #clock: RealClock
  readonly #cache: TopologyCache
  readonly #offline: OfflineStore
  readonly #hashCost: HashCost
  readonly #dialer: Dialer
  readonly #surveyor: Surveyor
  readonly #share: ShareTopology = topologySharing()
  readonly #residents = new Map<AgentId, Resident>()
  readonly #lastEvents: HostEvent[] = []
  readonly #turn = turnLoop<HostEvent, HostEffect>({
    clock: { now: () => this.#clock.now() },
    step: (event, now) => this.#step(event, now),
    commit: (effects) => this.#commit(effects),
    perform: ({ resident, effect }) => this.#perform(resident, effect),
    schedule: (turn) => setImmediate(turn),
    eventsMax: wireLimits.eventQueueMax,
  })
  /** Heartbeats follow the newest topology that any agent here uses. */
  #epoch = 0
  #phase: 'running' | 'stopped' = 'running'
  #asleepMs = 0
  readonly #wakeLook = setInterval(() => this.#lookWhetherSlept(), wakeLookMs)

  constructor(config: AgentConfig, ports: AgentHostPorts) {
    this.#ports = ports
    this.#clock = realClock(config.settings.timeScale, ports.readings)
    this.#cache = topologyCache(config.cacheFolder, ports.log)
    this.#offline = offlineStore(config.cacheFolder, ports.log)
    this.#hashCost = config.offlineHashCost ?? 'product'
    const table = connectTable(config.connectTo, config.resolve)
    const nowMs = (): number => this.#clock.now().wireMs
    this.#dialer = new Dialer({ tls: ports.tls, table, heartbeat: config.settings, nowMs })
    this.#surveyor = surveyor({ table, nowMs, readNetwork: ports.readNetwork ?? readHostNetwork })
    for (const agent of config.agents) this.#settle(agent, config)
    this.#clients = new Clients({
      ids: () => this.#residents.keys(),
      isHere: (id) => this.#residents.has(id),
      statusOf: (id) => this.#residentOf(id).machine.status(this.#clock.now().policyMs),
      ask: (id, command) => this.#push(this.#residentOf(id), { type: 'command', command }),
      nowMs: () => this.#clock.now().wallMs,
      onStop: () => ports.onStop(),
    })
  }

  get door(): AgentDoor {
    return this.#clients
  }

  start(): void {
    for (const resident of this.#residents.values()) {
      const cached = this.#cache.load(resident.id)
      const topology = cached === undefined ? undefined : this.#share(cached)
      if (topology !== undefined) this.#follow(topology)
      this.#push(resident, { type: 'started', topology, offline: this.#offline.load(resident.id) })
    }
  }

  async stop(): Promise<void> {
    this.#phase = 'stopped'
    clearInterval(this.#wakeLook)
    for (const { timers } of this.#residents.values()) timers.clearAll()
    this.#clients.close()
    await this.#dialer.close()
  }

  lastEvents(): readonly unknown[] {
    return this.#lastEvents.map(({ resident, event }) => ({ agent: resident.id, event: redact(event) }))
  }

  #settle(agent: AgentConfig['agents'][number], config: AgentConfig): void {
    const id = AgentId(agent.id)
    assert(!this.#residents.has(id), 'agents of one process differ in id')
    const random = randomStream(config.seed, id)
    const [primServer, ...altServers] = [agent.primServer, ...agent.altServers].map(checkedHostPort)
    assert(primServer !== undefined, 'an agent has a bootstrap server')
    const { profile = 'windows' } = agent
    const resident: Resident = {
      id,
      machine: this.#ports.createMachine({ id, primServer, altServers, profile, random, settings: config.settings }),
      links: this.#dialer.forAgent((event) => this.#heard(resident, event), this.#identityOf(id, agent.enrolmentToken)),
      timers: turnTimers(this.#clock, config.settings.timeScale, (key, number) =>
        this.#push(resident, { type: 'timer.fired', key, number }),
      ),
      declared: agent.network,
    }
    this.#residents.set(id, resident)
  }

  /** An agent that was given a token proves who it is. */
  #identityOf(id: AgentId, token: string | undefined): AgentIdentity | null {
    if (token === undefined) return null
    return agentIdentity(id, this.#offline.secret(id), token)
  }

  #lookWhetherSlept(): void {
    const { asleepMs } = this.#clock
    if (asleepMs === this.#asleepMs) return
    this.#asleepMs = asleepMs
    for (const { timers } of this.#residents.values()) timers.wake()
  }

  #heard(resident: Resident, event: LinkEvent): void {
    if (event.type !== 'message.received' || !('topology' in event.message)) return this.#push(resident, event)
    const message = { ...event.message, topology: this.#share(event.message.topology) }
    return this.#push(resident, { ...event, message })
  }

  #push(resident: Resident, event: AgentEvent): void {
    if (this.#phase === 'running') this.#turn.push({ resident, event })
  }

  #step(event: HostEvent, now: Instant): readonly HostEffect[] {
    this.#lastEvents.push(event)
    if (this.#lastEvents.length > lastEventsMax) this.#lastEvents.shift()
    const { resident } = event
    return resident.machine.step(event.event, now).map((effect) => ({ resident, effect }))
  }

  #commit(effects: readonly HostEffect[]): void {
    this.#clients.beginTurn()
    const kept = new Map<Resident, Topology>()
    const offline = new Map<Resident, OfflineData>()
    for (const { resident, effect } of effects) {
      if (effect.type === 'persist') kept.set(resident, effect.topology)
      if (effect.type === 'persist-offline') offline.set(resident, effect.data)
    }
    for (const [resident, data] of offline) this.#offline.save(resident.id, data)
    for (const [resident, topology] of kept) {
      this.#cache.save(resident.id, topology)
      this.#follow(topology)
    }
  }

  #follow(topology: Topology): void {
    if (topology.epoch <= this.#epoch) return
    this.#epoch = topology.epoch
    this.#dialer.setHeartbeat(topology.settings)
  }

  #perform(resident: Resident, effect: AgentEffect): void {
    if (this.#phase === 'stopped') return
    switch (effect.type) {
      case 'survey':
        return this.#survey(resident, effect)
      case 'dial':
        return resident.links.dial(effect)
      case 'hang-up':
        return resident.links.hangUp(effect.dial, effect.code)
      case 'send':
        return resident.links.send(effect.dial, effect.message)
      case 'set-timer':
        return resident.timers.set(effect)
      case 'clear-timer':
        return resident.timers.clear(effect.key)
      case 'persist':
      case 'persist-offline':
        return undefined
      case 'verify-offline':
      case 'make-verifier':
        return void hashed(effect, this.#hashCost).then((event) => this.#push(resident, event))
      case 'answer':
        return this.#clients.answer(effect.call, effect.answer)
      case 'status-changed':
        return this.#clients.statusChanged(resident.id)
      case 'pass-began':
        return this.#clients.passBegan(resident.id, effect.number, effect.purpose)
      case 'decided':
        return this.#clients.decided(resident.id, effect.decision)
      case 'note': {
        const { kind, level, rules, text, data } = effect
        return this.#ports.log({ agent: resident.id, kind, level, rules, text, data })
      }
      default:
        return assertNever(effect)
    }
  }

  #survey(resident: Resident, { pass, hosts }: Extract<AgentEffect, { type: 'survey' }>): void {
    void this.#surveyor
      .survey(resident.declared, hosts)
      .then((survey) => this.#push(resident, { type: 'surveyed', pass, ...survey }))
  }

  #residentOf(id: AgentId): Resident {
    const resident = this.#residents.get(id)
    assert(resident !== undefined, 'whoever asks has looked whether the agent is here')
    return resident
  }
}

function checkedHostPort(text: string): HostPort {
  const parsed = parseHostPort(text)
  assert(parsed.ok, 'a server in the configuration is HOST:PORT')
  return parsed.value
}
