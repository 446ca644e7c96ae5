/** What a database keeps. An entry is one change of one log: of its own (`log` is the store's own) or of its peer's. */
import { type Result } from '#shared/result.ts'
import { type Topology } from '#shared/topology/model.ts'
import { type EnterpriseKind } from '#shared/wire/enterprise-data.schema.ts'
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
  /** The own log begins anew under the name `log`: of what is kept, the records stay, and no position of any log. */
  readonly begins?: boolean | undefined
  /** Adopted; the last one counts. It is no part of a log: databases hand it on by its epoch (BT8). */
  readonly topology?: Topology | undefined
}

/** Why an append was not made; `text` is for people. */
export type StoreFailure = { readonly code: 'full' | 'failed'; readonly text: string }

export interface Store {
  /** Changes with an entry that `begins`. Names this store's own log. A store that lost its past has a new name, so that positions are never used twice. */
  readonly log: string
  /**
   * Makes the entries durable, all or none, before it returns. Positions of the own log only grow. After a failure the
   * store takes nothing more: whoever appends knows more than it keeps by then, and has to begin anew from it.
   */
  append(entries: readonly StoreEntry[]): Result<undefined, StoreFailure>
  /**
   * What is kept: every record as it was last, in the order of that; the last changes of the own log, in order, each with
   * its record as it is now and without those whose record was forgotten; the topology; the highest position of every log.
   */
  replay(): readonly StoreEntry[]
}

/** What a record is the latest version of: one session, one audit record, or one record of enterprise data. */
export function keyOf({ kind, value }: StoredRecord): string {
  if (kind === 'session') return sessionKey(value.session)
  if (kind === 'data') return dataKey(value.kind, value.key)
  // Ids may hold any character, so that a separator would not keep two identities apart.
  return `audit ${JSON.stringify([value.source, value.incarnation, value.seq])}`
}

export function sessionKey(session: string): string {
  return `session ${session}`
}

export function dataKey(kind: EnterpriseKind, key: string): string {
  return `data ${kind} ${key}`
}
