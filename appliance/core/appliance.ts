/**
 * The machine of one appliance: takes an event, answers with effects. Its role, from the topology, decides what stands
 * behind the front: a database with its companion, or the affinity to one. Agents see no difference (SV4).
 */
import { administer } from './administration.ts'
import { createCondition } from './admission.ts'
import { retryKey } from './affinity.ts'
import { type Approach } from './approach.ts'
import { editKey, redialKey } from './companion.ts'
import { type Counters, createCounters } from './counters.ts'
import { type Database } from './database.ts'
import { type DatabasePerson, type Policies } from './directory.ts'
import { type ApplianceEffect, type ApplianceEvent, type Emit, type LinkId, type StopAsked } from './events.ts'
import { Front } from './front.ts'
import { type LoginRate } from './login-rates.ts'
import { PeerDoor } from './peer-door.ts'
import { expireKey } from './pending-asks.ts'
import { localRecords } from './records.ts'
import { compareKey, waitKey } from './replication.ts'
import { createServing } from './serving.ts'
import {
  createDatabaseSide,
  createServiceSide,
  type DatabaseSide,
  type ServiceSide,
  type Surroundings,
} from './sides.ts'
import { describe, type ApplianceStatus, listSessions, type SessionListing } from './status.ts'
import { type StoreEntry } from './store.ts'
import { createTimers } from './timers.ts'
import { createTopologyKeeper, topologyChanged } from './topology-keeper.ts'
import { assert, assertNever } from '#shared/assert.ts'
import { type Instant } from '#shared/clock.ts'
import { type ApplianceId } from '#shared/ids.ts'
import { type RandomStream } from '#shared/random.ts'
import { type Topology } from '#shared/topology/model.ts'
import { type UnavailableReason } from '#shared/wire/agent-link.schema.ts'
import { type PeerMessage } from '#shared/wire/peer-link.schema.ts'

export type ApplianceOptions = {
  readonly id: ApplianceId
  /** The first topology; it has this appliance, and states its role. */
  readonly topology: Topology
  readonly people: readonly DatabasePerson[]
  readonly policies: Policies
  readonly random: RandomStream
  /** Name of the store's own log. */
  readonly logName: string
  /** Absent: the product's. */
  readonly loginRate?: LoginRate | undefined
}

/** Requests under way get this long to be answered once a stop was asked. */
const stopGraceMs = 1_000
const stopKey = 'stop'

export class ApplianceMachine {
  readonly counters: Counters = createCounters()
  private readonly options: ApplianceOptions
  private readonly serving = createServing()
  private readonly keeper
  private readonly timers
  private readonly emit: Emit
  private effects: ApplianceEffect[] = []
  private inside: DatabaseSide | ServiceSide | null = null
  private openFront: Front | null = null
  private openDoor: PeerDoor | null = null
  private dials = 0
  private logs = 0
  private stopping: 'no' | 'asked' | 'done' = 'no'

  constructor(options: ApplianceOptions) {
    this.options = options
    this.emit = (effect) => void this.effects.push(effect)
    this.timers = createTimers(this.emit)
    this.keeper = createTopologyKeeper(options.id, options.topology, this.emit)
  }

  /** Takes one event. Effects are to be performed in order, what is persisted before anything else of the turn. */
  step(event: ApplianceEvent, now: Instant): readonly ApplianceEffect[] {
    this.effects = []
    this.take(event, now)
    if (this.stopping === 'asked' && this.front.requestsUnderWay === 0) this.leave()
    return this.effects
  }

  get topology(): Topology {
    return this.keeper.topology
  }

  /** What the status door tells. */
  status(): ApplianceStatus {
    const { keeper, unavailable, openFront } = this
    const sessions =
      this.inside?.role === 'database' ? this.inside.database.ledger.openSessions : this.serving.sessions.size
    return describe({ keeper, inside: this.inside, unavailable, sessions, front: openFront })
  }

  /** What a database appliance keeps; `null` on a service appliance. */
  get database(): Database | null {
    return this.inside?.role === 'database' ? this.inside.database : null
  }

