import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { keyOf, type Store, type StoreEntry } from '../core/store.ts'
import { describeStore } from '../core/store.contract.ts'
import { isSqliteNewEnough, openSqliteStore, type SqliteStore, type SqliteStoreOptions } from './sqlite-store.ts'

let folder: string
let file: string
let stores: SqliteStore[]

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'store-test-'))
  file = join(folder, 'a.store')
  stores = []
})

afterEach(() => {
  for (const store of stores) store.close()
  rmSync(folder, { recursive: true, force: true })
})

function open(options: Partial<SqliteStoreOptions> = {}): SqliteStore {
  const opened = openSqliteStore({ file, appliance: 'a', ...options })
  if (!opened.ok) throw new Error(opened.error.text)
  stores.push(opened.value)
  return opened.value
}

function close(store: SqliteStore): void {
  store.close()
  stores = stores.filter((other) => other !== store)
}

function refusalOf(options: Partial<SqliteStoreOptions> = {}): { code: string; text: string } {
  const opened = openSqliteStore({ file, appliance: 'a', ...options })
  if (!opened.ok) return opened.error
  opened.value.close()
  throw new Error('it was opened')
}

/** What a power failure now would leave, under a new name. */
function copyAsIs(from: string, to: string): void {
  for (const suffix of ['', '-wal'])
    if (existsSync(`${from}${suffix}`)) copyFileSync(`${from}${suffix}`, `${to}${suffix}`)
}

/** Bytes of the file and of its -wal. */
function bytesOf(): readonly (Buffer | null)[] {
  return ['', '-wal'].map((suffix) => (existsSync(`${file}${suffix}`) ? readFileSync(`${file}${suffix}`) : null))
}

function session(log: string, position: number, number: number, tickets = 1): StoreEntry {
  return {
    log,
    position,
    record: {
      kind: 'session',
      value: {
        // As spread out as real ids.
        session: `${((number * 2_654_435_761) % 4_294_967_296).toString(16)}-4c52-9f2b-${number}`,
        user: `user-${number % 97}`,
        agent: `pc-${number % 31}`,
        appliance: 'a',
        state: position % 2 === 0 ? 'active' : 'locked',
        tickets: Array.from({ length: tickets }, (_, index) => `${index}`.padEnd(64, 'f')),
        stamp: { wallMs: 1_700_000_000_000 + position, counter: 0, origin: 'a' },
        made: { a: position },
      },
    },
  }
}

/** Bytes of all that the store has to keep: a file format cannot do with less. */
function liveBytes(store: Store): number {
  const records = store.replay().filter(({ position }) => position === 0)
  return records.reduce((sum, { record }) => {
    return record === undefined ? sum : sum + keyOf(record).length + JSON.stringify(record.value).length
  }, 0)
}

describeStore((changesKept) => {
  let generation = 0
  return {
    open() {
      const before = file
      generation += 1
      file = join(folder, `bench-${generation}-${Math.random()}.store`)
      if (generation > 1) copyAsIs(before, file)
      return open({ changesKept })
    },
    fill: (store) => (store as SqliteStore).limit(1),
  }
})

describe('the file of a store', () => {
  test('stays within twice its live data however often records change', () => {
    const store = open()
    const [sessions, changes, turn] = [2_000, 60_000, 100]
    for (let position = 1; position <= changes; position += turn) {
      const entries = Array.from({ length: turn }, (_, index) => {
        const at = position + index
        return session(store.log, at, (at * 7_919) % sessions, 1 + Math.floor((at * 3) / changes))
      })
      expect(store.append(entries).ok).toBe(true)
    }
    const live = liveBytes(store)
    const walBytes = statSync(`${file}-wal`).size
    close(store)
    const ratio = statSync(file).size / live
    expect(ratio).toBeLessThan(2)
    expect(ratio, 'the measure is of the data').toBeGreaterThan(1)
    expect(walBytes).toBeLessThan(10_000_000)
  })

  test('gives the room of forgotten records back, and all of it at the next start', () => {
    const store = open()
    const entries = Array.from({ length: 6_000 }, (_, index) => session('b', index + 1, index))
    store.append(entries)
    const full = statSync(file).size + statSync(`${file}-wal`).size
    const keys = entries.flatMap(({ record }) => (record === undefined ? [] : [keyOf(record)]))
    const surplus = keys.filter((_, index) => index % 5 !== 0)
    for (let index = 0; index < surplus.length; index += 100) {
      store.append([{ log: 'b', position: 6_000, forget: surplus.slice(index, index + 100) }])
    }
    close(store)
    expect(statSync(file).size).toBeLessThan(full)
    const again = open()
    const live = liveBytes(again)
    expect(again.replay().filter(({ record }) => record !== undefined)).toHaveLength(1_200)
    close(again)
    expect(statSync(file).size / live).toBeLessThan(2)
  })

  test('is its owner’s alone, and belongs to one process at a time', () => {
    const store = open()
    store.append([session(store.log, 1, 1)])
    for (const suffix of ['', '-wal']) expect(statSync(`${file}${suffix}`).mode & 0o777).toBe(0o600)
    expect(refusalOf()).toMatchObject({ code: 'in-use', text: expect.stringContaining(file) as string })
    expect(store.append([session(store.log, 2, 2)]).ok).toBe(true)
  })

  test('a half-made file of a crash is no file', () => {
    writeFileSync(`${file}.new`, 'half')
    const store = open()
    expect(store.replay()).toEqual([])
    expect(existsSync(`${file}.new`)).toBe(false)
  })

  test('a folder that is not there is told', () => {
    file = join(folder, 'nowhere', 'a.store')
    expect(refusalOf()).toMatchObject({ code: 'failed', text: expect.stringContaining(file) as string })
  })
})

