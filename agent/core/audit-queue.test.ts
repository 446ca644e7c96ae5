import { describe, expect, it } from 'vitest'
import { afterUpload, type AuditQueue, emptyAuditQueue, enqueue, nextUpload } from './audit-queue.ts'
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
