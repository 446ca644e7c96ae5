/**
 * The timers of one agent, by key: `set` re-arms, and the number comes back with the firing. Policy time runs
 * `timeScale` times as fast as the process's clock. A timer never fires early by the clock that cores are given, nor before
 * what was received while it came due is read (LO7); it fires late where the machine slept, until `wake` is called.
 */
import { type Clock, type TimeBase } from '#shared/clock.ts'

export interface TurnTimers {
  set(timer: { readonly key: string; readonly number: number; readonly afterMs: number; readonly base: TimeBase }): void
  clear(key: string): void
  clearAll(): void
  /**
   * The machine has slept, which the platform's timeouts may not know: what is due on policy time fires, in order. Who is
   * waited for on wire time has not failed by that and is waited for on (LO7).
   */
  wake(): void
}

type Armed = {
  readonly timeout: NodeJS.Timeout
  readonly number: number
  readonly dueMs: number
  readonly base: TimeBase
}

/** The longest that `setTimeout` can wait. */
const waitMsMax = 2 ** 31 - 1

export function turnTimers(clock: Clock, timeScale: number, fire: (key: string, number: number) => void): TurnTimers {
  const armed = new Map<string, Armed>()

  const clear = (key: string): void => {
    clearTimeout(armed.get(key)?.timeout)
    armed.delete(key)
  }
  const wait = (key: string, number: number, dueMs: number, base: TimeBase): void => {
    const leftMs = dueMs - clock.now().wireMs
    const timeout = setTimeout(
      () => {
        if (clock.now().wireMs < dueMs) return wait(key, number, dueMs, base)
        // After a stall timers run before what the sockets have received is read, an answer that is waited for perhaps.
        setImmediate(() => {
          if (armed.get(key) !== own) return
          armed.delete(key)
          fire(key, number)
        })
      },
      Math.min(waitMsMax, Math.ceil(leftMs)),
    )
    const own: Armed = { timeout, number, dueMs, base }
    armed.set(key, own)
  }

  return {
    set({ key, number, afterMs, base }) {
      clear(key)
      wait(key, number, clock.now().wireMs + (base === 'policy' ? afterMs / timeScale : afterMs), base)
    },
    clear,
    clearAll() {
      for (const key of armed.keys()) clear(key)
    },
    wake() {
      for (const [key, { timeout, number, dueMs, base }] of [...armed].toSorted((a, b) => a[1].dueMs - b[1].dueMs)) {
        if (base === 'wire') continue
        clearTimeout(timeout)
        wait(key, number, dueMs, base)
      }
    },
  }
}
