import { describe, expect, it } from 'vitest'
import {
  afterUpload,
  type AuditEntry,
  type AuditQueue,
  emptyAuditQueue,
  enqueue,
  hasRoom,
  nextUpload,
  recordDropped,
} from './audit-queue.ts'
import { wireLimits } from '#shared/wire/limits.ts'

function queued(count: number, queue: AuditQueue = emptyAuditQueue('first')): AuditQueue {
  return Array.from({ length: count }, (_, index) => index).reduce(
    (before, index) => enqueue(before, { atMs: index, kind: 'lock', user: 'alice' }),
    queue,
  )
}

const seqs = (queue: AuditQueue) => queue.records.map(({ seq }) => seq)

describe('[OF5] the audit queue', () => {
  it('numbers its records from one, without gaps and under its own name', () => {
    const queue = queued(3)
    expect(queue.records.map(({ incarnation, seq, atMs }) => [incarnation, seq, atMs])).toEqual([
      ['first', 1, 0],
      ['first', 2, 1],
      ['first', 3, 2],
    ])
  })

  it('uploads the oldest first, no more than a message may carry', () => {
    const { auditRecordsMax } = wireLimits
    expect(nextUpload(queued(auditRecordsMax + 1)).map(({ seq }) => seq)).toEqual(
      Array.from({ length: auditRecordsMax }, (_, index) => index + 1),
    )
    expect(nextUpload(queued(2))).toHaveLength(2)
    expect(nextUpload(emptyAuditQueue('first'))).toEqual([])
  })

  it('lets go of what is kept elsewhere, and never numbers anew', () => {
    const rest = afterUpload(queued(5), 'first', 3)
    expect(seqs(rest)).toEqual([4, 5])
    const empty = afterUpload(rest, 'first', 5)
    expect(seqs(empty)).toEqual([])
    expect(seqs(queued(2, empty))).toEqual([6, 7])
  })

  it.each([
    ['nothing more than before', 'first', 0],
    ['what another queue had', 'second', 5],
  ])('keeps its records when %s was kept', (_, incarnation, seq) => {
    const queue = queued(2)
    expect(afterUpload(queue, incarnation, seq)).toBe(queue)
  })
})

describe('[OF5] an audit queue that gets full', () => {
  const { auditQueueMax } = wireLimits
  const holding = (count: number): AuditQueue => {
    const records = Array.from({ length: count }, (_, index) => ({
      incarnation: 'first',
      seq: index + 1,
      atMs: index,
      kind: 'lock' as const,
      user: 'alice',
    }))
    return { incarnation: 'first', nextSeq: count + 1, records }
  }
  const entry = (kind: AuditEntry['kind'], user = 'alice'): AuditEntry => ({ atMs: 7, kind, user })

  it.each<readonly [AuditEntry['kind'], number]>([
    ['denied', auditQueueMax - 1_000],
    ['login', auditQueueMax - 500],
    ['offline-login', auditQueueMax - 500],
    ['unlock', auditQueueMax - 500],
    ['lock', auditQueueMax],
    ['logout', auditQueueMax],
    ['challenge', auditQueueMax],
    ['failover', auditQueueMax],
  ])('keeps a %s until it holds %i', (kind, full) => {
    expect(hasRoom(holding(full - 1), kind)).toBe(true)
    expect(enqueue(holding(full - 1), entry(kind)).records).toHaveLength(full)
    const left = enqueue(holding(full), entry(kind))
    expect([left.records.length, left.nextSeq, left.dropped]).toEqual([full, full + 1, { count: 1, user: 'alice' }])
  })

  it('counts what it does not keep, and records the count once there is room again', () => {
    const full = enqueue(enqueue(holding(auditQueueMax), entry('lock', 'bob')), entry('denied', 'carl'))
    expect(full.dropped).toEqual({ count: 2, user: 'bob' })
    expect(recordDropped(afterUpload(full, 'first', 50), 9)).toMatchObject({ dropped: full.dropped })
    const roomy = recordDropped(afterUpload(full, 'first', 1_001), 9)
    expect(roomy.records.at(-1)).toMatchObject({
      seq: auditQueueMax + 1,
      atMs: 9,
      kind: 'dropped',
      user: 'bob',
      detail: '2 records',
    })
    expect(roomy).not.toHaveProperty('dropped')
    expect(recordDropped(roomy, 9)).toBe(roomy)
  })
})
