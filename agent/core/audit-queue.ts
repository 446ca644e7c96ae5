/**
 * Audit records that wait for an appliance (OF5). They are numbered without gaps under the queue's incarnation and never
 * anew, so that a record is kept once however often it is uploaded; what the appliances have leaves the queue.
 */
import { type AuditRecord } from '#shared/wire/agent-link.schema.ts'
import { wireLimits } from '#shared/wire/limits.ts'

export type AuditQueue = {
  /** Names the queue; a queue that lost its past gets another. */
  readonly incarnation: string
  readonly nextSeq: number
  /** In order of `seq`, which ends just before `nextSeq`. */
  readonly records: readonly AuditRecord[]
}

export type AuditEntry = Omit<AuditRecord, 'incarnation' | 'seq'>

export function emptyAuditQueue(incarnation: string): AuditQueue {
  return { incarnation, nextSeq: 1, records: [] }
}

export function enqueue(queue: AuditQueue, entry: AuditEntry): AuditQueue {
  const { incarnation, nextSeq, records } = queue
  return { incarnation, nextSeq: nextSeq + 1, records: [...records, { incarnation, seq: nextSeq, ...entry }] }
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
