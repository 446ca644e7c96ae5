import { once } from 'node:events'
import { type AddressInfo } from 'node:net'
import { type ConnectionOptions, connect, createServer } from 'node:tls'
import { beforeAll, describe, expect, test } from 'vitest'
import { type Authority, type Identity, createAuthority, issue } from '#shared/pki/authority.ts'
import { agentTls, applianceTls, peerTls, verifiedNames } from '#shared/pki/tls-options.ts'

const subject = { commonName: 'chicago-1', names: ['chicago-1.example'], addresses: ['10.1.0.11'] }

let authority: Authority
let foreignAuthority: Authority
let appliance: Identity
let peer: Identity
let foreignPeer: Identity

beforeAll(async () => {
  authority = await createAuthority('Hospital')
  foreignAuthority = await createAuthority('Elsewhere')
  appliance = await issue(authority, subject)
  const addresses = ['10.2.0.11', 'fd00::2:11']
  peer = await issue(authority, { commonName: 'dallas-1', names: ['dallas-1.example'], addresses })
  foreignPeer = await issue(foreignAuthority, { commonName: 'dallas-1', names: ['dallas-1.example'], addresses: [] })
})

/** Dials an appliance, which serves the names of the client; answers them, or the code with which TLS refused. */
async function dial(options: ConnectionOptions, listening = applianceTls(as(appliance, authority))): Promise<string> {
  const server = createServer(listening, (socket) => {
    socket.on('error', () => {})
    socket.end(`served ${verifiedNames(socket).join(' ')}`)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const socket = connect({ ...options, host: '127.0.0.1', port: (server.address() as AddressInfo).port })
  try {
    const [data] = (await once(socket, 'data')) as [Buffer]
    return data.toString().trim()
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error)
  } finally {
    socket.destroy()
    server.close()
  }
}

function as(identity: Identity, under: Authority): { ca: string; cert: string; key: string } {
  return { ca: under.certificatePem, cert: identity.certificatePem, key: identity.keyPem }
}

describe('TLS of links', () => {
  test('[SC1] the right name under the right authority is accepted, by name and by address', async () => {
    const agent = agentTls({ ca: authority.certificatePem })
    expect(await dial(agent.connectOptions('chicago-1.example'))).toBe('served')
    expect(await dial(agent.connectOptions('10.1.0.11'))).toBe('served')
  })

  test('[SC1] a certificate for another name or address is refused, whatever address was connected to', async () => {
    const agent = agentTls({ ca: authority.certificatePem })
    for (const host of ['chicago-2.example', '10.1.0.12', '127.0.0.1', 'localhost', 'chicago-1']) {
      expect([host, await dial(agent.connectOptions(host))]).toEqual([host, 'ERR_TLS_CERT_ALTNAME_INVALID'])
    }
  })

  test('[SC1] a certificate of another authority is refused', async () => {
    const agent = agentTls({ ca: foreignAuthority.certificatePem })
    expect(await dial(agent.connectOptions('chicago-1.example'))).toBe('SELF_SIGNED_CERT_IN_CHAIN')
  })

  test('[SC1] an appliance refuses TLS 1.2, and an agent does too', async () => {
    const agent = agentTls({ ca: authority.certificatePem })
    const old = { servername: 'chicago-1.example', ca: authority.certificatePem, maxVersion: 'TLSv1.2' } as const
    expect(await dial(old)).toMatch(/PROTOCOL_VERSION|ECONNRESET/u)
    const oldServer = {
      ...applianceTls(as(appliance, authority)),
      minVersion: 'TLSv1.2',
      maxVersion: 'TLSv1.2',
    } as const
    expect(await dial(agent.connectOptions('chicago-1.example'), oldServer)).toMatch(/PROTOCOL_VERSION/u)
    expect(await dial(old, oldServer)).toBe('served')
  })

  test('[SC1] a peer shows its names; an agent and a stranger show none', async () => {
    const clients = {
      peer: peerTls(as(peer, authority)),
      agent: agentTls({ ca: authority.certificatePem }),
      stranger: peerTls(as(foreignPeer, authority)),
    }
    const host = 'chicago-1.example'
    expect(await dial(clients.peer.connectOptions(host))).toBe('served dallas-1.example 10.2.0.11 fd00::2:11')
    expect(await dial(clients.agent.connectOptions(host))).toBe('served')
    expect(await dial(clients.stranger.connectOptions(host))).toBe('served')
  })
})
