/** A rate as a bucket of tokens that fills steadily and holds one second's worth (LO6: logins per second). */

export type TokenBucket = { readonly tokens: number; readonly atMs: number }

export function fullBucket(perSecond: number, nowMs: number): TokenBucket {
  return { tokens: Math.max(1, perSecond), atMs: nowMs }
}

/** Takes one token, or says in how many ms there is one. `most`: how many are saved up, one second's worth unless stated. */
export function takeToken(
  bucket: TokenBucket,
  perSecond: number,
  nowMs: number,
  most = Math.max(1, perSecond),
): { readonly next: TokenBucket; readonly waitMs: number } {
  const filled = Math.min(most, bucket.tokens + ((nowMs - bucket.atMs) / 1000) * perSecond)
  if (filled >= 1) return { next: { tokens: filled - 1, atMs: nowMs }, waitMs: 0 }
  return { next: { tokens: filled, atMs: nowMs }, waitMs: ((1 - filled) / perSecond) * 1000 }
}
