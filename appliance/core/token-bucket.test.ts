import { describe, expect, test } from 'vitest'
import { fullBucket, takeToken } from './token-bucket.ts'

describe('[LO6] a rate of logins', () => {
  test('lets one second of logins through at once, then says how long to wait', () => {
    let bucket = fullBucket(4, 0)
    const waits = Array.from({ length: 5 }, () => {
      const taken = takeToken(bucket, 4, 0)
      bucket = taken.next
      return taken.waitMs
    })
    expect(waits).toEqual([0, 0, 0, 0, 250])
    expect(takeToken(bucket, 4, 249).waitMs).toBeCloseTo(1)
    expect(takeToken(bucket, 4, 250).waitMs).toBe(0)
  })

  test('saves up no more than a second of logins, and always room for one', () => {
    expect(takeToken({ tokens: 0, atMs: 0 }, 4, 3_600_000).next.tokens).toBe(3)
    expect(takeToken(fullBucket(0.5, 0), 0.5, 0)).toEqual({ next: { tokens: 0, atMs: 0 }, waitMs: 0 })
  })
})
