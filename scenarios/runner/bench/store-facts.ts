/** What a database really keeps its records in, read from the disk, so that a baseline writes the same. */
import { closeSync, openSync, readdirSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/** What one operation, a login or a lock, leaves in a store. */
export type OperationRows = {
  /** Changes of the log, each with its record. */
  readonly changes: number
  /** Of one record, on average. */
  readonly recordBytes: number
}

const durableStore = 'node:sqlite (WAL, FULL)'
const memoryStore = 'memory (nothing is durable)'
/** Of a store that keeps no rows: one record, about as long as one is. */
const assumed: OperationRows = { changes: 1, recordBytes: 450 }
const magic = 'SQLite format 3\0'

/** The name of the store of the appliances that run in `folder`. */
export function storeIn(folder: string): string {
  return databaseFiles(folder).length === 0 ? memoryStore : durableStore
}

/**
 * Rows that each of `operations` left in the first database of `folder`, whose process has ended; an assumption where it
 * keeps none.
 */
export function rowsOf(folder: string, operations: number): OperationRows {
  const [file] = databaseFiles(folder)
  if (file === undefined) return assumed
  using database = new DatabaseSync(file)
  const figure = (sql: string): number => Number(database.prepare(sql).get()?.['figure'])
  return {
    changes: Math.round(figure('SELECT max(position) AS figure FROM changes') / operations),
    recordBytes: Math.round(figure('SELECT avg(length(value)) AS figure FROM records')),
  }
}

function databaseFiles(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => beginsWithMagic(file))
    .toSorted()
}

function beginsWithMagic(file: string): boolean {
  const first = Buffer.alloc(magic.length)
  const handle = openSync(file, 'r')
  readSync(handle, first)
  closeSync(handle)
  return first.toString('latin1') === magic
}
