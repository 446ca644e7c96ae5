/**
 * The timers of one agent, by key: `set` re-arms, and the number comes back with the firing. Policy time runs
 * `timeScale` times as fast as the process's clock. A timer never fires early by the clock that cores are given.
 */
import { type Clock, type TimeBase } from '#shared/clock.ts'

export interface TurnTimers {
  set(timer: { readonly key: string; readonly number: number; readonly afterMs: number; readonly base: TimeBase }): void
  clear(key: string): void
  clearAll(): void
}

/** The longest that `setTimeout` can wait. */
const waitMsMax = 2 ** 31 - 1

export function turnTimers(clock: Clock, timeScale: number, fire: (key: string, number: number) => void): TurnTimers {
  const armed = new Map<string, NodeJS.Timeout>()

  const clear = (key: string): void => {
    clearTimeout(armed.get(key))
    armed.delete(key)
  }
  const wait = (key: string, number: number, dueMs: number): void => {
    const leftMs = dueMs - clock.now().wireMs
    const timeout = setTimeout(
      () => {
        if (clock.now().wireMs < dueMs) return wait(key, number, dueMs)
        armed.delete(key)
        fire(key, number)
      },
      Math.min(waitMsMax, Math.ceil(leftMs)),
    )
    armed.set(key, timeout)
  }

  return {
    set({ key, number, afterMs, base }) {
      clear(key)
      wait(key, number, clock.now().wireMs + (base === 'policy' ? afterMs / timeScale : afterMs))
    },
    clear,
    clearAll() {
      for (const key of armed.keys()) clear(key)
    },
  }
}
