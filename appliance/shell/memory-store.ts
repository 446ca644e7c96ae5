/**
 * A store without a disk: gone with its process, and for worlds in which a process is only played. There a crash is
 * played too: what was appended is there when the next process opens it, and the last one appends nothing any more.
 */
import { randomBytes } from 'node:crypto'
import { changesKeptMax } from '../core/change-log.ts'
import { keyOf, type Store, type StoreEntry } from '../core/store.ts'
import { assert } from '#shared/assert.ts'
import { fail, ok } from '#shared/result.ts'
import { type Topology } from '#shared/topology/model.ts'
import { type StoredRecord } from '#shared/wire/peer-link.schema.ts'

export interface MemoryDisk {
  /** The store as a process finds it that starts now; that of the process before is void. */
  open(): Store
  /** From now on there is room for so many records. */
  limit(recordsMax: number): void
}

type Own = { readonly position: number; readonly key: string }

/** A new and empty disk; the name of the log on it has never been used before. */
export function memoryDisk(appliance: string, keptMax: number = changesKeptMax): MemoryDisk {
  let log = newLogName(appliance)
  const records = new Map<string, StoredRecord>()
  const positions = new Map<string, number>()
  let own: Own[] = []
  let topology: Topology | undefined
  let recordsMax = Infinity
  let opened = 0

  const take = (entry: StoreEntry): void => {
    if (entry.begins === true) {
      log = entry.log
      positions.clear()
      own = []
    }
    positions.set(entry.log, Math.max(positions.get(entry.log) ?? 0, entry.position))
    topology = entry.topology ?? topology
    if (entry.record !== undefined) {
      // Set anew, so that the order of the map is the order of appending.
      const key = keyOf(entry.record)
      records.delete(key)
      records.set(key, entry.record)
      if (entry.log === log && entry.position > 0) own.push({ position: entry.position, key })
    }
    for (const key of entry.forget ?? []) records.delete(key)
  }
  const open = (): Store => {
    opened += 1
    const number = opened
    let failed = false
    return {
      get log() {
        return log
      },
      append(entries) {
        assert(number === opened && !failed, 'a store that crashed or failed takes nothing more')
        assertPositions(entries, log, positions.get(log) ?? 0)
        if (records.size + entries.length > recordsMax) {
          failed = true
          return fail({ code: 'full', text: `there is room for ${recordsMax} records` })
        }
        for (const entry of entries) take(entry)
        // Dropping many at a time keeps the cost of an append constant.
        if (own.length > 2 * keptMax) own = own.slice(-keptMax)
        return ok(undefined)
      },
      replay: () => [
        ...[...records.values()].map((record) => ({ log, position: 0, record })),
        ...own.flatMap(({ position, key }) => {
          const record = records.get(key)
          return record === undefined ? [] : [{ log, position, record }]
        }),
        ...(topology === undefined ? [] : [{ log, position: 0, topology }]),
        ...[...positions].map(([name, position]) => ({ log: name, position })),
      ],
    }
  }
  return { open, limit: (max) => void (recordsMax = max) }
}

/** The name of a log that begins now. */
export function newLogName(appliance: string): string {
  return `${appliance}/${randomBytes(8).toString('hex')}`
}

/** `end`: where the own log ends before the entries. */
export function assertPositions(entries: readonly StoreEntry[], own: string, end: number): void {
  let last = end
  let current = own
  for (const { log, position, record, begins } of entries) {
    if (begins === true) [current, last] = [log, 0]
    if (log !== current || position === 0) continue
    assert(record === undefined ? position >= last : position > last, 'a position of the own log is used once')
    last = position
  }
}
