/**
 * What a database does about the other one: dials it, pushes the own log, hands it newer topologies, and asks it before
 * an edit of the topology takes effect, so that epochs never fork (BT8).
 */
import { Approach } from './approach.ts'
import { backoffMs } from './backoff.ts'
import { type Database } from './database.ts'
import { type EditAnswer, type Emit, type LinkId } from './events.ts'
import { type Receiver } from './receiver.ts'
import { type Replication } from './replication.ts'
import { type Timers } from './timers.ts'
import { topologyChanged, type TopologyKeeper } from './topology-keeper.ts'
import { type ApplianceId } from '#shared/ids.ts'
import { type RandomStream } from '#shared/random.ts'
import { type Appliance, type Topology } from '#shared/topology/model.ts'
import { type CloseName } from '#shared/wire/close-codes.ts'
import { type PeerMessage } from '#shared/wire/peer-link.schema.ts'
import { peerProtocolVersion } from '#shared/wire/versions.ts'

export const redialKey = 'companion.redial'
export const editKey = 'companion.edit'

/** An edit that the other database has been asked to take. */
type Proposal = {
  readonly request: number
  readonly call: number
  readonly topology: Topology
}
/** An edit that may take effect yet. */
type Edit = { readonly epoch: number; readonly before: readonly Appliance[]; readonly wallMs: number }
type Welcome = Extract<PeerMessage, { type: 'welcome' }>
type WireProposal = Extract<PeerMessage, { type: 'topology.proposed' }>

export type CompanionOptions = {
  readonly keeper: TopologyKeeper
  readonly database: Database
  readonly replication: Replication
  readonly receiver: Receiver
  readonly random: RandomStream
  readonly timers: Timers
  readonly emit: Emit
  readonly nextDial: () => number
  readonly topologyCame: (message: PeerMessage, link: LinkId, from: string) => void
  /** A topology takes effect. */
  readonly adopt: (topology: Topology, from: string) => void
  /** This database serves nobody from now on. */
  readonly fenced: () => void
  /** A name that no log ever had. */
  readonly freshLogName: () => string
  /** The own log has begun anew: who pushes to it has to begin anew too. */
  readonly begunAnew: () => void
}

export class Companion {
  readonly approach: Approach
  private readonly options: CompanionOptions
  private failures = 0
  private proposal: Proposal | null = null
  private proposals = 0
  private editing: Edit | null = null
  /** The other database does not know this one: it was removed, or not added yet. */
  private isStranger = false

  constructor(options: CompanionOptions) {
    const { keeper, timers, emit, nextDial } = options
    this.options = options
    this.approach = new Approach({
      name: 'companion',
      timers,
      emit,
      nextDial,
      timeoutMs: () => keeper.topology.settings.connectTimeoutMs,
      hello: () => this.hello(),
      welcomed: (link, welcome) => {
        this.failures = 0
        if (this.isStranger) options.receiver.again()
        this.isStranger = false
        if (welcome.epoch < keeper.topology.epoch) this.send(link, topologyChanged(keeper))
        if (welcome.held > options.database.ledger.log.end) this.beginAnew(welcome)
        else options.replication.begin(link, welcome.held)
      },
      failed: (reason, to) => {
        if (reason === ('notAPeer' satisfies CloseName)) this.becomeStranger(to.id)
        this.redialLater(`cannot reach database ${to.id}: ${reason}`)
      },
      lost: (reason, to) => {
        options.replication.end()
        this.settle({ ok: false, code: 'not-known', text: `lost database ${to.id} before it answered` })
        this.redialLater(`lost database ${to.id}: ${reason}`)
        if (keeper.removed) options.fenced()
      },
      received: (message, link) => this.received(message, link),
    })
  }

  get connected(): boolean {
    return this.approach.phase === 'open'
  }

  /**
   * Removed, and alone with what it has: nobody is served. A removed database that is still connected serves its own
   * sessions on (BT6), for what it changes is not lost with it.
   */
  get isFenced(): boolean {
    return this.isStranger || (this.options.keeper.removed && !this.connected)
  }

