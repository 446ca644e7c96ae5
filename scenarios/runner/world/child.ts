/**
 * One child process of the lab: its own process group, so that all of it can be ended; a leash (its standard input is a
 * pipe from here), so that it ends when this process does; its output in a log file.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { type Readable, type Writable } from 'node:stream'
import { LabFailed } from '../outcome.ts'
import { type OnDeath, type RunningProcess } from './home.ts'
import { type PauseGuard } from './pause-guard.ts'

export type ChildSpec = {
  readonly name: string
  /** The program's TypeScript file. */
  readonly main: string
  readonly configFile: string
  readonly logFile: string
  /** Modules to load first (`--import`). */
  readonly preloads: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  readonly onDeath: OnDeath
  /** Ends it where it is paused and this process is gone. */
  readonly guard?: PauseGuard
}

export interface Child extends RunningProcess {
  readonly pid: number
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
  // The child may end while its leash is let go.
  child.stdin.on('error', () => {})
  const { name, logFile, onDeath, guard } = spec
  const pid = child.pid ?? 0
  const followed = follow(child, { name, logFile, onDeath })
  /** To the whole group. */
  const signal = (signalName: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void => {
    if (!followed.isRunning || child.pid === undefined) return
    try {
      process.kill(-child.pid, signalName)
    } catch {
      // It ended between the check and the signal.
    }
  }
  const kill = (): void => {
    signal('SIGKILL')
    guard?.resumed(pid)
  }
  return Object.assign(followed, {
    pid,
    kill,
    async pause() {
      await guard?.pausing(pid)
      signal('SIGSTOP')
    },
    async resume() {
      signal('SIGCONT')
      guard?.resumed(pid)
      await Promise.resolve()
    },
    letGo() {
      // It could not see otherwise that its leash was let go.
      signal('SIGCONT')
      child.stdin.end()
      setTimeout(kill, leaveWithinMs).unref()
    },
  })
}

type Followed = Pick<RunningProcess, 'ready' | 'ended' | 'isRunning' | 'expectEnd'>
type FollowedSpec = Pick<ChildSpec, 'name' | 'logFile' | 'onDeath'>

/** Keeps the output of a program in its log, and sees it become ready and end. */
export function follow(child: ChildProcessByStdio<Writable | null, Readable, Readable>, spec: FollowedSpec): Followed {
  const log = createWriteStream(spec.logFile, { flags: 'a' })
  const lastLines: string[] = []
  const { promise: ready, resolve: becomeReady, reject: failReady } = Promise.withResolvers<void>()
  ready.catch(() => {})
  const { promise: ended, resolve: end } = Promise.withResolvers<void>()
  let running = true
  let expected = false

  const onLine = (line: string): void => {
    log.write(`${line}\n`)
    lastLines.push(line)
    if (lastLines.length > linesKept) lastLines.shift()
    if (line.includes('"kind":"ready"')) becomeReady()
  }
  createInterface({ input: child.stdout }).on('line', onLine)
  createInterface({ input: child.stderr }).on('line', onLine)
  child.once('error', (error) => lastLines.push(error.message))
  child.once('close', (code, signal) => {
    running = false
    log.end()
    const how = signal === null ? `exited with ${code ?? 'no code'}` : `was ended by ${signal}`
    const problem = new LabFailed(`${spec.name} ${how}; its last lines:\n${lastLines.join('\n')}`)
    failReady(problem)
    if (!expected) spec.onDeath(problem, code)
    end()
  })
  return {
    ready,
    ended,
    get isRunning() {
      return running
    },
    expectEnd() {
      expected = true
    },
  }
}
