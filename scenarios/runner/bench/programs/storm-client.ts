/**
 * The other end of the baseline: N bare TLS WebSockets to port A; when each is lost it reconnects to port B, under the
 * same first jitter and the same cap on dials in flight as an agent process, and nothing else. Says `connected`, then
 * `reconnected` with one time for each.
 */
import { readFileSync } from 'node:fs'
import { connect, createSecureContext } from 'node:tls'
import { type ClientOptions, WebSocket } from 'ws'
import { reconnectJitterMs } from '../../../../agent/core/passes.ts'
import { type StormGiven, type StormLine } from '../program-lines.ts'
import { given, listen, tell } from './given.ts'
import { randomStream } from '#shared/random.ts'
import { wireLimits } from '#shared/wire/limits.ts'

const { count, portA, portB, caFile, host } = given() as StormGiven

const secureContext = createSecureContext({ ca: readFileSync(caFile), minVersion: 'TLSv1.3', ecdhCurve: 'X25519' })
const random = randomStream('storm', 'client')
const reconnectMs: number[] = []
const waiting: (() => void)[] = []
let inFlight = 0
let connected = 0

function leave(): void {
  inFlight -= 1
  waiting.shift()?.()
}

function dial(port: number, opened: (socket: WebSocket) => void): void {
  const start = (): void => {
    inFlight += 1
    const createConnection = () => connect({ host: '127.0.0.1', port, secureContext, servername: host })
    const options: ClientOptions = { createConnection, perMessageDeflate: false }
    const socket = new WebSocket(`wss://${host}/`, options)
    socket.on('error', () => socket.terminate())
    socket.once('message', () => {
      leave()
      opened(socket)
    })
  }
  if (inFlight < wireLimits.dialsInFlightMax) start()
  else waiting.push(start)
}

function reconnect(): void {
  const lostAt = performance.now()
  setTimeout(
    () => {
      dial(portB, () => {
        reconnectMs.push(performance.now() - lostAt)
        if (reconnectMs.length === count) tell({ kind: 'reconnected', reconnectMs } satisfies StormLine)
      })
    },
    random.below(reconnectJitterMs.first) + 1,
  )
}

for (let index = 0; index < count; index += 1) {
  dial(portA, (socket) => {
    socket.on('close', reconnect)
    connected += 1
    if (connected === count) tell({ kind: 'connected' } satisfies StormLine)
  })
}
listen(() => {})
