/** Timers keyed by name. The number guards against the race of a timer that fired just before it was armed anew. */
import { type Emit } from './events.ts'

export interface Timers {
  set(key: string, afterMs: number): void
  clear(key: string): void
  /** Is this the firing of the timer as last armed? Then it is spent. */
  spend(key: string, number: number): boolean
}

export function createTimers(emit: Emit): Timers {
  const armed = new Map<string, number>()
  let last = 0
  return {
    set(key, afterMs) {
      last += 1
      armed.set(key, last)
      emit({ type: 'set-timer', key, number: last, afterMs })
    },
    clear(key) {
      if (armed.delete(key)) emit({ type: 'clear-timer', key })
    },
    spend(key, number) {
      return armed.get(key) === number && armed.delete(key)
    },
  }
}
