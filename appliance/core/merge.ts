/**
 * The merge of two versions of a session record: the latest change wins, and `ended` beats everything. It is the maximum
 * of a total order, so it does not matter in which order, how often, or on which database versions meet.
 */
import { wireLimits } from '#shared/wire/limits.ts'
import { type SessionRecord, type Stamp } from '#shared/wire/peer-link.schema.ts'

/** Negative when `a` is earlier. A stamp is given once, so 0 means the same change. */
export function compareStamps(a: Stamp, b: Stamp): number {
  if (a.wallMs !== b.wallMs) return a.wallMs - b.wallMs
  if (a.counter !== b.counter) return a.counter - b.counter
  if (a.origin === b.origin) return 0
  return a.origin < b.origin ? -1 : 1
}

/** Both versions are of the same session. Every ticket of either stays good: each was given for a verified password. */
export function mergeSession(a: SessionRecord, b: SessionRecord): SessionRecord {
  const winner = isLater(a, b) ? a : b
  return { ...winner, tickets: mergeTickets(a.tickets, b.tickets), made: mergeMade(a.made, b.made) }
}

/** Were the two made without knowing of each other? Then each has changes that the other lacks (RP8). */
export function isApart(a: SessionRecord, b: SessionRecord): boolean {
  return lacks(a.made, b.made) && lacks(b.made, a.made)
}

function lacks(made: SessionRecord['made'], other: SessionRecord['made']): boolean {
  return Object.entries(other).some(([origin, count]) => count > (made[origin] ?? 0))
}

/** What is known of either is known of both. */
export function mergeMade(a: SessionRecord['made'], b: SessionRecord['made']): SessionRecord['made'] {
  const merged = { ...a }
  for (const [origin, count] of Object.entries(b)) merged[origin] = Math.max(count, merged[origin] ?? 0)
  return merged
}

/** Does `a` stay when it meets `b`? */
export function isLater(a: SessionRecord, b: SessionRecord): boolean {
  const aEnded = a.state === 'ended'
  const bEnded = b.state === 'ended'
  return aEnded === bEnded ? compareStamps(a.stamp, b.stamp) > 0 : aEnded
}

/**
 * Sorted, without repeats, and at most `ticketsMax`: of more, the same ones go wherever versions meet. Else somebody with
 * a good password could make a record larger than a message may be, and cut the databases apart with it (SC3).
 */
export function mergeTickets(a: readonly string[], b: readonly string[]): string[] {
  return [...new Set([...a, ...b])].sort().slice(-wireLimits.ticketsMax)
}
