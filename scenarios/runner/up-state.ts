/**
 * What `up` leaves for `down` and `why`: one small file a running lab, in a folder of this user. A process id alone may
 * belong to somebody else by now, so each lab has a loopback door that answers only to the file's token.
 */
import { createServer } from 'node:http'
import { existsSync, lstatSync, mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { LabFailed } from './outcome.ts'
import { doorToken, writePrivate } from './world/programs.ts'

export type UpState = {
  readonly pid: number
  readonly lab: string
  /** The run's folder. */
  readonly folder: string
  readonly port: number
  readonly token: string
}

/** `FAILOVER_LAB_STATE` names another folder, so that tests do not meet a lab of the person who runs them. */
function stateFolder(): string {
  const folder = process.env['FAILOVER_LAB_STATE'] ?? join(tmpdir(), `failover-lab-${userInfo().username}`)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const { uid } = lstatSync(folder)
  if (process.getuid !== undefined && uid !== process.getuid()) throw new LabFailed(`${folder} belongs to another user`)
  return folder
}

const fileOf = (pid: number): string => join(stateFolder(), `${pid}.json`)

/** Tells of the lab of this process until disposed. */
export async function announceLab(lab: string, folder: string): Promise<AsyncDisposable> {
  const token = doorToken()
  const server = createServer((request, response) => {
    const isOurs = request.headers.authorization === `Bearer ${token}`
    response.writeHead(isOurs ? 200 : 401, { 'content-type': 'application/json', connection: 'close' })
    response.end(
      JSON.stringify(isOurs ? { pid: process.pid } : { error: { code: 'unauthorized', text: 'wrong token' } }),
    )
  })
  const { promise, resolve } = Promise.withResolvers<void>()
  server.listen(0, '127.0.0.1', resolve)
  await promise
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const state: UpState = { pid: process.pid, lab, folder, port, token }
  writePrivate(fileOf(process.pid), state)
  return {
    async [Symbol.asyncDispose]() {
      rmSync(fileOf(process.pid), { force: true })
      server.close()
      server.closeAllConnections()
    },
  }
}

export function announcedLabs(): readonly UpState[] {
  const folder = stateFolder()
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as UpState)
}

const doorWithinMs = 2_000

/** Whether the lab's own runner still runs: its door answers to the token with the same process id. */
export async function isRunning({ pid, port, token }: UpState): Promise<boolean> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/`, {
      headers: { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(doorWithinMs),
    })
    return ((await response.json()) as { pid?: number }).pid === pid
  } catch {
    return false
  }
}

/** Forgets a lab whose runner is gone. */
export function forgetLab({ pid }: UpState): void {
  const file = fileOf(pid)
  if (existsSync(file)) rmSync(file)
}
