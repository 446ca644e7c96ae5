/**
 * The baseline of durable logins: `node:sqlite` alone, WAL with FULL durability, one transaction a group of logins, each
 * of the rows that a login leaves in the product's tables.
 */
import { DatabaseSync } from 'node:sqlite'
import { type CommitsGiven, type CommitsRun } from '../program-lines.ts'
import { given, listen, tell } from './given.ts'

const { file, rows } = given() as CommitsGiven
const database = new DatabaseSync(file)
database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000')
database.exec(`CREATE TABLE records (id INTEGER PRIMARY KEY, key TEXT NOT NULL, value TEXT NOT NULL);
  CREATE TABLE changes (position INTEGER PRIMARY KEY, record INTEGER NOT NULL);`)
const addRecord = database.prepare('INSERT INTO records (key, value) VALUES (?, ?)')
const addChange = database.prepare('INSERT INTO changes (record) VALUES (?)')
const value = 'x'.repeat(rows.recordBytes)
let made = 0

function login(): void {
  for (let change = 0; change < rows.changes; change += 1) {
    made += 1
    addChange.run(addRecord.run(`record ${made.toString().padStart(36, '0')}`, value).lastInsertRowid)
  }
}

function run({ count, group }: CommitsRun): void {
  const beganAt = performance.now()
  const cpuBefore = process.cpuUsage()
  for (let done = 0; done < count; done += group) {
    database.exec('BEGIN IMMEDIATE')
    for (let one = done; one < Math.min(done + group, count); one += 1) login()
    database.exec('COMMIT')
  }
  const { user, system } = process.cpuUsage(cpuBefore)
  tell({ kind: 'ran', ms: performance.now() - beganAt, cpuMs: (user + system) / 1000 })
}

listen((line) => run(line as CommitsRun))
tell({ kind: 'ready' })
