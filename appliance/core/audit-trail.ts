/**
 * The audit records of a database (AU1): each kept once by its identity, listed in the order in which they came.
 *
 * Only so many are kept. The oldest by their own clock go first, never the oldest by arrival: so two databases that have
 * seen the same records keep the same ones, whatever the order in which each heard of them.
 */
import { keyOf } from './store.ts'
import { type StoredAudit } from '#shared/wire/peer-link.schema.ts'

/** Records kept, of agents and of databases together. */
const auditKeptMax = 200_000

/** `index` counts what came to this database since it started, from 1. */
export type AuditListing = StoredAudit & { readonly index: number }
type Dated = { readonly atMs: number; readonly key: string }

export class AuditTrail {
  private readonly keptMax: number
  private readonly records = new Map<string, AuditListing>()
  /** The highest number that each agent's queue has here. */
  private readonly marks = new Map<string, number>()
  /** By age, oldest first; what stands before `head` is gone. */
  private byAge: Dated[] = []
  /** Where a queue began that was told of a gap. */
  private readonly gaps = new Map<string, number>()
  private head = 0
  private last = 0

  constructor(keptMax: number = auditKeptMax) {
    this.keptMax = keptMax
  }

  get size(): number {
    return this.records.size
  }

  /** In the order of arrival. */
  keys(): Iterable<string> {
    return this.records.keys()
  }

  get(key: string): StoredAudit | undefined {
    const listing = this.records.get(key)
    if (listing === undefined) return undefined
    const { index: _index, ...record } = listing
    return record
  }

  has(record: StoredAudit): boolean {
    return this.records.has(keyOf({ kind: 'audit', value: record }))
  }

  /** How far an agent's queue is kept; 0 for nothing of it. */
  mark(agent: string, incarnation: string): number {
    return this.marks.get(markKey(agent, incarnation)) ?? 0
  }

  /** May an upload of that queue begin with `seq`? After a gap it may only when it comes so a second time. */
  mayBegin(agent: string, incarnation: string, seq: number): boolean {
    const queue = markKey(agent, incarnation)
    const may = seq <= this.mark(agent, incarnation) + 1 || this.gaps.get(queue) === seq
    if (may) this.gaps.delete(queue)
    else this.gaps.set(queue, seq)
    return may
  }

  /** Takes one that is not kept yet. Returns the record that is kept no longer, which may be that one. */
  keep(record: StoredAudit): StoredAudit | null {
    const key = keyOf({ kind: 'audit', value: record })
    this.last += 1
    this.records.set(key, { ...record, index: this.last })
    if (record.by === 'agent') {
      const queue = markKey(record.source, record.incarnation)
      this.marks.set(queue, Math.max(record.seq, this.marks.get(queue) ?? 0))
    }
    this.date({ atMs: record.atMs, key })
    return this.records.size > this.keptMax ? this.dropOldest() : null
  }

  /** At most `count` records that came after `index`. */
  after(index: number, count: number): readonly AuditListing[] {
    const found: AuditListing[] = []
    for (const listing of this.records.values()) {
      if (found.length === count) break
      if (listing.index > index) found.push(listing)
    }
    return found
  }

  /** Most records are the youngest so far, so their place is found from the end. */
  private date(dated: Dated): void {
    let place = this.byAge.length
    while (place > this.head && isOlder(dated, this.byAge[place - 1])) place -= 1
    this.byAge.splice(place, 0, dated)
  }

  private dropOldest(): StoredAudit | null {
    const oldest = this.byAge[this.head]
    if (oldest === undefined) return null
    this.head += 1
    if (this.head > this.keptMax) {
      this.byAge = this.byAge.slice(this.head)
      this.head = 0
    }
    const dropped = this.get(oldest.key) ?? null
    this.records.delete(oldest.key)
    return dropped
  }
}

function isOlder(a: Dated, b: Dated | undefined): boolean {
  if (b === undefined) return false
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.key < b.key)
}

function markKey(agent: string, incarnation: string): string {
  return JSON.stringify([agent, incarnation])
}
