/**
 * What is left of a lab of containers is swept away by a small process of its own: it waits until its standard input
 * ends, which it does when the runner lets go and also when the runner is killed, and then takes the compose project down
 * with its containers, networks and volumes.
 *
 * As a program: `node sweeper.ts PROJECT COMPOSE_FILE…`.
 */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { LabFailed } from '../../outcome.ts'

export interface Sweeper {
  /** Takes everything down; rejects with `LabFailed` when something may be left. */
  sweep(): Promise<void>
}

const sweepWithinMs = 120_000
const attempts = 3
const againAfterMs = 2_000

/** Starts the sweeper of `project`; what the engine tells it goes to `logFile`. */
export async function standBy(project: string, composeFiles: readonly string[], logFile: string): Promise<Sweeper> {
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), project, ...composeFiles], {
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  child.stdin.on('error', () => {})
  const ended = once(child, 'close') as Promise<[code: number | null]>
  await once(child.stdout, 'data')
  child.stdout.resume()
  child.stderr.pipe(createWriteStream(logFile))
  return {
    async sweep() {
      child.stdin.end('orderly')
      const [code] = await ended
      if (code !== 0) {
        throw new LabFailed(
          `the containers of ${project} could not be taken down (${logFile} tells why): docker compose --project-name ${project} down --volumes --remove-orphans --timeout 0`,
        )
      }
    },
  }
}

function runSweeper(project: string, composeFiles: readonly string[]): void {
  const files = composeFiles.flatMap((file) => ['--file', file])
  const down = [
    'compose',
    '--project-name',
    project,
    ...files,
    'down',
    '--volumes',
    '--remove-orphans',
    '--timeout',
    '0',
  ]
  // The runner's output is gone when the runner is.
  process.stderr.on('error', () => {})
  const attempt = (left: number): void => {
    execFile('docker', down, { timeout: sweepWithinMs }, (error, _output, said) => {
      process.stderr.write(said)
      if (left > 1 && (error !== null || !isOrderly)) setTimeout(attempt, againAfterMs, left - 1)
      else process.exit(error === null ? 0 : 1)
    })
  }
  // A runner that was killed may have left a command under way, which goes on creating: swept once more.
  let isOrderly = false
  process.stdin.on('data', () => (isOrderly = true))
  process.stdin.on('close', () => attempt(attempts))
  // Ctrl-C reaches whole groups; the runner decides when the lab goes.
  process.on('SIGINT', () => {})
  process.stdout.write('ready\n')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [project, ...composeFiles] = process.argv.slice(2)
  if (project !== undefined) runSweeper(project, composeFiles)
}
