/**
 * Preload (`--import`) of a single-agent process: tells of every TCP dial of the process, from outside its code. One
 * JSON line each is appended, synchronously, to the file that `FAILOVER_LAB_TAP` names, so that even a killed process
 * has told all. Only outgoing connects are seen; the control door's sockets are not.
 */
import { appendFileSync } from 'node:fs'
import { errorMonitor } from 'node:events'
import { Socket } from 'node:net'
import { wallMs } from '../wall-clock.ts'
import { closeFrameFinder } from './close-frame.ts'

/** One line of a tap. `by`: who ended it; `remote` covers refusals, resets and an orderly end by the other side. */
export type TapLine =
  | {
      readonly at: number
      readonly tap: 'dialled'
      readonly pid: number
      readonly socket: number
      readonly port: number
    }
  | { readonly at: number; readonly tap: 'connected'; readonly pid: number; readonly socket: number }
  | {
      readonly at: number
      readonly tap: 'closed'
      readonly pid: number
      readonly socket: number
      readonly by: 'local' | 'remote'
    }

/** Environment variable with the tap's file. */
export const tapVariable = 'FAILOVER_LAB_TAP'

type Connect = (this: Socket, ...parts: unknown[]) => Socket

/** The port of any of the ways to call `connect`; Node itself hands over a normalised `[options, callback]`. */
function portOf(first: unknown): number | undefined {
  if (typeof first === 'number') return first
  if (Array.isArray(first)) return portOf(first[0])
  if (typeof first === 'object' && first !== null && 'port' in first) return Number(first.port)
  return undefined
}

function installTap(file: string): void {
  let sockets = 0
  const tell = (line: Record<string, unknown>): void => {
    appendFileSync(file, `${JSON.stringify({ at: wallMs(), pid: process.pid, ...line })}\n`)
  }
  const connect = Reflect.get(Socket.prototype, 'connect') as unknown as Connect
  const tapped: Connect = function (...parts) {
    const port = portOf(parts[0])
    if (port === undefined) return connect.apply(this, parts)
    sockets += 1
    const socket = sockets
    tell({ tap: 'dialled', socket, port })
    this.once('connect', () => tell({ tap: 'connected', socket }))
    // `connect` puts the socket's own `write` back, so the watch comes after it.
    const result = connect.apply(this, parts)
    watchEnd(this, (by) => tell({ tap: 'closed', socket, by }))
    return result
  }
  Object.assign(Socket.prototype, { connect: tapped })
}

/**
 * Who ends it first. A WebSocket is left by a close frame, after which the server is the one to end the connection, so
 * frames count as much as the end itself. Node destroys a socket itself after an error of the network, and then says
 * which system call failed, or that the other side reset it.
 */
function watchEnd(socket: Socket, tell: (by: 'local' | 'remote') => void): void {
  let by: 'local' | 'remote' | undefined
  const sees = { local: closeFrameFinder(), remote: closeFrameFinder() }
  const look = (side: 'local' | 'remote', chunk: unknown): void => {
    if (typeof chunk !== 'string' && !(chunk instanceof Uint8Array)) return
    if (sees[side](Buffer.from(chunk as string))) by ??= side
  }
  /** Calls `act` with the first argument before the method of that name does its work. */
  const before = (name: 'write' | 'push' | 'end' | 'destroy', act: (first: unknown) => void): void => {
    const method = socket[name].bind(socket) as (...parts: unknown[]) => unknown
    const wrapped = (...parts: unknown[]): unknown => {
      act(parts[0])
      return method(...parts)
    }
    Object.assign(socket, { [name]: wrapped })
  }
  before('write', (chunk) => look('local', chunk))
  before('push', (chunk) => look('remote', chunk))
  before('end', () => (by ??= 'local'))
  before('destroy', (error) => {
    const isOfNetwork = error instanceof Error && ('syscall' in error || Reflect.get(error, 'code') === 'ECONNRESET')
    by ??= isOfNetwork ? 'remote' : 'local'
  })
  socket.prependOnceListener('end', () => (by ??= 'remote'))
  // A monitor, not a listener: an error that nobody handles must stay one.
  socket.once(errorMonitor as unknown as 'error', () => (by ??= 'remote'))
  socket.once('close', () => tell(by ?? 'remote'))
}

const file = process.env[tapVariable]
if (file !== undefined) installTap(file)
