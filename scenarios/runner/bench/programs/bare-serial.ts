/**
 * The baseline of replication: a plain TLS WebSocket server that does what the promise demands and nothing else. Each
 * request is written to one plain file and fsynced, sent on to the next server, written and fsynced there, acknowledged,
 * and then answered. It speaks just enough of the agent link that the same client can load it.
 */
import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs'
import { createServer } from 'node:https'
import { connect, createSecureContext } from 'node:tls'
import { WebSocket, WebSocketServer } from 'ws'
import { type SerialGiven } from '../program-lines.ts'
import { given, listen, tell } from './given.ts'

type Request =
  { readonly type: 'hello' } | { readonly type: 'login' | 'lock'; readonly request: number; readonly session: string }

const options = given() as SerialGiven
const { port, certificateFile, keyFile, caFile, recordBytes, answerBytes } = options
const tls = { minVersion: 'TLSv1.3', ecdhCurve: 'X25519' } as const
const file = openSync(options.file, 'a')
const record = `${'r'.repeat(recordBytes - 1)}\n`

function keep(): void {
  writeSync(file, record)
  fsyncSync(file)
}

function openNext({ port: nextPort, host }: NonNullable<SerialGiven['next']>): WebSocket {
  const secureContext = createSecureContext({ ...tls, ca: readFileSync(caFile) })
  return new WebSocket(`wss://${host}:${nextPort}/`, {
    createConnection: () => connect({ host: '127.0.0.1', port: nextPort, secureContext, servername: host }),
    perMessageDeflate: false,
  })
}

/** Answers of the next server come in the order of what it was sent. */
function chain(next: WebSocket | undefined): (then: () => void) => void {
  const waiting: (() => void)[] = []
  next?.on('message', () => waiting.shift()?.())
  return (then) => {
    keep()
    if (next === undefined) then()
    else {
      waiting.push(then)
      next.send(record)
    }
  }
}

function serve(next: WebSocket | undefined): void {
  const server = createServer({ cert: readFileSync(certificateFile), key: readFileSync(keyFile), ...tls })
  const sockets = new WebSocketServer({ server, perMessageDeflate: false })
  const take = chain(next)
  sockets.on('connection', (socket) => {
    socket.on('error', () => socket.terminate())
    socket.on('message', (data: Buffer) => {
      const text = data.toString()
      // From the first of the two servers.
      if (!text.startsWith('{')) {
        take(() => socket.send('kept'))
        return
      }
      const request = JSON.parse(text) as Request
      if (request.type === 'hello') socket.send(JSON.stringify({ type: 'welcome' }))
      else take(() => socket.send(answerTo(request)))
    })
  })
  server.listen(port, '127.0.0.1', () => tell({ kind: 'ready' }))
}

function answerTo({ type, request, session }: Exclude<Request, { type: 'hello' }>): string {
  const what = type === 'login' ? { type: 'login.accepted', session, ticket: 't'.repeat(43) } : { type: 'locked' }
  const text = JSON.stringify({ ...what, request, replicated: 'both', padding: '' })
  const padding = 'p'.repeat(Math.max(0, answerBytes[type] - text.length))
  return `${text.slice(0, -2)}${padding}"}`
}

listen(() => {})
process.on('exit', () => closeSync(file))
if (options.next === undefined) serve(undefined)
else {
  const next = openNext(options.next)
  next.once('open', () => serve(next))
}
