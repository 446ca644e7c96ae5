/**
 * For tests of the shell: a listening end with the enterprise's certificates that says what a test has it say. It is a
 * real peer on a real socket; what appliances decide is not its business.
 */
import { once } from 'node:events'
import { createServer } from 'node:https'
import { type AddressInfo } from 'node:net'
import { type TLSSocket } from 'node:tls'
import { type RawData, type WebSocket, WebSocketServer } from 'ws'
import { type Authority, type Identity, createAuthority, issue } from '#shared/pki/authority.ts'
import { type TlsClient, agentTls, applianceTls } from '#shared/pki/tls-options.ts'

export const applianceHost = 'chicago-1.example'
export const welcome = { type: 'welcome', version: 1, appliance: 'chicago-1', site: 'chicago', epoch: 3 } as const

export type TestPki = { readonly authority: Authority; readonly appliance: Identity; readonly agent: TlsClient }

/** A connection as the listening end sees it. */
export type TestConnection = {
  readonly socket: WebSocket
  readonly transport: TLSSocket
  /** The `Host` header. */
  readonly requestedHost: string | undefined
  /** What came, parsed, `hello` first. */
  readonly messages: readonly unknown[]
  /** The next message that comes. */
  next(): Promise<unknown>
}

export type TestAppliance = AsyncDisposable & { readonly port: number; readonly connections: readonly TestConnection[] }

/** An authority, and a certificate for `applianceHost` and `10.1.0.11`. */
export async function testPki(): Promise<TestPki> {
  const authority = await createAuthority('Hospital')
  const subject = { commonName: 'chicago-1', names: [applianceHost], addresses: ['10.1.0.11'] }
  return { authority, appliance: await issue(authority, subject), agent: agentTls({ ca: authority.certificatePem }) }
}

/** Listens on a free port of loopback. `onMessage` is called for each message that comes. */
export async function testAppliance(
  pki: TestPki,
  onMessage: (connection: TestConnection, message: unknown) => void,
): Promise<TestAppliance> {
  const { certificatePem: cert, keyPem: key } = pki.appliance
  const server = createServer(applianceTls({ ca: pki.authority.certificatePem, cert, key }))
  const sockets = new WebSocketServer({ server, path: '/agent' })
  const connections: TestConnection[] = []
  sockets.on('connection', (socket, request) => {
    const messages: unknown[] = []
    const connection: TestConnection = {
      socket,
      transport: request.socket as TLSSocket,
      requestedHost: request.headers.host,
      messages,
      async next() {
        const [data] = (await once(socket, 'message')) as [RawData]
        return JSON.parse((data as Buffer).toString())
      },
    }
    connections.push(connection)
    socket.on('error', () => {})
    socket.on('message', (data: RawData) => {
      const message: unknown = JSON.parse((data as Buffer).toString())
      messages.push(message)
      onMessage(connection, message)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    connections,
    async [Symbol.asyncDispose]() {
      for (const { socket } of connections) socket.terminate()
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}