  /** A database lists all sessions that have not ended; a service appliance those that it serves. */
  sessions(): readonly SessionListing[] {
    return listSessions(this.inside, this.serving.sessions, this.options.id)
  }

  private get unavailable(): UnavailableReason | null {
    if (this.stopping !== 'no') return 'stopping'
    if (this.inside?.role === 'service') return this.inside.affinity.available ? null : 'no-database'
    if (this.inside?.companion.isFenced === true) return 'removed'
    return this.inside?.receiver.caughtUp === true ? null : 'catching-up'
  }

  private get front(): Front {
    assert(this.openFront !== null, 'the first event is `started`')
    return this.openFront
  }

  private get door(): PeerDoor {
    assert(this.openDoor !== null, 'the first event is `started`')
    return this.openDoor
  }

  private get approach(): Approach {
    assert(this.inside !== null, 'the first event is `started`')
    return this.inside.role === 'database' ? this.inside.companion.approach : this.inside.affinity.approach
  }

  private take(event: ApplianceEvent, now: Instant): void {
    switch (event.type) {
      case 'started':
        this.start(event.entries, event.incarnation)
        return
      case 'agent.opened':
        this.front.opened(event.link)
        return
      case 'agent.received':
        this.front.received(event, now)
        return
      case 'agent.lost':
        this.front.lost(event.link)
        return
      case 'peer.opened':
        this.door.opened(event.link, event.names)
        return
      case 'dial.opened':
        this.approach.dialOpened(event.dial, event.link)
        return
      case 'dial.failed':
        this.approach.dialFailed(event.dial, event.reason)
        return
      case 'peer.received':
        // Of the two, one knows the link.
        this.approach.received(event.link, event.message)
        this.door.received(event.link, event.message, now)
        return
      case 'peer.lost':
        this.approach.lost(event.link, event.reason)
        this.door.lost(event.link)
        return
      case 'link.filled':
      case 'link.drained':
        if (this.inside?.role === 'database') this.inside.replication.flow(event.link, event.type === 'link.filled')
        return
      case 'timer.fired':
        if (this.timers.spend(event.key, event.number)) this.timerFired(event.key, now)
        return
      case 'password.verified':
      case 'proof.verified':
        this.front.verified(event, now)
        return
      case 'soon':
        if (this.inside?.role === 'database') this.inside.replication.push()
        return
      case 'topology.edited':
        assert(this.inside?.role === 'database', 'the topology is edited on a database')
        this.inside.companion.edit(event.call, event.topology, now.wallMs)
        return
      case 'administered':
        assert(this.inside?.role === 'database', 'enterprise data is administered on a database')
        administer(this.inside, event, now, this.emit)
        return
      case 'stop.asked':
        this.beginStop(event.at, now)
        return
      default:
        assertNever(event)
    }
  }

  private timerFired(key: string, now: Instant): void {
    const { inside } = this
    this.approach.timerFired(key)
    if (key === stopKey) this.leave()
    if (inside?.role === 'service') {
      if (key === retryKey) inside.affinity.begin()
      if (key === expireKey) inside.affinity.expire(now.wireMs)
    }
    if (inside?.role === 'database') {
      if (key === redialKey) inside.companion.begin()
      if (key === editKey) inside.companion.editTimedOut()
      if (key === waitKey) inside.replication.expire(now.wireMs)
      if (key === compareKey) inside.replication.compare()
    }
  }

