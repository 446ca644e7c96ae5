/**
 * What a database keeps. An entry is one change of one log: of its own (`log` is the store's own) or of its peer's. In
 * memory for now; a durable store keeps the same port.
 */
import { type StoredRecord } from '#shared/wire/peer-link.schema.ts'

export type StoreEntry = {
  /** Name of the log that the change belongs to. */
  readonly log: string
  /** Its number there; 0 for a part of a snapshot, which moves no position. */
  readonly position: number
  /** Absent: the log is held up to `position` with nothing new. */
  readonly record?: StoredRecord | undefined
  /** Keys of records that are kept no longer. */
  readonly forget?: readonly string[] | undefined
}

export interface Store {
  /** Names this store's own log. A store that lost its past has a new name, so that positions are never used twice. */
  readonly log: string
  /** Makes the entries durable, all or none, before it returns. */
  append(entries: readonly StoreEntry[]): void
  /** The latest entry of every record and the highest position of every log, in the order of their appending. */
  replay(): readonly StoreEntry[]
}

/** What a record is the latest version of: one session, or one audit record. */
export function keyOf({ kind, value }: StoredRecord): string {
  if (kind === 'session') return sessionKey(value.session)
  // Ids may hold any character, so that a separator would not keep two identities apart.
  return `audit ${JSON.stringify([value.source, value.incarnation, value.seq])}`
}

export function sessionKey(session: string): string {
  return `session ${session}`
}
