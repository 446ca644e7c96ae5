/**
 * A stopped process cannot see that its leash was let go. This small process can: it hears which groups are stopped, and
 * ends them when the runner that stopped them is gone, by whatever way.
 *
 * As a program it reads `pause PID` and `resume PID` lines on standard input and says `ready` once.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

export interface PauseGuard {
  /** Call before the group is stopped; resolves when the guard knows. */
  pausing(group: number): Promise<void>
  resumed(group: number): void
  close(): Promise<void>
}

/** Starts the guard's process at the first pause. */
export function guardPauses(): PauseGuard {
  let guard: Promise<ChildProcess> | undefined
  const start = async (): Promise<ChildProcess> => {
    const child = spawn(process.execPath, [fileURLToPath(import.meta.url)], {
      detached: true,
      stdio: ['pipe', 'pipe', 'ignore'],
    })
    child.stdin.on('error', () => {})
    await once(child.stdout, 'data')
    return child
  }
  return {
    async pausing(group) {
      guard ??= start()
      const child = await guard
      const told = once(child.stdout as NonNullable<typeof child.stdout>, 'data')
      child.stdin?.write(`pause ${group}\n`)
      await told
    },
    resumed(group) {
      void guard?.then((child) => child.stdin?.write(`resume ${group}\n`))
    },
    async close() {
      if (guard === undefined) return
      const child = await guard
      const ended = once(child, 'close')
      child.stdin?.end()
      await ended
    },
  }
}

function runGuard(): void {
  const paused = new Set<number>()
  const lines = createInterface({ input: process.stdin })
  lines.on('line', (line) => {
    const [verb, text] = line.split(' ')
    if (verb === 'pause') paused.add(Number(text))
    else paused.delete(Number(text))
    process.stdout.write('noted\n')
  })
  lines.on('close', () => {
    for (const group of paused) {
      try {
        process.kill(-group, 'SIGKILL')
      } catch {
        // Already gone.
      }
    }
    process.exit(0)
  })
  process.stdout.write('ready\n')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) runGuard()
