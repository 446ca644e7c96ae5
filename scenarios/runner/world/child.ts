/**
 * One child process of the lab: its own process group, so that all of it can be ended; a leash (its standard input is a
 * pipe from here), so that it ends when this process does; its output in a log file.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { LabFailed } from '../outcome.ts'

export type ChildSpec = {
  readonly name: string
  /** The program's TypeScript file. */
  readonly main: string
  readonly configFile: string
  readonly logFile: string
  /** Modules to load first (`--import`). */
  readonly preloads: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  /** Called when the process ends and nobody asked it to; `code` is its exit code, if it has one. */
  readonly onDeath: (problem: LabFailed, code: number | null) => void
}

export interface Child {
  readonly name: string
  readonly pid: number
  /** Resolves with the process's `ready` line; rejects when it ends before that. */
  readonly ready: Promise<void>
  readonly isRunning: boolean
  /** From now on the end of this process is no surprise. */
  expectEnd(): void
  /** Sends `signal` to the whole group. */
  signal(signal: 'SIGTERM' | 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void
  /** Lets go of the leash: the process ends by itself. */
  letGo(): void
  /** Resolves when the process has ended. */
  readonly ended: Promise<void>
}

const linesKept = 12
/** A child that was let go and is still there after this is killed. */
const leaveWithinMs = 3_000

/** Starts `node main --config FILE --leash` on the Node that runs this. */
export function startChild(spec: ChildSpec): Child {
  const preloads = spec.preloads.flatMap((file) => ['--import', file])
  const child = spawn(process.execPath, [...preloads, spec.main, '--config', spec.configFile, '--leash'], {
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...spec.environment },
  })
  const log = createWriteStream(spec.logFile, { flags: 'a' })
  const lastLines: string[] = []
  const { promise: ready, resolve: becomeReady, reject: failReady } = Promise.withResolvers<void>()
  ready.catch(() => {})
  const { promise: ended, resolve: end } = Promise.withResolvers<void>()
  const state = { running: true, expected: false }

  const onLine = (line: string): void => {
    log.write(`${line}\n`)
    lastLines.push(line)
    if (lastLines.length > linesKept) lastLines.shift()
    if (line.includes('"kind":"ready"')) becomeReady()
  }
  createInterface({ input: child.stdout }).on('line', onLine)
  createInterface({ input: child.stderr }).on('line', onLine)
  // The child may end while its leash is let go.
  child.stdin.on('error', () => {})
  child.once('error', (error) => lastLines.push(error.message))
  child.once('close', (code, signal) => {
    state.running = false
    log.end()
    const how = signal === null ? `exited with ${code ?? 'no code'}` : `was ended by ${signal}`
    const problem = new LabFailed(`${spec.name} ${how}; its last lines:\n${lastLines.join('\n')}`)
    failReady(problem)
    if (!state.expected) spec.onDeath(problem, code)
    end()
  })
  return childOf(spec.name, child, { ready, ended, state })
}

type Parts = {
  readonly ready: Promise<void>
  readonly ended: Promise<void>
  readonly state: { running: boolean; expected: boolean }
}

function childOf(name: string, child: ChildProcess, { ready, ended, state }: Parts): Child {
  return {
    name,
    pid: child.pid ?? 0,
    ready,
    ended,
    get isRunning() {
      return state.running
    },
    expectEnd() {
      state.expected = true
    },
    signal(signal) {
      if (!state.running || child.pid === undefined) return
      try {
        process.kill(-child.pid, signal)
      } catch {
        // It ended between the check and the signal.
      }
    },
    letGo() {
      child.stdin?.end()
      setTimeout(() => this.signal('SIGKILL'), leaveWithinMs).unref()
    },
  }
}
