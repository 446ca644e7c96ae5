/**
 * Two databases that have exchanged everything compare their content hashes, and say what came of it (RP7). One asks
 * with how far it is in both logs; the other answers only where it is exactly as far, so that a hash is never compared
 * with that of another moment.
 */
import { type Ledger } from './ledger.ts'
import { type Emit, type LinkId } from './events.ts'
import { type PeerMessage } from '#shared/wire/peer-link.schema.ts'

type Compared = { readonly own: string; readonly peer: string }
type Asked = Extract<PeerMessage, { type: 'compare' }>
type Answered = Extract<PeerMessage, { type: 'compared' }>

/** How often what is new is compared, in wire ms. */
export const comparisonEveryMs = 500

export class Comparison {
  private readonly ledger: Ledger
  private readonly emit: Emit
  private last: Compared | null = null
  private told: boolean | null = null

  constructor(ledger: Ledger, emit: Emit) {
    this.ledger = ledger
    this.emit = emit
  }

  /** The other's hash when last compared. */
  get peerHash(): string | null {
    return this.last?.peer ?? null
  }

  /** `null`: not compared since the last change. */
  get equal(): boolean | null {
    if (this.last?.own !== this.ledger.hash) return null
    return this.last.own === this.last.peer
  }

  /** The other has all that was made here: asks it, unless that is known already. */
  ask(link: LinkId, peerLog: string): void {
    const { ledger } = this
    if (this.equal !== null) return
    const { hash, log } = ledger
    const message: Asked = { type: 'compare', position: log.end, log: peerLog, held: ledger.held(peerLog), hash }
    this.emit({ type: 'send', link, message })
  }

  /** The other asks, who pushes `peerLog` on that link. */
  asked(link: LinkId, peerLog: string, asked: Asked): void {
    const { ledger } = this
    const { hash, log } = ledger
    const same = asked.log === ledger.logName && asked.held === log.end && asked.position === ledger.held(peerLog)
    if (!same) return
    this.emit({ type: 'send', link, message: { type: 'compared', asked: asked.hash, hash } })
    this.compared(asked.hash)
  }

  answered({ asked, hash }: Answered): void {
    // Something changed meanwhile; it is asked again.
    if (asked === this.ledger.hash) this.compared(hash)
  }

  /** The link is gone: what comes after is another comparison. */
  forget(): void {
    this.last = null
    this.told = null
  }

  private compared(peer: string): void {
    const own = this.ledger.hash
    const equal = own === peer
    this.last = { own, peer }
    if (this.told === equal) return
    this.told = equal
    const text = equal
      ? `has exchanged everything with the other database, and both hold the same: ${own}`
      : `has exchanged everything with the other database, and they differ: ${own} here, ${peer} there`
    const kind = equal ? 'replication.equal' : 'replication.unequal'
    this.emit({ type: 'note', kind, level: equal ? 'info' : 'warn', rules: ['RP7'], text })
  }
}
