/** Ctrl-C and its like: the first asks for an orderly end, the second ends at once, and then the leashes clean up. */
import { constants } from 'node:os'

export interface Interrupts {
  readonly signal: AbortSignal
  /** What a shell expects of a program that a signal ended; `undefined` when none came. */
  readonly exitCode: number | undefined
}

const signalledExit = 128

export function listenForInterrupts(): Interrupts {
  const aborter = new AbortController()
  let exitCode: number | undefined
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      const code = signalledExit + constants.signals[name]
      if (exitCode !== undefined) process.exit(code)
      exitCode = code
      aborter.abort()
    })
  }
  return {
    signal: aborter.signal,
    get exitCode() {
      return exitCode
    },
  }
}

/** Resolves when `signal` aborts. */
export async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  const { promise, resolve } = Promise.withResolvers<void>()
  signal.addEventListener('abort', () => resolve(), { once: true })
  // A pending promise alone does not keep a process alive.
  const alive = setInterval(() => {}, 60_000)
  await promise
  clearInterval(alive)
}
