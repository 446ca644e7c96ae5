/**
 * The door of an appliance: one TLS server, WebSockets on `/agent` and `/peer` and nothing else. On `/peer` a certificate
 * of the enterprise's authority is demanded before the upgrade; whether its name is in the topology is for the core (SC1).
 */
import { createServer as createHttpsServer, type Server } from 'node:https'
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net'
import { type Duplex } from 'node:stream'
import { type IncomingMessage } from 'node:http'
import { type TlsOptions, TLSSocket } from 'node:tls'
import { WebSocketServer, type WebSocket } from 'ws'
import { handshakeGate } from './handshake-gate.ts'
import { verifiedNames } from '#shared/pki/tls-options.ts'
import { wireLimits } from '#shared/wire/limits.ts'

/** A connection that does not say its first word within this time is dropped; until then it holds no place at the gate. */
const firstWordTimeoutMs = 10_000
/** Who dials has given up long before that. */
const handshakeTimeoutMs = 5_000

export type ListenerOptions = {
  readonly tls: TlsOptions
  readonly host: string
  readonly port: number
  readonly agentCame: (socket: WebSocket, transport: Socket) => void
  /** `names` of a verified certificate; at least one. */
  readonly peerCame: (socket: WebSocket, transport: Socket, names: readonly string[]) => void
}

export interface Listener {
  readonly port: number
  /** Connections that wait for a handshake under way to end. */
  readonly waiting: number
  /** Accepts nobody any more; open WebSockets stay. */
  close(): void
}

/** Listens, or rejects with the system's error (`EADDRINUSE`, …). */
export async function listen(options: ListenerOptions): Promise<Listener> {
  const server = createHttpsServer({ ...options.tls, handshakeTimeout: handshakeTimeoutMs }, (_request, response) => {
    response.writeHead(426, { connection: 'close' }).end()
  })
  server.headersTimeout = handshakeTimeoutMs
  server.on('clientError', (_error, socket) => socket.destroy())
  server.on('tlsClientError', (_error, socket) => socket.destroy())
  routeUpgrades(server, options)

  const door = createTcpServer({ noDelay: true })
  const gate = handshakeGate(wireLimits.handshakesMax, beginHandshakes(server))
  door.on('connection', (socket) => {
    socket.on('error', () => socket.destroy())
    socket.setTimeout(firstWordTimeoutMs, () => socket.destroy())
    // What is read here waits in the socket, where TLS takes it up.
    socket.once('readable', () => {
      socket.setTimeout(0)
      gate.arrived(socket)
    })
  })
  await new Promise<void>((resolve, reject) => {
    door.once('error', reject)
    door.listen({ host: options.host, port: options.port, backlog: 4_096 }, () => {
      door.off('error', reject)
      resolve()
    })
  })
  return {
    port: (door.address() as AddressInfo).port,
    get waiting() {
      return gate.waiting
    },
    close: () => void door.close(),
  }
}

/** Hands a connection to the TLS server; the handshake is over with `secureConnection`, or when either socket closes. */
function beginHandshakes(server: Server): (socket: Socket, done: () => void) => void {
  const underWay = new Map<string, () => void>()
  server.on('secureConnection', (socket) => underWay.get(remoteOf(socket))?.())
  return (socket, done) => {
    const remote = remoteOf(socket)
    const end = (): void => {
      underWay.delete(remote)
      done()
    }
    underWay.set(remote, end)
    socket.once('close', end)
    server.emit('connection', socket)
  }
}

function remoteOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`
}

function routeUpgrades(server: Server, { agentCame, peerCame }: ListenerOptions): void {
  const shape = { noServer: true, perMessageDeflate: false, clientTracking: false } as const
  const agents = new WebSocketServer({ ...shape, maxPayload: wireLimits.agentMessageBytesMax })
  const peers = new WebSocketServer({ ...shape, maxPayload: wireLimits.peerMessageBytesMax })
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy())
    if (!(socket instanceof TLSSocket)) {
      socket.destroy()
      return
    }
    if (request.url === '/agent') {
      agents.handleUpgrade(request, socket, head, (webSocket) => {
        webSocket.on('error', ignore)
        agentCame(webSocket, socket)
      })
      return
    }
    const names = request.url === '/peer' ? verifiedNames(socket) : []
    if (names.length === 0) {
      socket.end(`HTTP/1.1 ${request.url === '/peer' ? '401 Unauthorized' : '404 Not Found'}\r\n\r\n`)
      return
    }
    peers.handleUpgrade(request, socket, head, (webSocket) => {
      webSocket.on('error', ignore)
      peerCame(webSocket, socket, names)
    })
  })
}

/** Every error of a WebSocket is followed by its `close`, which is what counts. */
function ignore(): void {}
