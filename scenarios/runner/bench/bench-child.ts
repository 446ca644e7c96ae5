/**
 * A bare program of the bench as a child process: `node FILE ARGUMENTS_AS_JSON`, one JSON line in and out at a time. It
 * ends with its standard input, and so with this process.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { LabFailed } from '../outcome.ts'

export interface BenchChild extends AsyncDisposable {
  readonly pid: number
  say(line: object): void
  /** The next line of that `kind`; lines of others before it are dropped. Rejects when there is none in time. */
  hear<Line extends { readonly kind: string }>(kind: Line['kind'], withinMs: number): Promise<Line>
  /** SIGKILL; resolves when it has ended. */
  kill(): Promise<void>
}

/** Starts a program of the folder `programs`; `preloads` are modules and flags of Node. */
export function startBenchChild(program: string, given: object, flags: readonly string[] = []): BenchChild {
  const file = fileURLToPath(new URL(`./programs/${program}.ts`, import.meta.url))
  const child = spawn(process.execPath, [...flags, file, JSON.stringify(given)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const ended = once(child, 'close')
  child.stdin.on('error', () => {})
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL')
    await ended
  }
  const next = async (kind: string): Promise<unknown> => {
    for (;;) {
      const { done, value } = await lines.next()
      if (done === true) throw new LabFailed(`${program} ended before it said ${kind}`)
      const line = JSON.parse(value) as { readonly kind: string }
      if (line.kind === kind) return line
    }
  }
  return {
    pid: child.pid ?? 0,
    say: (line) => void child.stdin.write(`${JSON.stringify(line)}\n`),
    async hear<Line>(kind: string, withinMs: number) {
      const { promise: late, reject } = Promise.withResolvers<never>()
      const timer = setTimeout(
        () => reject(new LabFailed(`${program} did not say ${kind} within ${withinMs / 1000} s`)),
        withinMs,
      )
      try {
        return (await Promise.race([next(kind), late])) as Line
      } finally {
        clearTimeout(timer)
      }
    },
    kill,
    [Symbol.asyncDispose]: kill,
  }
}