describe('a file that cannot be used is refused with its name and a remedy, and not touched', () => {
  /** As SIGKILL leaves it: part of it is in the -wal alone. */
  function leave(): void {
    const living = join(folder, 'living.store')
    const store = open({ file: living })
    store.append(Array.from({ length: 2_000 }, (_, index) => session(store.log, index + 1, index)))
    close(store)
    const again = open({ file: living })
    again.append([session(again.log, 2_001, 2_001)])
    copyAsIs(living, file)
    expect(statSync(`${file}-wal`).size).toBeGreaterThan(0)
  }

  /** Writes `text` over the file at `at`. */
  function overwrite(at: number, bytes: Buffer): void {
    const content = readFileSync(file)
    bytes.copy(content, at)
    writeFileSync(file, content)
  }

  test.each<[string, () => void]>([
    ['its first bytes are gone', () => overwrite(0, Buffer.alloc(100))],
    ['it was cut short', () => truncateSync(file, 40_960)],
    ['it is empty', () => truncateSync(file, 0)],
    ['pages in its middle are garbage', () => overwrite(40_960, Buffer.alloc(40_960, 0xa5))],
    ['it is some other file', () => writeFileSync(file, 'a letter to somebody'.repeat(50))],
    ['it is missing beside its -wal', () => rmSync(file)],
    [
      'it is a database of another program',
      () => {
        rmSync(file)
        rmSync(`${file}-wal`)
        const other = new DatabaseSync(file)
        other.exec('CREATE TABLE theirs (content)')
        other.close()
      },
    ],
  ])('%s', (_title, damage) => {
    leave()
    damage()
    const before = bytesOf()
    expect(refusalOf()).toMatchObject({ code: 'damaged' })
    expect(refusalOf().text).toContain(`${file} is damaged and was left as it is`)
    expect(refusalOf().text).toContain('put a copy back')
    expect(bytesOf()).toEqual(before)
  })

  test('it is of a newer program, which had not even written that into the file itself', () => {
    const living = join(folder, 'living.store')
    close(open({ file: living }))
    const newer = new DatabaseSync(living)
    newer.exec('PRAGMA journal_mode = WAL; PRAGMA user_version = 99')
    copyAsIs(living, file)
    for (const checkpointed of [false, true]) {
      if (checkpointed) {
        newer.close()
        rmSync(`${file}-wal`)
        copyAsIs(living, file)
      }
      const before = bytesOf()
      expect(refusalOf()).toMatchObject({ code: 'too-new' })
      expect(refusalOf().text).toContain(`${file} is of a newer program`)
      expect(bytesOf()).toEqual(before)
    }
  })

  test('there is no room', () => {
    leave()
    expect(refusalOf({ pagesMax: 10 })).toMatchObject({ code: 'full' })
    expect(refusalOf({ pagesMax: 10 }).text).toContain(`there is no room for ${file}`)
    expect(
      open()
        .replay()
        .filter(({ position }) => position === 0),
    ).toHaveLength(2_001)
  })
})

test('takes on when it has room again', () => {
  const store = open()
  const { length } = Array.from({ length: 100 }, (_, index) => store.append([session('b', index + 1, index)]))
  store.limit(1)
  store.limit(null)
  expect(store.append(Array.from({ length: 5_000 }, (_, index) => session('b', length + index, index))).ok).toBe(true)
})

test.each([
  ['3.51.2', false],
  ['3.50.9', false],
  ['2.99.99', false],
  ['3.51.3', true],
  ['3.52.0', true],
  ['4.0.0', true],
])('SQLite %s is new enough: %s', (version, enough) => {
  expect(isSqliteNewEnough(version)).toBe(enough)
})
