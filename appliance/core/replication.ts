/**
 * Pushes the own log to the other database, and tells whoever waits for a change whether it is on both.
 *
 * One link, dialled by this side: what the other pushes comes on a link of its own (`receiver.ts`). At most a window of
 * changes is on its way. The other is *in step* while it answers within `replicationWait`; as soon as one change takes
 * longer it is out of step, acknowledgements say `one` at once, and it is in step again when it has what the log held
 * when it fell behind.
 */
import { type Database } from './database.ts'
import { type Emit, type LinkId } from './events.ts'
import { type Timers } from './timers.ts'
import { type Replicated } from '#shared/wire/agent-link.schema.ts'
import { wireLimits } from '#shared/wire/limits.ts'
import { type PeerMessage } from '#shared/wire/peer-link.schema.ts'

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
  /** Out of step until it has acknowledged this; `null`: in step. */
  behindUntil: number | null
}
type Waiter = {
  readonly position: number
  readonly deadlineMs: number
  readonly done: (replicated: Replicated) => void
}

export const waitKey = 'replication.wait'

export type ReplicationOptions = {
  readonly database: Database
  readonly timers: Timers
  readonly emit: Emit
  readonly waitMs: () => number
}

export class Replication {
  private readonly options: ReplicationOptions
  private peer: Away | Snapshotting | Following = { phase: 'away' }
  private waiters: Waiter[] = []

  constructor(options: ReplicationOptions) {
    this.options = options
  }

  get inStep(): boolean {
    return this.peer.phase === 'following' && this.peer.behindUntil === null
  }

  /** Own changes that the other has not acknowledged. */
  get lag(): number {
    const { end } = this.options.database.log
    return this.peer.phase === 'following' ? end - this.peer.acknowledged : end
  }

  /** The other database said welcome and holds the own log up to `held`. */
  begin(link: LinkId, held: number): void {
    const { size, log } = this.options.database
    // A peer that holds nothing of this log may lack what came here by other ways, too.
    const lacks = held === 0 ? size > 0 : held > log.end || !log.reaches(held)
    if (lacks) this.snapshot(link)
    else this.follow(link, held)
  }

  received(message: PeerMessage): void {
    if (message.type === 'acknowledged') this.acknowledged(message.position)
    if (message.type === 'snapshot.taken') this.snapshotTaken()
  }

  /** The link is gone: nobody waits for it any more. */
  end(): void {
    this.peer = { phase: 'away' }
    this.release(this.waiters.length, 'one')
  }

  /** Sends what is new; called after the turn that committed it. */
  push(): void {
    const { peer } = this
    const { log } = this.options.database
    if (peer.phase !== 'following') return
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
    if (this.peer.phase === 'following') this.peer.behindUntil = this.options.database.log.end
    const text = `the other database did not acknowledge position ${first.position} in time; it is out of step`
    this.options.emit({ type: 'note', kind: 'replication.behind', level: 'warn', rules: [], text })
    this.release(this.waiters.length, 'one')
  }

  private acknowledged(position: number): void {
    const { peer } = this
    if (peer.phase !== 'following') return
    peer.acknowledged = Math.max(peer.acknowledged, position)
    if (peer.behindUntil !== null && peer.acknowledged >= peer.behindUntil) peer.behindUntil = null
    const open = this.waiters.findIndex((waiter) => waiter.position > peer.acknowledged)
    this.release(open === -1 ? this.waiters.length : open, 'both')
    this.push()
  }

  private follow(link: LinkId, from: number): void {
    const { end } = this.options.database.log
    const behindUntil = end > from ? end : null
    this.peer = { phase: 'following', link, acknowledged: from, sent: from, behindUntil }
    this.push()
  }

  private snapshot(link: LinkId): void {
    const { log } = this.options.database
    const rest = [...this.options.database.keys()].reverse()
    const begun: Snapshotting = { phase: 'snapshot', link, rest, position: log.end }
    this.peer = begun
    this.release(this.waiters.length, 'one')
    this.sendSnapshotPart(begun)
  }

  private sendSnapshotPart(peer: Snapshotting): void {
    const { database } = this.options
    const keys = peer.rest.splice(-wireLimits.replicationBatchMax).reverse()
    this.send(peer.link, {
      type: 'snapshot',
      records: keys.flatMap((key) => database.record(key) ?? []),
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
