/** The file of a store: examined and made before it is opened, and what SQLite says of it in words for people. */
import { closeSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { createSchema, findDamage, readHeadline, readVersion, schemaVersion } from './sqlite-schema.ts'

export type StoreRefusal = {
  readonly code: 'damaged' | 'too-new' | 'in-use' | 'full' | 'failed' | 'sqlite-too-old'
  readonly text: string
}

/** What stands at `file`; a refusal says why it cannot be used. Nothing is written to it, nor to its -wal. */
export function examine(file: string, timeoutMs: number): 'none' | 'whole' | StoreRefusal {
  const headline = readHeadline(file)
  if (headline.kind === 'none') return 'none'
  if (headline.kind === 'damaged') return damaged(file, headline.why)
  if (headline.version > schemaVersion) return tooNew(file, headline.version)
  const db = new DatabaseSync(file, { readOnly: true, timeout: timeoutMs })
  try {
    const version = readVersion(db)
    if (version > schemaVersion) return tooNew(file, version)
    const damage = findDamage(db)
    return damage === null ? 'whole' : damaged(file, damage)
  } finally {
    db.close()
  }
}

/** Made under another name first: a file of this name is always whole. */
export function createFile(file: string, log: string): void {
  const draft = `${file}.new`
  for (const suffix of ['', '-journal', '-wal', '-shm']) rmSync(`${draft}${suffix}`, { force: true })
  // Only its owner reads it; SQLite gives its companions the same mode.
  closeSync(openSync(draft, 'w', 0o600))
  const db = new DatabaseSync(draft)
  createSchema(db, log)
  db.close()
  renameSync(draft, file)
  const folder = openSync(dirname(file), 'r')
  fsyncSync(folder)
  closeSync(folder)
}

export type SqliteFailure = { readonly code: 'full' | 'failed' | 'busy' | 'damaged'; readonly text: string }

/** Anything that SQLite or the file system says; everything else is a defect and goes on up. */
export function sqliteFailure(error: unknown, file: string): SqliteFailure {
  const { code, errcode, message } = error as NodeJS.ErrnoException & { errcode?: number }
  if (code !== 'ERR_SQLITE_ERROR' && errcode === undefined && !isSystemError(error)) throw error
  // Extended codes carry the primary one in their low byte.
  switch ((errcode ?? 0) & 0xff) {
    case 5:
    case 6:
      return { code: 'busy', text: message }
    case 11:
    case 26:
      return { code: 'damaged', text: message }
    case 13:
      return { code: 'full', text: fullText(file) }
    case 19:
      throw error
    default:
      return code === 'ENOSPC'
        ? { code: 'full', text: fullText(file) }
        : { code: 'failed', text: `${file} cannot be used: ${message}` }
  }
}

function isSystemError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error
}

export function fullText(file: string): string {
  return `there is no room for ${file}: make room on its disk or raise its limit, then start again`
}

export function damaged(file: string, why: string): StoreRefusal {
  // What an older copy lacks is seen only beside the other database, so it is for whoever has no other.
  const remedy =
    'move it and its -wal away: the appliance then starts empty and takes what the other database has; ' +
    'where there is no other, put a copy back'
  return { code: 'damaged', text: `${file} is damaged and was left as it is: ${why}; ${remedy}` }
}

function tooNew(file: string, version: number): StoreRefusal {
  const text = `${file} is of a newer program and was left as it is: its version is ${version}, this program knows ${schemaVersion}; start the newer program`
  return { code: 'too-new', text }
}
