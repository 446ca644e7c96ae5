/**
 * The other end of the baseline: N bare TLS WebSockets to port A; when each is lost it reconnects to port B, under the
 * same first jitter and the same cap on dials in flight as an agent process, and nothing else.
 * `node storm-client.ts COUNT PORT_A PORT_B CA_FILE HOST`; prints `{"kind":"connected"}`, then one line of reconnect times.
 */
import { readFileSync } from 'node:fs'
import { connect, createSecureContext } from 'node:tls'
import { type ClientOptions, WebSocket } from 'ws'
import { reconnectJitterMs } from '../../../agent/core/passes.ts'
import { randomStream } from '#shared/random.ts'
import { wireLimits } from '#shared/wire/limits.ts'

const [count, portA, portB, caFile, host] = process.argv.slice(2)
if (host === undefined || caFile === undefined) process.exit(64)

const secureContext = createSecureContext({ ca: readFileSync(caFile), minVersion: 'TLSv1.3', ecdhCurve: 'X25519' })
const random = randomStream('storm', 'client')
const total = Number(count)
const reconnectMs: number[] = []
const waiting: (() => void)[] = []
let inFlight = 0
let connected = 0

function leave(): void {
  inFlight -= 1
  waiting.shift()?.()
}

function dial(port: string | undefined, opened: (socket: WebSocket) => void): void {
  const start = (): void => {
    inFlight += 1
    const createConnection = () => connect({ host: '127.0.0.1', port: Number(port), secureContext, servername: host })
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
        if (reconnectMs.length === total)
          process.stdout.write(`${JSON.stringify({ kind: 'reconnected', reconnectMs })}\n`)
      })
    },
    random.below(reconnectJitterMs.first) + 1,
  )
}

for (let index = 0; index < total; index += 1) {
  dial(portA, (socket) => {
    socket.on('close', reconnect)
    connected += 1
    if (connected === total) process.stdout.write('{"kind":"connected"}\n')
  })
}
process.stdin.resume()
process.stdin.on('end', () => process.exit(0))
