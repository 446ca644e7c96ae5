/**
 * Dials other appliances: a WebSocket to `/peer` under the name that the topology gives, with this appliance's
 * certificate (SC1). `connectTo` leads the socket elsewhere, to a lab's fault proxy; URL, name and certificate stay.
 */
import { type Socket } from 'node:net'
import { connect } from 'node:tls'
import { WebSocket } from 'ws'
import { Endpoint } from '#shared/ids.ts'
import { type TlsClient } from '#shared/pki/tls-options.ts'
import { wireLimits } from '#shared/wire/limits.ts'

export type Place = { readonly host: string; readonly port: number }

export type PeerDialerOptions = {
  readonly tls: TlsClient
  /** By `HOST:PORT` as dialled. */
  readonly connectTo: ReadonlyMap<string, Place>
  readonly opened: (dial: number, socket: WebSocket, transport: Socket) => void
  readonly failed: (dial: number, reason: string) => void
}

export interface PeerDialer {
  dial(dial: number, place: Place, timeoutMs: number): void
  /** Gives up; no event follows. */
  hangUp(dial: number): void
}

export function peerDialer(options: PeerDialerOptions): PeerDialer {
  const dials = new Map<number, WebSocket>()

  return {
    dial(dial, place, timeoutMs) {
      const endpoint = Endpoint(place.host, place.port)
      const target = options.connectTo.get(endpoint) ?? place
      let transport: Socket | null = null
      const socket = new WebSocket(`wss://${endpoint}/peer`, {
        perMessageDeflate: false,
        maxPayload: wireLimits.peerMessageBytesMax,
        handshakeTimeout: timeoutMs,
        createConnection: () => {
          const { host, port } = target
          transport = connect({ ...options.tls.connectOptions(place.host), host, port }).setNoDelay(true)
          return transport
        },
      })
      dials.set(dial, socket)
      const end = (reason: string): void => {
        if (dials.delete(dial)) options.failed(dial, reason)
      }
      socket.on('error', (error) => end(error.message))
      socket.on('close', (code) => end(`closed ${code}`))
      socket.once('open', () => {
        if (!dials.delete(dial) || transport === null) return
        options.opened(dial, socket, transport)
      })
    },
    hangUp(dial) {
      const socket = dials.get(dial)
      dials.delete(dial)
      socket?.terminate()
    },
  }
}
