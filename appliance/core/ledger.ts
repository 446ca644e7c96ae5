/**
 * What a database keeps: enterprise data, sessions, audit records, the log of the changes made here, and how far it holds
 * the logs of others. It decides nothing; it merges what comes from elsewhere, and has everything that is new persisted.
 */
import { type AuditListing, AuditTrail } from './audit-trail.ts'
import { type ChangeLog, createChangeLog } from './change-log.ts'
import { ContentHash } from './content-hash.ts'
import { EnterpriseTable } from './enterprise-table.ts'
import { type Emit } from './events.ts'
import { type FieldReport, FieldReports } from './field-reports.ts'
import { type MergeReport, MergeReports } from './merge-reports.ts'
import { SessionTable } from './session-table.ts'
import { createStamps, type Stamps } from './stamps.ts'
import { keyOf, sessionKey, type StoreEntry } from './store.ts'
import { type EnterpriseRecord } from '#shared/wire/enterprise-data.schema.ts'
import { type Change, type SessionRecord, type StoredRecord } from '#shared/wire/peer-link.schema.ts'

export type LedgerOptions = {
  /** Whose changes they are. */
  readonly origin: string
  /** Name of the own log. */
  readonly logName: string
  /** Enterprise data by the configuration. */
  readonly initial: readonly EnterpriseRecord[]
  /** What the store kept. */
  readonly entries: readonly StoreEntry[]
  readonly emit: Emit
  /** The session was served by `from`, and is not any more. */
  readonly left: (session: string, from: string) => void
}

/** A record as it is kept now, and keys of what is kept no longer. */
type Kept = { readonly record?: StoredRecord; readonly forget?: readonly string[] }

export class Ledger {
  /** Users, policies and what else the enterprise keeps. */
  readonly data: EnterpriseTable
  readonly trail = new AuditTrail()
  readonly stamps: Stamps
  private readonly emit: Emit
  private readonly table: SessionTable
  private readonly content = new ContentHash()
  private readonly reports: MergeReports
  private readonly fieldReports: FieldReports
  private readonly positions = new Map<string, number>()
  private ownLog: ChangeLog
  private ownName: string

  constructor({ origin, logName, initial, entries, emit, left }: LedgerOptions) {
    const { content } = this
    const stamps = createStamps(origin)
    const reports = new MergeReports(origin, emit)
    const fieldReports = new FieldReports(emit)
    this.emit = emit
    this.stamps = stamps
    this.reports = reports
    this.fieldReports = fieldReports
    this.table = new SessionTable({ content, stamps, reports, left })
    this.data = new EnterpriseTable({ initial, content, stamps, reports: fieldReports })
    const own: Change[] = []
    for (const { log, position, record } of entries) {
      if (record?.kind === 'data') this.data.restore(record.value)
      else if (record !== undefined) this.take(record)
      if (record !== undefined && log === logName && position > 0) own.push({ position, record })
      this.advance(log, position)
    }
    this.ownName = logName
    this.ownLog = createChangeLog(this.held(logName), own)
  }

  get log(): ChangeLog {
    return this.ownLog
  }

  get logName(): string {
    return this.ownName
  }

  get sessions(): ReadonlyMap<string, SessionRecord> {
    return this.table.all
  }

  /** Sessions that have not ended. */
  get openSessions(): number {
    return this.table.openCount
  }

  /** Of all records (RP7). */
  get hash(): string {
    return this.content.text
  }

  /** What was decided between changes made apart (RP8). */
  get merges(): readonly MergeReport[] {
    return this.reports.all
  }

  /** The same, of fields of enterprise data. */
  get fieldMerges(): readonly FieldReport[] {
    return this.fieldReports.all
  }

  /** At most `count` audit records that came after the one of that index. */
  audit(index: number, count: number): readonly AuditListing[] {
    return this.trail.after(index, count)
  }

  /** Keys of all records, in the order in which each was first kept. */
  *keys(): Iterable<string> {
    yield* this.data.keys()
    for (const session of this.sessions.keys()) yield sessionKey(session)
    yield* this.trail.keys()
  }

  record(key: string): StoredRecord | undefined {
    const audit = this.trail.get(key)
    if (audit !== undefined) return { kind: 'audit', value: audit }
    const data = this.data.at(key)
    if (data !== undefined) return { kind: 'data', value: data }
    const session = this.sessions.get(key.slice(sessionKey('').length))
    return session === undefined ? undefined : { kind: 'session', value: session }
  }

  /** How far a log is held here. */
  held(log: string): number {
    return this.positions.get(log) ?? 0
  }

  /** The logs of an appliance of which something is held here; a log's name begins with its appliance. */
  logsOf(appliance: string): readonly string[] {
    return [...this.positions.keys()].filter((log) => log.startsWith(`${appliance}/`))
  }

  /** Logs a change made here, and keeps it. */
  append(record: StoredRecord): void {
    const { logName } = this
    const kept = this.keep(record)
    const { position } = this.log.append(record)
    this.emit({ type: 'persist', entry: { log: logName, position, ...kept } })
    this.emit({ type: 'soon' })
  }

  /** Takes a change of another database's log; a part of a snapshot comes with position 0. Taking it twice is the same. */
  apply(log: string, record: StoredRecord | undefined, position: number): void {
    // What is kept is the merged record: a store knows no merge law, so that its last version of a record has to be the one.
    const kept = record === undefined ? {} : this.take(record)
    this.advance(log, position)
    const isNew = position > 0 || kept.record !== undefined || kept.forget !== undefined
    if (isNew) this.emit({ type: 'persist', entry: { log, position, ...kept } })
  }

  /**
   * Begins the own log anew, under a name never used before, with all records and no position of any log: both databases
   * take everything of the other again.
   */
  beginAnew(logName: string): void {
    this.ownName = logName
    this.ownLog = createChangeLog(0, [])
    this.positions.clear()
    this.emit({ type: 'persist', entry: { log: logName, position: 0, begins: true } })
  }

  /** A record that was made here: enterprise data is in its table by then. */
  private keep(record: StoredRecord): Kept {
    if (record.kind === 'audit') return this.take(record)
    if (record.kind === 'session') this.table.keep(record.value)
    return { record }
  }

  /** Merges a record with what is known. */
  private take(record: StoredRecord): Kept {
    if (record.kind === 'session') return { record: { kind: 'session', value: this.table.merge(record.value) } }
    if (record.kind === 'data') {
      const value = this.data.merge(record.value)
      return value === null ? {} : { record: { kind: 'data', value } }
    }
    if (this.trail.has(record.value)) return { record }
    const dropped = this.trail.keep(record.value)
    this.content.add(record)
    if (dropped === null) return { record }
    const old: StoredRecord = { kind: 'audit', value: dropped }
    this.content.remove(old)
    const key = keyOf(old)
    return key === keyOf(record) ? {} : { record, forget: [key] }
  }

  private advance(log: string, position: number): void {
    this.positions.set(log, Math.max(this.held(log), position))
  }
}
