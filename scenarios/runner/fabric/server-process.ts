/** A fault proxy server as a child of this process: a Node program on a leash, with the end of its output at hand. */
import { spawn } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** Longer than the watchdog gives its program. */
const stopMaxMs = 5_000
const tailCharacters = 2_000

export type ServerSpec = {
  /** A program that ends with its standard input. */
  readonly main: URL
  readonly arguments: readonly string[]
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly logFile: string | undefined
}

export interface ServerProcess {
  /** What it printed last when it ended; undefined while it runs. */
  readonly ended: string | undefined
  /** Lets go of the leash and waits until the process is gone. */
  stop(): Promise<void>
}

export function startServer(spec: ServerSpec): ServerProcess {
  const file = fileURLToPath(spec.main)
  const child = spawn(process.execPath, [file, ...spec.arguments], {
    env: spec.environment,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const log = spec.logFile === undefined ? undefined : createWriteStream(spec.logFile, { flags: 'a' })
  const { promise: closed, resolve: close } = Promise.withResolvers<void>()
  let tail = ''
  let running = true

  const keep = (chunk: Buffer): void => {
    log?.write(chunk)
    tail = `${tail}${chunk.toString()}`.slice(-tailCharacters)
  }
  child.stdout.on('data', keep)
  child.stderr.on('data', keep)
  // It may end while its leash is let go.
  child.stdin.on('error', () => {})
  child.once('error', (error) => keep(Buffer.from(error.message)))
  child.once('close', () => {
    running = false
    log?.end()
    close()
  })

  return {
    get ended() {
      return running ? undefined : tail.trim()
    },
    async stop() {
      child.stdin.end()
      const kill = setTimeout(() => child.kill('SIGKILL'), stopMaxMs)
      await closed
      clearTimeout(kill)
    },
  }
}
