/** A store that is gone with its process. It keeps the latest entry of each session, not the way there. */
import { randomBytes } from 'node:crypto'
import { type Store, type StoreEntry } from '../core/store.ts'

/** A new and empty store; the name of its log has never been used before. */
export function memoryStore(appliance: string): Store {
  const sessions = new Map<string, StoreEntry>()
  const positions = new Map<string, number>()
  return {
    log: `${appliance}/${randomBytes(8).toString('hex')}`,
    append(entries) {
      for (const entry of entries) {
        positions.set(entry.log, Math.max(positions.get(entry.log) ?? 0, entry.position))
        if (entry.session === undefined) continue
        // Set anew, so that the order of the map is the order of appending.
        sessions.delete(entry.session.session)
        sessions.set(entry.session.session, entry)
      }
    },
    replay: () => [...sessions.values(), ...[...positions].map(([log, position]) => ({ log, position }))],
  }
}
