/**
 * Pushes the own log to the other database, and tells whoever waits for a change whether it is on both.
 *
 * One link, dialled by this side: what the other pushes comes on a link of its own (`receiver.ts`). At most a window of
 * changes is on its way. The other is *in step* while it answers within `replicationWait`; as soon as one change takes
 * longer it is out of step, acknowledgements say `one` at once, and it is in step again when it has what the log held
 * when it fell behind.
 */
import { type Comparison, comparisonEveryMs } from './comparison.ts'
import { type Ledger } from './ledger.ts'
import { type Emit, type LinkId } from './events.ts'
import { type Timers } from './timers.ts'
import { type Replicated } from '#shared/wire/agent-link.schema.ts'
import { wireLimits } from '#shared/wire/limits.ts'
import { type Change, type PeerMessage } from '#shared/wire/peer-link.schema.ts'

type Away = { readonly phase: 'away' }
/** The other takes all records first, part by part. `rest`: keys of the records still to send. */
type Snapshotting = {
  readonly phase: 'snapshot'
  readonly link: LinkId
  readonly rest: string[]
  readonly position: number
}
type Following = {
  readonly phase: 'following'
  readonly link: LinkId
  acknowledged: number
  sent: number
  /** Too many bytes wait in the socket: nothing is pushed until it has drained. */
  filled: boolean
  /** Out of step until it has acknowledged this; `null`: in step. */
  behindUntil: number | null
}
type Waiter = {
  readonly position: number
  readonly deadlineMs: number
  readonly done: (replicated: Replicated) => void
}

export const waitKey = 'replication.wait'
export const compareKey = 'replication.compare'

export type ReplicationOptions = {
  readonly ledger: Ledger
  readonly timers: Timers
  readonly emit: Emit
  readonly waitMs: () => number
  readonly comparison: Comparison
  /** The log of the other database, once it has named it. */
  readonly peerLog: () => string | null
}

export class Replication {
  private readonly options: ReplicationOptions
  private peer: Away | Snapshotting | Following = { phase: 'away' }
  private waiters: Waiter[] = []
  /** How far the other was known to have the own log, when it was last heard. */
  private knownThere: number | null = null

  constructor(options: ReplicationOptions) {
    this.options = options
  }

  get inStep(): boolean {
    return this.peer.phase === 'following' && this.peer.behindUntil === null
  }

  /** Own changes that the other has not acknowledged. */
  get lag(): number {
    const { end } = this.options.ledger.log
    return this.peer.phase === 'following' ? end - this.peer.acknowledged : end
  }

  /** Own changes that the other, now lost or parted from for good, is not known to have; oldest first. */
  get unshared(): readonly Change[] {
    const { log } = this.options.ledger
    const { knownThere } = this
    return knownThere === null || !log.reaches(knownThere) ? [] : log.after(knownThere, log.end - knownThere)
  }

  /** The other database said welcome and holds the own log up to `held`. */
  begin(link: LinkId, held: number): void {
    const { log } = this.options.ledger
    // A peer that holds nothing of this log may lack what came here by other ways, too; it waits to hear that it has all.
    const lacks = held === 0 || !log.reaches(held)
    if (lacks) this.snapshot(link)
    else this.follow(link, held)
  }

  /** `false`: the other database must not say that, or not now (SC3). */
  received(message: PeerMessage): boolean {
    switch (message.type) {
      case 'acknowledged':
        return this.acknowledged(message.position)
      case 'snapshot.taken':
        this.snapshotTaken()
        return true
      case 'compared':
        this.options.comparison.answered(message)
        return true
      default:
        return false
    }
  }

  /** The link is gone: nobody waits for it any more. */
  end(): void {
    this.peer = { phase: 'away' }
    this.options.comparison.forget()
    this.options.timers.clear(compareKey)
    this.release(this.waiters.length, 'one')
  }

  /** The socket has filled up, or has drained again. */
  flow(link: LinkId, filled: boolean): void {
    if (this.peer.phase !== 'following' || this.peer.link !== link) return
    this.peer.filled = filled
    if (!filled) this.push()
  }

  /** The comparison timer fired: compares what both have, when nothing is on its way (RP7). */
  compare(): void {
    const { timers, comparison, peerLog } = this.options
    if (this.peer.phase !== 'following') return
    const log = peerLog()
    if (this.lag === 0 && log !== null) comparison.ask(this.peer.link, log)
    timers.set(compareKey, comparisonEveryMs)
  }

