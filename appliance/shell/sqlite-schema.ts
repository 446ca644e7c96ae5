/**
 * The tables of a store, and whether a file holds them: examined without a change to it, since a file that is damaged or
 * of a newer program is left exactly as it was found.
 *
 * A record has one row, updated in place, and a change of the own log is a number and a row; so nothing but the tail of
 * the log and forgotten records is ever deleted, and the file stays near its live data.
 */
import { closeSync, existsSync, openSync, readSync } from 'node:fs'
import { type DatabaseSync } from 'node:sqlite'

/** `application_id` of the file: "FLst". */
const applicationId = 0x46_4c_73_74
const fileMagic = 'SQLite format 3\0'
const headerBytes = 100
const userVersionAt = 60
const applicationIdAt = 68

/** One a version: `user_version` says how many a file has had. A step is never changed once released; add one. */
const migrations: readonly string[] = [
  `CREATE TABLE identity (log TEXT NOT NULL);
   CREATE TABLE positions (log TEXT PRIMARY KEY, position INTEGER NOT NULL) WITHOUT ROWID;
   CREATE TABLE records (
     id INTEGER PRIMARY KEY,
     key TEXT NOT NULL UNIQUE,
     kind TEXT NOT NULL,
     appended INTEGER NOT NULL,
     value TEXT NOT NULL
   );
   CREATE TABLE changes (position INTEGER PRIMARY KEY, record INTEGER NOT NULL);`,
  // Records of enterprise data, kind `data`: no other tables, but an older program would not know what they are.
  'SELECT 1',
  // Who writes knows the ids: an index of keys, which are as random as session ids, cost a commit two pages or three. The
  // end of the own log is that of its changes.
  `CREATE TABLE rows (
     id INTEGER PRIMARY KEY,
     key TEXT NOT NULL,
     kind TEXT NOT NULL,
     appended INTEGER NOT NULL,
     value TEXT NOT NULL
   );
   INSERT INTO rows SELECT id, key, kind, appended, value FROM records;
   DROP TABLE records;
   ALTER TABLE rows RENAME TO records`,
]
export const schemaVersion = migrations.length

/** Makes the tables in an empty database, whose own log is `log`. */
export function createSchema(db: DatabaseSync, log: string): void {
  // Pages of forgotten records can be given back without rewriting the file.
  db.exec(`PRAGMA auto_vacuum = INCREMENTAL; PRAGMA application_id = ${applicationId}`)
  migrate(db)
  db.prepare('INSERT INTO identity (log) VALUES (?)').run(log)
}

/** Brings the tables of an older program up to date. */
export function migrate(db: DatabaseSync): void {
  for (let version = readVersion(db); version < schemaVersion; version += 1) {
    db.exec(`BEGIN IMMEDIATE; ${migrations[version]}; PRAGMA user_version = ${version + 1}; COMMIT`)
  }
}

export function readVersion(db: DatabaseSync): number {
  return db.prepare('PRAGMA user_version').get()?.['user_version'] as number
}

export type Headline = { readonly kind: 'none' | 'store' } | { readonly kind: 'damaged'; readonly why: string }

/** What stands at `file`, by its first bytes and its companions. */
export function readHeadline(file: string): Headline & { readonly version: number } {
  if (!existsSync(file)) {
    const orphaned = existsSync(`${file}-wal`)
    return { version: 0, ...(orphaned ? damaged('its -wal file is there, and it is not') : { kind: 'none' }) }
  }
  const header = Buffer.alloc(headerBytes)
  const handle = openSync(file, 'r')
  const read = readSync(handle, header)
  closeSync(handle)
  const version = header.readInt32BE(userVersionAt)
  const isDatabase = read === headerBytes && header.toString('latin1', 0, fileMagic.length) === fileMagic
  if (!isDatabase) return { version: 0, ...damaged('it is no SQLite file') }
  if (header.readInt32BE(applicationIdAt) !== applicationId) {
    return { version: 0, ...damaged('it is a SQLite file, but no store of an appliance') }
  }
  return { version, kind: 'store' }
}

function damaged(why: string): Headline {
  return { kind: 'damaged', why }
}

/** What is wrong inside the file, in SQLite's words; `null` when nothing is. May throw when a page cannot be read at all. */
export function findDamage(db: DatabaseSync): string | null {
  const [first] = db.prepare('PRAGMA quick_check(1)').all()
  const text = String(first?.['quick_check'] ?? 'it could not be checked')
  if (text !== 'ok') return text
  const names = db.prepare('SELECT count(*) AS names FROM identity').get()?.['names']
  return names === 1 ? null : 'its log has no name'
}
