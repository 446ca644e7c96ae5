/**
 * A service appliance works through one database at a time, its *affinity* (SV1): the first uniformly at random, or the
 * one that the topology locks it to. When that is lost it moves to the other by itself and keeps its agents' links: what
 * was asked is asked again, under the same number, of the other (SV2). When a round over all eligible databases, each
 * within `connectTimeout`, finds none, the appliance is unavailable (SV3) and goes on trying.
 */
import { Approach, type Welcome } from './approach.ts'
import { backoffMs } from './backoff.ts'
import { type Emit, type LinkId } from './events.ts'
import { PendingAsks } from './pending-asks.ts'
import { type Records } from './records.ts'
import { type Timers } from './timers.ts'
import { type TopologyKeeper } from './topology-keeper.ts'
import { type Instant } from '#shared/clock.ts'
import { type ApplianceId } from '#shared/ids.ts'
import { type RandomStream, shuffled } from '#shared/random.ts'
import { type Appliance } from '#shared/topology/model.ts'
import { type Answer, type Ask, type PeerMessage } from '#shared/wire/peer-link.schema.ts'
import { peerProtocolVersion } from '#shared/wire/versions.ts'

type State =
  | { readonly phase: 'attached'; readonly database: ApplianceId }
  /** `moving`: from a lost database to another; the agents wait. Otherwise there was none before. */
  | { readonly phase: 'seeking'; readonly moving: boolean; readonly rest: readonly Appliance[] }
  | { readonly phase: 'resting' }

export const retryKey = 'affinity.retry'

export type AffinityOptions = {
  readonly keeper: TopologyKeeper
  readonly random: RandomStream
  readonly timers: Timers
  readonly emit: Emit
  readonly nextDial: () => number
  /** A message of the open link other than an answer. */
  readonly received: (message: PeerMessage, link: LinkId) => void
  readonly welcomed: (link: LinkId, epoch: number) => void
  /** No database can be reached (SV3). */
  readonly dark: () => void
}

export class Affinity implements Records {
  readonly approach: Approach
  private readonly options: AffinityOptions
  private readonly pending: PendingAsks
  private state: State = { phase: 'resting' }
  /** Rounds that found none, since the last database. */
  private failures = 0

  constructor(options: AffinityOptions) {
    const { keeper, timers, emit, nextDial } = options
    this.options = options
    this.pending = new PendingAsks(timers)
    this.approach = new Approach({
      name: 'affinity',
      timers,
      emit,
      nextDial,
      timeoutMs: () => keeper.topology.settings.connectTimeoutMs,
      hello: () => this.hello(),
      welcomed: (link, welcome, to) => this.attach(link, welcome, to),
      failed: (reason, to) => {
        this.note('affinity.failed', 'info', ['SV2'], `database ${to.id} cannot serve: ${reason}`)
        if (this.state.phase === 'seeking') this.seek(this.state.rest, this.state.moving)
      },
      lost: (reason, to) => this.move(reason, to),
      received: (message, link) => this.received(message, link),
    })
  }

  /** The database it works through. */
  get database(): ApplianceId | null {
    return this.state.phase === 'attached' ? this.state.database : null
  }

  /** Attached, or moving with its agents waiting. */
  get available(): boolean {
    return this.state.phase === 'attached' || (this.state.phase === 'seeking' && this.state.moving)
  }

  /** Begins a round, at the start and after a rest. */
  begin(): void {
    if (this.state.phase === 'resting') this.seek(shuffled(this.eligible(), this.options.random), false)
  }

  ask(ask: Ask, now: Instant, done: (answer: Answer) => void): void {
    if (!this.available) {
      done({ outcome: 'unavailable', reason: 'no-database' })
      return
    }
    const boundMs = this.options.keeper.topology.settings.requestTimeoutMs
    const request = this.pending.add(ask, now.wireMs, boundMs, done)
    if (this.approach.link !== null) this.send(this.approach.link, request, ask)
  }

  expire(nowMs: number): void {
    this.pending.expire(nowMs)
  }

  /**
   * The topology changed: the affinity may have left it, or the lock may be another. A link that works is kept wherever
   * the topology now puts its database; a wrong address is not to take the site away.
   */
  review(): void {
    const current = this.approach.to
    const stays = (database: Appliance): boolean =>
      database.id === current?.id && (this.available || isSamePlace(database, current))
    if (current === null || this.eligible().some(stays)) return
    const moving = this.available
    this.approach.hangUp('finished')
    this.seek(shuffled(this.eligible(), this.options.random), moving)
  }

  /** A lock is strict: a locked affinity whose database is lost means that there is none (SV1). */
  private eligible(): readonly Appliance[] {
    const { self, otherDatabases } = this.options.keeper
    return otherDatabases.filter(({ id }) => self.affinityLock === undefined || id === self.affinityLock)
  }

  private seek(candidates: readonly Appliance[], moving: boolean): void {
    const [first, ...rest] = candidates
    if (first === undefined) {
      this.exhaust(moving)
      return
    }
    this.state = { phase: 'seeking', moving, rest }
    this.approach.begin(first)
  }

  private exhaust(moving: boolean): void {
    const { timers, random, dark } = this.options
    this.failures += 1
    this.state = { phase: 'resting' }
    timers.set(retryKey, backoffMs(this.failures, random))
    if (moving || this.failures === 1) this.note('affinity.none', 'warn', ['SV3'], 'no database can be reached')
    this.pending.giveUp()
    dark()
  }

  private attach(link: LinkId, welcome: Welcome, to: Appliance): void {
    this.failures = 0
    this.state = { phase: 'attached', database: to.id }
    this.note('affinity.attached', 'info', ['SV1'], `works through database ${to.id}`)
    this.options.welcomed(link, welcome.epoch)
    for (const [request, ask] of this.pending.all()) this.send(link, request, ask)
  }

  private move(reason: string, from: Appliance): void {
    this.note('affinity.lost', 'warn', ['SV2'], `lost database ${from.id} (${reason}); tries the other`)
    const eligible = this.eligible()
    const others = eligible.filter(({ id }) => id !== from.id)
    const again = eligible.filter(({ id }) => id === from.id)
    this.seek([...shuffled(others, this.options.random), ...again], true)
  }

  private received(message: PeerMessage, link: LinkId): boolean {
    if (message.type === 'session.left' || message.type === 'topology.changed') {
      this.options.received(message, link)
      return true
    }
    if (message.type !== 'answered') return false
    // A database that cannot serve any more is about to leave; the other will be asked.
    return message.answer.outcome === 'unavailable' || this.pending.answer(message.request, message.answer)
  }

  private hello(): PeerMessage {
    const { self, topology } = this.options.keeper
    const versions = { min: peerProtocolVersion, max: peerProtocolVersion }
    return { type: 'hello.service', versions, appliance: self.id, epoch: topology.epoch }
  }

  private send(link: LinkId, request: number, ask: Ask): void {
    this.options.emit({ type: 'send', link, message: { type: 'asked', request, ask } })
  }

  private note(kind: string, level: 'info' | 'warn', rules: readonly string[], text: string): void {
    this.options.emit({ type: 'note', kind, level, rules, text })
  }
}

function isSamePlace(a: Appliance, b: Appliance): boolean {
  return a.id === b.id && a.host === b.host && a.port === b.port
}