  private start(entries: readonly StoreEntry[], incarnation: string): void {
    assert(this.inside === null, 'an appliance starts once')
    const { keeper, emit, serving, counters } = this
    // The configuration has the topology that the enterprise began with; the store the last one adopted (BT8).
    const adopted = entries.findLast(({ topology }) => topology !== undefined)?.topology
    if (adopted !== undefined) keeper.offer(adopted, 'its store')
    const around = this.surroundings(incarnation)
    const inside = keeper.self.role === 'database' ? createDatabaseSide(around, entries) : createServiceSide(around)
    this.inside = inside
    const hasOther = (): boolean => keeper.otherDatabases.length > 0
    const reunites = (): boolean => inside.role === 'database' && inside.reunion.isOpen
    const records = inside.role === 'database' ? localRecords({ ...inside, hasOther, emit }) : inside.affinity
    const condition = createCondition(() => this.unavailable, reunites, keeper)
    const { loginRate } = this.options
    this.openFront = new Front({ keeper, condition, records, serving, counters, emit, incarnation, loginRate })
    this.openDoor = new PeerDoor({
      keeper,
      emit,
      inside: inside.role === 'database' ? { ...inside, records } : null,
      unavailable: () => this.unavailable ?? (keeper.removed ? 'removed' : reunites() ? 'catching-up' : null),
      databaseCame: () => {
        if (inside.role === 'database') inside.companion.otherCame()
      },
      topologyCame: (message, link, from) => this.topologyCame(message, link, from),
      proposed: (proposal, from) => {
        assert(inside.role === 'database', 'a database proposes to a database')
        return inside.companion.proposed(proposal, from)
      },
    })
    if (inside.role === 'database') inside.companion.begin()
    else inside.affinity.begin()
  }

  private surroundings(incarnation: string): Surroundings {
    const { keeper, timers, emit, options } = this
    return {
      ...options,
      keeper,
      timers,
      emit,
      nextDial: () => {
        this.dials += 1
        return this.dials
      },
      topologyCame: (message, link, from) => this.topologyCame(message, link, from),
      adopt: (topology, from) => this.adopt(topology, from, null),
      sessionLeft: (session, from) => this.sessionLeft(session, from),
      dark: () => this.front.dismiss('no-database', 'unavailable'),
      freshLogName: () => {
        this.logs += 1
        return `${options.id}/${incarnation}.${this.logs}`
      },
      begunAnew: () => this.openDoor?.closeAll('finished'),
      fenced: () => {
        this.openFront?.dismiss('removed', 'unavailable')
        this.openDoor?.closeAll('unavailable')
      },
    }
  }

  private topologyCame(message: PeerMessage, link: LinkId, from: string): void {
    if (message.type === 'topology.changed') this.adopt(message.topology, from, link)
  }

  /** Takes a newer topology and hands it on: to agents (BT4), to services, and to the other database. */
  private adopt(topology: Topology, from: string, source: LinkId | null): void {
    if (this.keeper.offer(topology, from) !== 'newer') return
    this.emit({ type: 'persist', entry: { log: this.options.logName, position: 0, topology } })
    const message = topologyChanged(this.keeper)
    this.front.pushTopology()
    this.door.pushTopology(message, source)
    const { link } = this.approach
    if (link !== null && link !== source) this.emit({ type: 'send', link, message })
    if (this.inside?.role === 'database') this.inside.companion.review()
    else this.inside?.affinity.review()
  }

  private sessionLeft(session: string, from: string): void {
    if (from === this.options.id) this.serving.remove(session)
    else this.openDoor?.sessionLeft(session, from)
  }

  /** Asked at the control door, it is an administrative act (SC2), and its record is to go before the links do. */
  private beginStop(at: StopAsked, now: Instant): void {
    if (this.stopping !== 'no') return
    this.stopping = 'asked'
    const text = `stops as asked of its ${at}`
    this.emit({ type: 'note', kind: 'appliance.stopping', level: 'info', rules: ['SP6'], text })
    if (at === 'control door' && this.inside?.role === 'database') {
      this.inside.database.recordAct({ kind: 'stopped' }, now.wallMs)
      this.inside.replication.push()
    }
    this.timers.set(stopKey, stopGraceMs)
  }

  private leave(): void {
    if (this.stopping === 'done') return
    this.stopping = 'done'
    this.front.dismiss('stopping', 'stopping')
    this.door.closeAll('stopping')
    this.approach.hangUp('stopping')
    this.emit({ type: 'exit' })
  }
}
