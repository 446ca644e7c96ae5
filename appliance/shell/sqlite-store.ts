/**
 * The durable store: one SQLite file, in WAL mode with full synchronisation. An append is one transaction, so a turn of
 * the loop is one commit (RP2). The file belongs to one process at a time.
 *
 * A file that is damaged or of a newer program is refused at start and left as it was found. After a crash SQLite itself
 * goes back to the last commit. A record has one row, updated in place; pages that are free are given back while it runs,
 * and what is left half empty is rewritten at the next start.
 */
import { statfsSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { changesKeptMax } from '../core/change-log.ts'
import { keyOf, type Store, type StoreEntry, type StoreFailure } from '../core/store.ts'
import { assertPositions, newLogName } from './memory-store.ts'
import { createFile, damaged, examine, fullText, type StoreRefusal, sqliteFailure } from './sqlite-file.ts'
import { migrate } from './sqlite-schema.ts'
import { assert } from '#shared/assert.ts'
import { fail, ok, type Result } from '#shared/result.ts'
import { type Topology } from '#shared/topology/model.ts'
import { wireLimits } from '#shared/wire/limits.ts'
import { type StoredRecord } from '#shared/wire/peer-link.schema.ts'

export type SqliteStoreOptions = {
  readonly file: string
  /** Whose store it is; begins the name of a new log. */
  readonly appliance: string
  /** Largest size of the file, in pages; absent: the disk's. */
  readonly pagesMax?: number | undefined
  readonly changesKept?: number
}

export interface SqliteStore extends Store {
  /** Takes effect with the next append. `null`: as large as the disk allows. */
  limit(pagesMax: number | null): void
  close(): void
}

/** 3.7.0 to 3.51.2 may corrupt a file when a checkpoint and a commit meet. */
const sqliteVersionMin = [3, 51, 3] as const
/** Without so much room there is no use in starting. */
const roomPagesMin = 16
const roomBytesMin = 1_048_576
const busyTimeoutMs = 2_000
/** About 4 MB: a checkpoint then takes some 10 ms of the loop. */
const walPages = 1_000
const walBytesMax = 8_388_608
/** Old changes go in portions, and so do free pages, so that no append waits long. */
const pruneCount = 1_000
const freePagesPortion = 64
/** Of a row that says which record a position changed. */
const changeBytes = 10
const compactBytesMin = 262_144
const pagesUnlimited = 4_294_967_294

/** Opens the store of a process that starts; where there is no file, makes one with a log name never used before. */
export function openSqliteStore(options: SqliteStoreOptions): Result<SqliteStore, StoreRefusal> {
  const row = new DatabaseSync(':memory:').prepare('SELECT sqlite_version() AS version').get()
  const version = row?.['version'] as string
  const { file, appliance } = options
  if (!isSqliteNewEnough(version)) return fail({ code: 'sqlite-too-old', text: `SQLite ${version} is too old` })
  try {
    const { bavail, bsize } = statfsSync(dirname(file))
    if (bavail * bsize < roomBytesMin) return fail({ code: 'full', text: fullText(file) })
    const found = examine(file, busyTimeoutMs)
    if (found !== 'none' && found !== 'whole') return fail(found)
    if (found === 'none') createFile(file, newLogName(appliance))
    const store = new FileStore(options)
    if (store.hasRoom) return ok(store)
    store.close()
    return fail({ code: 'full', text: fullText(file) })
  } catch (error) {
    const { code, text } = sqliteFailure(error, file)
    if (code === 'busy') return fail({ code: 'in-use', text: `${file} is held by another process` })
    return fail(code === 'damaged' ? damaged(file, text) : { code, text })
  }
}

export function isSqliteNewEnough(version: string): boolean {
  const given = version.split('.').map(Number)
  for (const [index, least] of sqliteVersionMin.entries()) {
    const number = given[index] ?? 0
    if (number !== least) return number > least
  }
  return true
}

class FileStore implements SqliteStore {
  private logName: string
  private readonly file: string
  private readonly db: DatabaseSync
  private readonly changesKept: number
  private readonly begin: StatementSync
  private readonly commit: StatementSync
  private readonly addRecord: StatementSync
  private readonly changeRecord: StatementSync
  private readonly putChange: StatementSync
  private readonly putPosition: StatementSync
  private readonly forgetRecord: StatementSync
  /** Row of each record, by its key. */
  private readonly ids = new Map<string, number>()
  private failed = false
  private appended: number
  private lastId: number
  private firstChange: number
  private end: number

  constructor({ file, pagesMax, changesKept = changesKeptMax }: SqliteStoreOptions) {
    const db = new DatabaseSync(file, { timeout: busyTimeoutMs })
    this.file = file
    this.db = db
    this.changesKept = changesKept
    db.exec(`PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
      PRAGMA wal_autocheckpoint = ${walPages}; PRAGMA journal_size_limit = ${walBytesMax}`)
    migrate(db)
    this.compact()
    this.limit(pagesMax ?? null)
    this.begin = db.prepare('BEGIN IMMEDIATE')
    this.commit = db.prepare('COMMIT')
    this.addRecord = db.prepare('INSERT INTO records (id, key, kind, appended, value) VALUES (?, ?, ?, ?, ?)')
    this.changeRecord = db.prepare('UPDATE records SET appended = ?, value = ? WHERE id = ?')
    this.putChange = db.prepare('INSERT INTO changes (position, record) VALUES (?, ?)')
    this.putPosition = db.prepare(`INSERT INTO positions (log, position) VALUES (?, ?)
      ON CONFLICT (log) DO UPDATE SET position = max(position, excluded.position)`)
    this.forgetRecord = db.prepare('DELETE FROM records WHERE id = ?')
    for (const { id, key } of db.prepare('SELECT id, key FROM records').iterate()) {
      this.ids.set(key as string, id as number)
    }
    this.logName = this.db.prepare('SELECT log FROM identity').get()?.['log'] as string
    this.appended = this.number('SELECT coalesce(max(appended), 0) FROM records')
    // An id is not used again while a change may name it.
    this.lastId = this.number(`SELECT max(coalesce((SELECT max(id) FROM records), 0),
      coalesce((SELECT max(record) FROM changes), 0))`)
    this.firstChange = this.number('SELECT coalesce(min(position), 0) FROM changes')
    this.end = this.number(`SELECT max(coalesce((SELECT max(position) FROM changes), 0),
      coalesce((SELECT position FROM positions WHERE log = (SELECT log FROM identity)), 0))`)
  }

  get log(): string {
    return this.logName
  }

  get hasRoom(): boolean {
    const pages = this.number('PRAGMA page_count')
    return pages + roomPagesMin <= this.number('PRAGMA max_page_count')
  }

  limit(pagesMax: number | null): void {
    this.db.exec(`PRAGMA max_page_count = ${pagesMax ?? pagesUnlimited}`)
  }

  append(entries: readonly StoreEntry[]): Result<undefined, StoreFailure> {
    assert(!this.failed, 'a store that failed takes nothing more')
    assertPositions(entries, this.log, this.end)
    try {
      this.begin.run()
      this.write(entries)
      this.commit.run()
      return ok(undefined)
    } catch (error) {
      this.failed = true
      if (this.db.isTransaction) this.db.exec('ROLLBACK')
      const { code, text } = sqliteFailure(error, this.file)
      return fail({ code: code === 'full' ? 'full' : 'failed', text })
    }
  }

  replay(): readonly StoreEntry[] {
    const { log } = this
    const records = new Map<number, StoreEntry>()
    for (const { id, kind, value } of this.db
      .prepare('SELECT id, kind, value FROM records ORDER BY appended')
      .iterate()) {
      const content = JSON.parse(value as string) as unknown
      records.set(
        id as number,
        kind === 'topology'
          ? { log, position: 0, topology: content as Topology }
          : { log, position: 0, record: { kind, value: content } as StoredRecord },
      )
    }
    const entries = [...records.values()]
    for (const change of this.db.prepare('SELECT position, record FROM changes ORDER BY position').iterate()) {
      const kept = records.get(change['record'] as number)
      if (kept !== undefined) entries.push({ ...kept, position: change['position'] as number })
    }
    for (const held of this.db.prepare('SELECT log, position FROM positions').all()) {
      entries.push({ log: held['log'] as string, position: held['position'] as number })
    }
    if (this.end > 0) entries.push({ log, position: this.end })
    return entries
  }

  close(): void {
    this.db.close()
  }

  private write(entries: readonly StoreEntry[]): void {
    const held = new Map<string, number>()
    let forgotten = 0
    for (const { log, position, record, topology, forget, begins } of entries) {
      if (begins === true) this.beginAnew(log, held)
      if (topology !== undefined) this.put('topology', 'topology', topology)
      const id = record === undefined ? null : this.put(keyOf(record), record.kind, record.value)
      if (log === this.log && id !== null) this.logged(position, id)
      // A change says by itself how far the own log is held.
      else if (position > 0) held.set(log, Math.max(held.get(log) ?? 0, position))
      for (const key of forget ?? []) forgotten += this.forget(key)
    }
    for (const [log, position] of held) this.putPosition.run(log, position)
    this.end = Math.max(this.end, held.get(this.log) ?? 0)
    if (this.prune() || forgotten > 0) this.giveBack()
  }

  /** Within the transaction. Other logs are taken anew too: what came by the old one has to come again. */
  private beginAnew(log: string, held: Map<string, number>): void {
    this.db.exec('DELETE FROM changes; DELETE FROM positions')
    this.db.prepare('UPDATE identity SET log = ?').run(log)
    held.clear()
    this.logName = log
    this.firstChange = 0
    this.end = 0
  }

  /** The row's id. */
  private put(key: string, kind: string, value: unknown): number {
    this.appended += 1
    const text = JSON.stringify(value)
    const known = this.ids.get(key)
    if (known !== undefined) {
      this.changeRecord.run(this.appended, text, known)
      return known
    }
    this.lastId += 1
    this.addRecord.run(this.lastId, key, kind, this.appended, text)
    this.ids.set(key, this.lastId)
    return this.lastId
  }

  /** How many rows went. */
  private forget(key: string): number {
    const id = this.ids.get(key)
    if (id === undefined) return 0
    this.ids.delete(key)
    return Number(this.forgetRecord.run(id).changes)
  }

  private logged(position: number, id: number): void {
    if (position === 0) return
    this.putChange.run(position, id)
    this.end = position
    if (this.firstChange === 0) this.firstChange = position
  }

  /** A tail longer than all records is no shorter a way to catch up than a snapshot, and not worth its room. */
  private prune(): boolean {
    const kept = Math.min(this.changesKept, Math.max(this.ids.size, wireLimits.replicationWindowMax))
    const surplus = this.end - this.firstChange + 1 - kept
    if (this.firstChange === 0 || surplus < pruneCount) return false
    this.firstChange += surplus
    this.db.prepare('DELETE FROM changes WHERE position < ?').run(this.firstChange)
    return true
  }

  /** Free pages beyond a quarter of the file go back to the disk, some with each append that makes any. */
  private giveBack(): void {
    const free = this.number('PRAGMA freelist_count')
    const surplus = free - Math.ceil(this.number('PRAGMA page_count') / 4)
    if (surplus > 0) this.db.exec(`PRAGMA incremental_vacuum(${Math.min(surplus, freePagesPortion)})`)
  }

  /** Rewrites a file of which too much is empty, before anybody waits for it. */
  private compact(): void {
    const bytes = this.number('PRAGMA page_count') * this.number('PRAGMA page_size')
    if (bytes < compactBytesMin) return
    const live = this.number(`SELECT coalesce((SELECT sum(length(key) + length(kind) + length(value)) FROM records), 0)
      + (SELECT count(*) FROM changes) * ${changeBytes}`)
    if (bytes > 2 * live) this.db.exec('VACUUM')
  }

  private number(sql: string): number {
    return Object.values(this.db.prepare(sql).get() ?? {})[0] as number
  }
}