  /** Dials the other database, where there is one and no dial is under way. */
  begin(): void {
    const { keeper, receiver } = this.options
    const [other] = keeper.otherDatabases
    if (other === undefined) receiver.alone()
    else if (this.approach.phase === 'idle' && !keeper.removed) this.approach.begin(other)
  }

  /** The other database said hello by itself, so it can be reached now. */
  otherCame(): void {
    if (this.approach.phase !== 'idle') return
    this.options.timers.clear(redialKey)
    this.begin()
  }

  /**
   * The topology changed. A removed database keeps its link until another takes its place (BT6). A link that works is
   * kept wherever the topology now puts the other database: a wrong address would otherwise part the two, and then no
   * edit could put it right (EN7).
   */
  review(): void {
    const [other] = this.options.keeper.otherDatabases
    const current = this.approach.to
    const { editing } = this
    if (editing?.epoch === this.options.keeper.topology.epoch) {
      this.editing = null
      this.recordEdit(editing)
    }
    if (this.isFenced) this.options.fenced()
    if (other === undefined) this.options.receiver.alone()
    if (other === undefined) return
    if (current?.id === other.id && (this.connected || isSamePlace(current, other))) return
    if (current !== null) {
      this.approach.hangUp('finished')
      this.options.replication.end()
    }
    this.options.timers.clear(redialKey)
    this.begin()
  }

  /** An edit from the control door. It takes effect here once the other database has it. */
  edit(call: number, edited: Omit<Topology, 'epoch'>, wallMs: number): void {
    const { keeper, emit, timers, adopt } = this.options
    const refuse = (code: string, text: string): void => {
      emit({ type: 'answer-edit', call, answer: { ok: false, code, text } })
    }
    const topology: Topology = { ...edited, epoch: keeper.topology.epoch + 1 }
    const begin = (): void => {
      this.editing = { epoch: topology.epoch, before: keeper.topology.appliances, wallMs }
    }
    const [other] = keeper.otherDatabases
    if (keeper.removed) refuse('removed', 'this appliance was removed from the topology')
    else if (this.proposal !== null) refuse('edit-under-way', 'another edit is under way')
    else if (other === undefined || (this.approach.link === null && isRemovalOnly(topology, keeper))) {
      begin()
      adopt(topology, 'an edit')
      emit({ type: 'answer-edit', call, answer: { ok: true, epoch: topology.epoch } })
    } else if (this.approach.link === null) refuse('not-connected', `database ${other.id} is not connected`)
    else {
      begin()
      this.proposals += 1
      this.proposal = { request: this.proposals, call, topology }
      this.send(this.approach.link, { type: 'topology.proposed', request: this.proposals, topology })
      timers.set(editKey, keeper.topology.settings.requestTimeoutMs)
    }
  }

  /** The other database proposes an edit; the answer to it. Of two at once, neither is taken. */
  proposed(message: WireProposal, from: string): PeerMessage {
    const { keeper, adopt } = this.options
    const { request, topology } = message
    const clash = this.proposal !== null && this.proposal.topology.epoch >= topology.epoch
    if (clash || topology.epoch <= keeper.topology.epoch) {
      return { type: 'topology.refused', request, epoch: keeper.topology.epoch }
    }
    adopt(topology, from)
    return { type: 'topology.taken', request }
  }

  editTimedOut(): void {
    this.settle({ ok: false, code: 'not-known', text: 'the other database did not answer in time' })
  }

  private received(message: PeerMessage, link: LinkId): boolean {
    const { replication, topologyCame } = this.options
    const from: ApplianceId | undefined = this.approach.to?.id
    if (message.type === 'topology.changed') topologyCame(message, link, from ?? 'the other database')
    else if (message.type === 'topology.taken' || message.type === 'topology.refused') this.decided(message)
    else return replication.received(message)
    return true
  }

