import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Store, type StoreEntry } from '../core/store.ts'
import { openSqliteStore, type SqliteStore } from './sqlite-store.ts'

/** "FLst" */
const applicationId = 0x46_4c_73_74
const log = 'a/0123456789abcdef'
let folder: string
let file: string
let store: SqliteStore | null

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'schema-test-'))
  file = join(folder, 'a.store')
  store = null
})

afterEach(() => {
  store?.close()
  rmSync(folder, { recursive: true, force: true })
})

/** A file as the programs of versions 1 and 2 left it: an index of keys, and a position of the own log with every change. */
function leave(version: 1 | 2): void {
  const db = new DatabaseSync(file)
  db.exec(`PRAGMA auto_vacuum = INCREMENTAL; PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${version};
    CREATE TABLE identity (log TEXT NOT NULL);
    CREATE TABLE positions (log TEXT PRIMARY KEY, position INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE records (
      id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, appended INTEGER NOT NULL, value TEXT NOT NULL
    );
    CREATE TABLE changes (position INTEGER PRIMARY KEY, record INTEGER NOT NULL);
    INSERT INTO identity VALUES ('${log}');
    INSERT INTO positions VALUES ('${log}', 3), ('b/1', 7);
    INSERT INTO records VALUES (1, 'session s1', 'session', 4, '${JSON.stringify(session('s1', 'ended'))}');
    INSERT INTO records VALUES (2, 'session s2', 'session', 3, '${JSON.stringify(session('s2', 'active'))}');
    INSERT INTO records VALUES (4, 'topology', 'topology', 1, '{"epoch":2}');
    INSERT INTO changes VALUES (1, 1), (2, 3), (3, 1)`)
  db.close()
}

const session = (name: string, state: 'active' | 'ended') => ({
  session: name,
  user: 'anna',
  agent: 'pc-1',
  appliance: 'a',
  state,
  tickets: [],
  stamp: { wallMs: 1, counter: 0, origin: 'a' },
  made: { a: 1 },
})

const entry = (position: number, name: string, state: 'active' | 'ended'): StoreEntry => ({
  log,
  position,
  record: { kind: 'session', value: session(name, state) },
})

function open(): Store {
  const opened = openSqliteStore({ file, appliance: 'a' })
  if (!opened.ok) throw new Error(opened.error.text)
  store = opened.value
  return opened.value
}

function again(): Store {
  store?.close()
  return open()
}

test.each([1, 2] as const)('a file of version %i is brought up to date with all that it holds', (version) => {
  leave(version)
  const kept = [
    { log, position: 0, topology: { epoch: 2 } },
    entry(0, 's2', 'active'),
    entry(0, 's1', 'ended'),
    // Position 2 was of a record that was forgotten.
    entry(1, 's1', 'ended'),
    entry(3, 's1', 'ended'),
  ]
  for (const start of [open, again]) {
    const seen = start()
    expect(seen.log).toBe(log)
    expect(seen.replay()).toEqual(expect.arrayContaining([...kept, { log: 'b/1', position: 7 }, { log, position: 3 }]))
    expect(seen.replay().filter(({ record }) => record !== undefined)).toEqual(kept.slice(1))
  }
})

test('a file that was brought up to date changes its old records in place', () => {
  leave(2)
  const store = open()
  expect(() => store.append([entry(3, 's3', 'active')])).toThrow('used once')
  expect(again().append([entry(4, 's2', 'ended'), entry(5, 's3', 'active')]).ok).toBe(true)
  const records = again()
    .replay()
    .filter(({ position, record }) => position === 0 && record !== undefined)
  expect(records).toEqual([entry(0, 's1', 'ended'), entry(0, 's2', 'ended'), entry(0, 's3', 'active')])
})

test('a change of the own log says how far it is held, with nothing beside it', () => {
  const fresh = open()
  fresh.append([{ ...entry(1, 's1', 'active'), log: fresh.log }])
  fresh.append([{ ...entry(2, 's2', 'active'), log: fresh.log, forget: ['session s2'] }])
  const { log: name } = fresh
  store?.close()
  const db = new DatabaseSync(file)
  expect(db.prepare('SELECT * FROM positions').all()).toEqual([])
  db.close()
  expect(open().replay().at(-1)).toEqual({ log: name, position: 2 })
})