  /** Sends what is new; called after the turn that committed it. */
  push(): void {
    const { peer } = this
    const { log } = this.options.ledger
    if (peer.phase !== 'following' || peer.filled) return
    if (!log.reaches(peer.sent)) {
      this.snapshot(peer.link)
      return
    }
    while (peer.sent < log.end) {
      const room = peer.acknowledged + wireLimits.replicationWindowMax - peer.sent
      const changes = log.after(peer.sent, Math.min(room, wireLimits.replicationBatchMax))
      if (changes.length === 0) return
      peer.sent += changes.length
      this.send(peer.link, { type: 'changes', changes })
    }
  }

  /** Calls `done` once it is known whether the change at `position` is on both databases. */
  wait(position: number, nowMs: number, done: (replicated: Replicated) => void): void {
    if (!this.inStep) {
      done('one')
      return
    }
    if (this.lag === 0) {
      done('both')
      return
    }
    const waitMs = this.options.waitMs()
    if (this.waiters.length === 0) this.options.timers.set(waitKey, waitMs)
    this.waiters.push({ position, deadlineMs: nowMs + waitMs, done })
  }

  /** The wait timer fired: whoever has waited long enough hears `one`, and so does everybody behind them. */
  expire(nowMs: number): void {
    const [first] = this.waiters
    if (first === undefined) return
    if (first.deadlineMs > nowMs) {
      this.options.timers.set(waitKey, first.deadlineMs - nowMs)
      return
    }
    if (this.peer.phase === 'following') this.peer.behindUntil = this.options.ledger.log.end
    const text = `the other database did not acknowledge position ${first.position} in time; it is out of step`
    this.options.emit({ type: 'note', kind: 'replication.behind', level: 'warn', rules: ['RP2'], text })
    this.release(this.waiters.length, 'one')
  }

  private acknowledged(position: number): boolean {
    const { peer } = this
    if (peer.phase !== 'following') return true
    // Nobody may be told `both` of what the other has not even been sent (RP2).
    if (position > peer.sent) return false
    peer.acknowledged = Math.max(peer.acknowledged, position)
    this.knownThere = peer.acknowledged
    if (peer.behindUntil !== null && peer.acknowledged >= peer.behindUntil) {
      peer.behindUntil = null
      this.noteInStep()
    }
    const open = this.waiters.findIndex((waiter) => waiter.position > peer.acknowledged)
    this.release(open === -1 ? this.waiters.length : open, 'both')
    this.push()
    return true
  }

  private follow(link: LinkId, from: number): void {
    const { end } = this.options.ledger.log
    const behindUntil = end > from ? end : null
    this.peer = { phase: 'following', link, acknowledged: from, sent: from, filled: false, behindUntil }
    this.knownThere = from
    this.options.timers.set(compareKey, comparisonEveryMs)
    if (behindUntil === null) this.noteInStep()
    this.push()
  }

  private noteInStep(): void {
    const text = 'the other database is in step: changes are acknowledged on both'
    this.options.emit({ type: 'note', kind: 'replication.in-step', level: 'info', rules: ['RP2'], text })
  }

  private snapshot(link: LinkId): void {
    const { log } = this.options.ledger
    const rest = [...this.options.ledger.keys()].reverse()
    const begun: Snapshotting = { phase: 'snapshot', link, rest, position: log.end }
    this.peer = begun
    this.release(this.waiters.length, 'one')
    this.sendSnapshotPart(begun)
  }

  private sendSnapshotPart(peer: Snapshotting): void {
    const { ledger } = this.options
    const keys = peer.rest.splice(-wireLimits.replicationBatchMax).reverse()
    this.send(peer.link, {
      type: 'snapshot',
      records: keys.flatMap((key) => ledger.record(key) ?? []),
      last: peer.rest.length === 0,
      position: peer.position,
    })
  }

  private snapshotTaken(): void {
    const { peer } = this
    if (peer.phase !== 'snapshot') return
    if (peer.rest.length > 0) this.sendSnapshotPart(peer)
    else this.follow(peer.link, peer.position)
  }

  private release(count: number, replicated: Replicated): void {
    const released = this.waiters.slice(0, count)
    this.waiters = this.waiters.slice(count)
    if (this.waiters.length === 0) this.options.timers.clear(waitKey)
    for (const waiter of released) waiter.done(replicated)
  }

  private send(link: LinkId, message: PeerMessage): void {
    this.options.emit({ type: 'send', link, message })
  }
}