  private decided(message: Extract<PeerMessage, { type: 'topology.taken' | 'topology.refused' }>): void {
    const { proposal } = this
    if (proposal === null || proposal.request !== message.request) return
    const { topology } = proposal
    if (message.type === 'topology.taken') {
      this.options.adopt(topology, 'an edit')
      this.settle({ ok: true, epoch: topology.epoch })
    } else {
      this.editing = null
      const text = `the other database refused epoch ${topology.epoch}: it holds epoch ${message.epoch} or edits too`
      this.settle({ ok: false, code: 'refused', text })
    }
  }

  /**
   * An edit made here has taken effect: it and each removal in it are audit records (AU1). The other database may have
   * handed the new topology back before its answer, or without one.
   */
  private recordEdit({ before, wallMs }: Edit): void {
    const { keeper, database } = this.options
    database.recordAct({ kind: 'topology-edited', detail: `epoch ${keeper.topology.epoch}` }, wallMs)
    const removed = before.filter(({ id }) => keeper.appliance(id) === undefined)
    for (const { id, role } of removed) {
      database.recordAct({ kind: 'appliance-removed', appliance: id }, wallMs)
      const isAlone = role === 'database' && !this.connected
      if (isAlone) database.pastLost(id, `${id} was removed while it was away; what it had alone is lost`)
    }
  }

  /**
   * The other has more of this log than there is: an older copy of the store was put back. Its next positions are used
   * already, and what was made at them would never arrive; so it goes on under another name, and both take everything of
   * the other again.
   */
  private beginAnew({ appliance, held }: Welcome): void {
    const { database, receiver, emit, timers, random, freshLogName, begunAnew } = this.options
    const { log, logName } = database.ledger
    const text = `${appliance} has ${logName} up to ${held}, and it ends at ${log.end} here: an older copy of the store was put back; a new log begins, and everything is taken from ${appliance}`
    emit({ type: 'note', kind: 'log.begun-anew', level: 'warn', rules: ['RP4', 'RP6'], text })
    database.ledger.beginAnew(freshLogName())
    receiver.again()
    this.approach.hangUp('finished')
    begunAnew()
    timers.set(redialKey, backoffMs(1, random))
  }

  private becomeStranger(other: string): void {
    const { emit, fenced, replication } = this.options
    if (this.isStranger) return
    this.isStranger = true
    const text = `database ${other} does not know this one: it was removed, or is not added yet; it serves nobody`
    const sessions = replication.unshared.flatMap(({ record }) =>
      record.kind === 'session' ? record.value.session : [],
    )
    const data = { unshared: [...new Set(sessions)] }
    emit({ type: 'note', kind: 'database.fenced', level: 'warn', rules: ['RP3', 'RP9'], text, data })
    fenced()
  }

  private settle(answer: EditAnswer): void {
    const { proposal } = this
    if (proposal === null) return
    this.proposal = null
    this.options.timers.clear(editKey)
    this.options.emit({ type: 'answer-edit', call: proposal.call, answer })
  }

  private redialLater(text: string): void {
    const { keeper, emit, receiver, timers, random } = this.options
    this.failures += 1
    if (this.failures === 1) emit({ type: 'note', kind: 'companion.away', level: 'warn', rules: [], text })
    if (!this.isStranger) receiver.unreachable()
    if (keeper.removed || keeper.otherDatabases.length === 0) return
    timers.set(redialKey, backoffMs(this.failures, random))
  }

  private hello(): PeerMessage {
    const { keeper, database } = this.options
    return {
      type: 'hello.database',
      versions: { min: peerProtocolVersion, max: peerProtocolVersion },
      appliance: keeper.self.id,
      epoch: keeper.topology.epoch,
      log: database.ledger.logName,
      position: database.ledger.log.end,
    }
  }

  private send(link: LinkId, message: PeerMessage): void {
    this.options.emit({ type: 'send', link, message })
  }
}

function isSamePlace(a: Appliance, b: Appliance): boolean {
  return a.id === b.id && a.host === b.host && a.port === b.port
}

/** Of the databases that the enterprise has, only this one stays, and none is new: the others need not agree (RP9). */
function isRemovalOnly({ appliances }: Topology, { self }: TopologyKeeper): boolean {
  return appliances.every(({ id, role }) => role !== 'database' || id === self.id)
}
