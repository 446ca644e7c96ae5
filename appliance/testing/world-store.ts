/** The store of an appliance of the small world: what it was given, in that order. */
import { type StoreEntry } from '../core/store.ts'

export class WorldStore {
  log: string
  private kept: readonly StoreEntry[]

  constructor(log: string, kept: readonly StoreEntry[] = []) {
    this.log = log
    this.kept = kept
  }

  get entries(): readonly StoreEntry[] {
    return this.kept
  }

  append(entry: StoreEntry): void {
    if (entry.begins === true) {
      this.log = entry.log
      // Of what was there, the records stay, and no position.
      this.kept = this.kept.map((before) => ({ ...before, position: 0 }))
    }
    this.kept = [...this.kept, entry]
  }

  copy(): WorldStore {
    return new WorldStore(this.log, this.kept)
  }
}
