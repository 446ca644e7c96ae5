/** A store that is gone with its process. It keeps the latest entry of each record, not the way there. */
import { randomBytes } from 'node:crypto'
import { keyOf, type Store, type StoreEntry } from '../core/store.ts'

/** A new and empty store; the name of its log has never been used before. */
export function memoryStore(appliance: string): Store {
  const records = new Map<string, StoreEntry>()
  const positions = new Map<string, number>()
  return {
    log: `${appliance}/${randomBytes(8).toString('hex')}`,
    append(entries) {
      for (const entry of entries) {
        positions.set(entry.log, Math.max(positions.get(entry.log) ?? 0, entry.position))
        for (const key of entry.forget ?? []) records.delete(key)
        if (entry.record === undefined) continue
        // Set anew, so that the order of the map is the order of appending.
        const key = keyOf(entry.record)
        records.delete(key)
        records.set(key, { log: entry.log, position: entry.position, record: entry.record })
      }
    },
    replay: () => [...records.values(), ...[...positions].map(([log, position]) => ({ log, position }))],
  }
}
