import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type WebSocket, WebSocketServer } from 'ws'
import { freePorts } from '../ports.ts'
import { programs } from './programs.ts'
import { type TapLine, tapVariable } from './socket-tap.ts'

const dialler = fileURLToPath(new URL('fixtures/dialler.ts', import.meta.url))
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tap-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

/** Runs the dialler under the tap and returns what the tap told, without its times. */
async function tapped(port: number, way: string): Promise<readonly string[]> {
  const file = join(folder, 'tap.ndjson')
  const child = spawn(process.execPath, ['--import', programs.socketTap, dialler, String(port), way], {
    env: { ...process.env, [tapVariable]: file },
    stdio: 'inherit',
  })
  const [code] = (await once(child, 'close')) as [number]
  expect(code).toBe(0)
  const lines = readFileSync(file, 'utf8').trim().split('\n')
  return lines.map((text) => {
    const line = JSON.parse(text) as TapLine
    return line.tap === 'dialled' ? `dialled ${line.port}` : line.tap === 'closed' ? `closed by ${line.by}` : line.tap
  })
}

async function serve(act: (socket: WebSocket) => void): Promise<WebSocketServer> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  server.on('connection', (socket) => {
    socket.on('error', () => {})
    act(socket)
  })
  await once(server, 'listening')
  return server
}

const portOf = (server: WebSocketServer): number => (server.address() as AddressInfo).port

describe('the tap of sockets', () => {
  it.each([
    ['local', 'the dialler closes in order, though the server ends the connection', 'close', () => {}],
    ['local', 'the dialler cuts', 'terminate', () => {}],
    ['remote', 'the server closes in order', 'wait', (socket: WebSocket) => socket.close(1001)],
    [
      'remote',
      'the server closes after data',
      'wait',
      (socket: WebSocket) => socket.on('message', () => socket.close()),
    ],
    ['remote', 'the server cuts', 'wait', (socket: WebSocket) => socket.on('message', () => socket.terminate())],
  ] as const)('says %s when %s', async (by, _what, way, act) => {
    const server = await serve(act)
    try {
      expect(await tapped(portOf(server), way)).toEqual([`dialled ${portOf(server)}`, 'connected', `closed by ${by}`])
    } finally {
      server.close()
    }
  })

  it('tells of a refusal as the end by the other side', async () => {
    const [port] = (await freePorts(1)) as [number]
    expect(await tapped(port, 'wait')).toEqual([`dialled ${port}`, 'closed by remote'])
  })
})
