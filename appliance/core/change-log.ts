/**
 * A database's own log: the changes it made, numbered from 1 without gaps. Old changes are dropped once there are too
 * many; whoever needs them takes a snapshot instead.
 */
import { assert } from '#shared/assert.ts'
import { type Change, type StoredRecord } from '#shared/wire/peer-link.schema.ts'

/** Changes kept for a peer that catches up. */
export const changesKeptMax = 100_000

export interface ChangeLog {
  /** Position of the last change; 0 for none. */
  readonly end: number
  append(record: StoredRecord): Change
  /** Does it reach back to the change after `position`? */
  reaches(position: number): boolean
  /** At most `count` changes after `position`, which the log reaches. */
  after(position: number, count: number): Change[]
}

/**
 * `end`: where the log ended when the process began. `kept`: the changes up to there that its store still has, in order;
 * what came before them, or before a gap in them, can only be had as a snapshot.
 */
export function createChangeLog(end: number, kept: readonly Change[], keptMax: number = changesKeptMax): ChangeLog {
  let changes = lastRun(kept, end)
  let dropped = end - changes.length
  return {
    get end() {
      return dropped + changes.length
    },
    append(record) {
      const change = { position: dropped + changes.length + 1, record }
      changes.push(change)
      // Dropping half at a time keeps the cost of an append constant.
      if (changes.length > keptMax) {
        const surplus = Math.ceil(keptMax / 2)
        changes = changes.slice(surplus)
        dropped += surplus
      }
      return change
    },
    reaches(position) {
      return position >= dropped
    },
    after(position, count) {
      assert(position >= dropped, 'a log is read only as far back as it reaches')
      return changes.slice(position - dropped, position - dropped + count)
    },
  }
}

/** The longest run without gaps that ends at `end`. */
function lastRun(kept: readonly Change[], end: number): Change[] {
  let next = end
  let first = kept.length
  while (first > 0 && kept[first - 1]?.position === next) {
    first -= 1
    next -= 1
  }
  return kept.slice(first)
}
