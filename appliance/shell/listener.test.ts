import { once } from 'node:events'
import { connect as connectTcp, type Socket } from 'node:net'
import { connect } from 'node:tls'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { waitFor } from '../testing/enterprise.ts'
import { listen, type Listener } from './listener.ts'
import { type Authority, createAuthority, type Identity, issue } from '#shared/pki/authority.ts'
import { agentTls, applianceTls } from '#shared/pki/tls-options.ts'
import { wireLimits } from '#shared/wire/limits.ts'

const host = 'dallas-1.hospital.example'
let authority: Authority
let identity: Identity
let listener: Listener
const agents: WebSocket[] = []

beforeAll(async () => {
  authority = await createAuthority('test')
  identity = await issue(authority, { commonName: host, names: [host], addresses: [] })
  const { certificatePem: cert, keyPem: key } = identity
  listener = await listen({
    tls: applianceTls({ ca: authority.certificatePem, cert, key }),
    host: '127.0.0.1',
    port: 0,
    agentCame: (socket) => void agents.push(socket),
    peerCame: () => {},
  })
})

afterAll(() => {
  for (const socket of agents) socket.terminate()
  listener.close()
})

function dial(path: string): WebSocket {
  const tls = agentTls({ ca: authority.certificatePem })
  return new WebSocket(`wss://${host}${path}`, {
    createConnection: () => connect({ ...tls.connectOptions(host), host: '127.0.0.1', port: listener.port }),
  })
}

/** As many connections as there are places. */
async function crowd(): Promise<Socket[]> {
  const sockets = Array.from({ length: wireLimits.handshakesMax }, () =>
    connectTcp({ host: '127.0.0.1', port: listener.port }),
  )
  await Promise.all(sockets.map((socket) => once(socket, 'connect')))
  return sockets
}

test('opens WebSockets on the path of agents', async () => {
  const socket = dial('/agent')
  await once(socket, 'open')
  socket.terminate()
})

test.each([
  ['/elsewhere', '404'],
  ['/agent?x=1', '404'],
  ['/peer', '401'],
])('opens none on %s without a certificate', async (path, status) => {
  const [error] = (await once(dial(path), 'error')) as [Error]
  expect(error.message).toContain(status)
})

test('connections that never say a word keep nobody out', async () => {
  const silent = await crowd()
  const socket = dial('/agent')
  await once(socket, 'open')
  expect(silent.every(({ destroyed }) => !destroyed)).toBe(true)
  for (const one of silent) one.destroy()
  socket.terminate()
})

test('handshakes that were begun and not ended keep their places until they are gone', async () => {
  const begun = await crowd()
  // The head of a TLS record that never comes to its end.
  for (const socket of begun) socket.write(Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00]))
  const late = dial('/agent')
  const opened = once(late, 'open')
  await waitFor('it waits', () => listener.waiting === 1)
  for (const socket of begun) socket.destroy()
  await opened
  late.terminate()
})

test('failed handshakes give their places back', async () => {
  const failures = Array.from({ length: wireLimits.handshakesMax * 2 }, async () => {
    const socket = connectTcp({ host: '127.0.0.1', port: listener.port })
    socket.on('error', () => {})
    socket.write('this is not TLS, as anybody can see\r\n\r\n')
    await once(socket, 'close')
  })
  await Promise.all(failures)
  const socket = dial('/agent')
  await once(socket, 'open')
  socket.terminate()
})
