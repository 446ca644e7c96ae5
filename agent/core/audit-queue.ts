/**
 * Audit records that wait for an appliance (OF5). They are numbered without gaps under the queue's incarnation and never
 * anew, so that a record is kept once however often it is uploaded; what the appliances have leaves the queue.
 *
 * The queue has a bound. The last of its room is for what cannot be refused, locks and logouts and challenges; before that
 * there is room for offline logins and unlocks, which are refused when it is gone; denials come last, so that nobody fills
 * the queue by typing. What finds no room is counted, and the count becomes a record as soon as there is some.
 */
import { type AuditRecord } from '#shared/wire/agent-link.schema.ts'
import { wireLimits } from '#shared/wire/limits.ts'

export type AuditQueue = {
  /** Names the queue; a queue that lost its past gets another. */
  readonly incarnation: string
  readonly nextSeq: number
  /** In order of `seq`, which ends just before `nextSeq`. */
  readonly records: readonly AuditRecord[]
  /** What found no room, and the user of the first of them. */
  readonly dropped?: { readonly count: number; readonly user: string } | undefined
}

export type AuditEntry = Omit<AuditRecord, 'incarnation' | 'seq'>

export function emptyAuditQueue(incarnation: string): AuditQueue {
  return { incarnation, nextSeq: 1, records: [] }
}

/** Room that a record leaves free for others; one that is not named here leaves none. */
const leavesFree: Readonly<Partial<Record<AuditEntry['kind'], number>>> = {
  denied: 1_000,
  login: 500,
  'offline-login': 500,
  unlock: 500,
}

/** Whether a record of that kind would be kept. */
export function hasRoom({ records }: AuditQueue, kind: AuditEntry['kind']): boolean {
  return records.length < wireLimits.auditQueueMax - (leavesFree[kind] ?? 0)
}

/** The queue with the record, or with one more that was not kept. */
export function enqueue(queue: AuditQueue, entry: AuditEntry): AuditQueue {
  const { incarnation, nextSeq, records, dropped } = queue
  if (!hasRoom(queue, entry.kind)) {
    return { ...queue, dropped: { count: (dropped?.count ?? 0) + 1, user: dropped?.user ?? entry.user } }
  }
  return { ...queue, nextSeq: nextSeq + 1, records: [...records, { incarnation, seq: nextSeq, ...entry }] }
}

/** Puts the count of what was not kept on record, where there is one and a denial would be kept again. */
export function recordDropped(queue: AuditQueue, atMs: number): AuditQueue {
  const { dropped, ...rest } = queue
  if (dropped === undefined || !hasRoom(queue, 'denied')) return queue
  return enqueue(rest, { atMs, kind: 'dropped', user: dropped.user, detail: `${dropped.count} records` })
}

/** The oldest records, as many as one upload may carry. */
export function nextUpload({ records }: AuditQueue): AuditRecord[] {
  return records.slice(0, wireLimits.auditRecordsMax)
}

/** Every record up to `seq` is kept by the appliances. News of another incarnation changes nothing. */
export function afterUpload(queue: AuditQueue, incarnation: string, seq: number): AuditQueue {
  const [first] = queue.records
  if (incarnation !== queue.incarnation || first === undefined || seq < first.seq) return queue
  return { ...queue, records: queue.records.filter((record) => record.seq > seq) }
}
