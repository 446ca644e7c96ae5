/**
 * What TLS must be on every link (SC1): version 1.3 under the enterprise's own authority. Who dials checks that the
 * certificate carries the name that was dialled, whatever the socket was led to (a fault proxy, a resolved address). Who
 * listens asks for a certificate and leaves the verdict to the path: agents have none, peers must.
 *
 * A secure context costs far more than a connection, so a process makes one and shares it. Key exchange by X25519 alone
 * keeps a connection at 42 KB.
 */
import { isIP } from 'node:net'
import {
  type ConnectionOptions,
  type TLSSocket,
  type TlsOptions,
  checkServerIdentity,
  createSecureContext,
} from 'node:tls'
import { parseAddress } from '#shared/address.ts'

export type Pem = string

/** How a process dials: for each host the options of `tls.connect`, over one secure context. */
export type TlsClient = { connectOptions(host: string): ConnectionOptions }

const version = { minVersion: 'TLSv1.3', maxVersion: 'TLSv1.3', ecdhCurve: 'X25519' } as const

/** How an agent dials: without a certificate. */
export function agentTls(authority: { readonly ca: Pem }): TlsClient {
  return client({ ca: authority.ca })
}

/** How an appliance dials its peers: with its certificate. */
export function peerTls(identity: { readonly ca: Pem; readonly cert: Pem; readonly key: Pem }): TlsClient {
  return client({ ca: identity.ca, cert: identity.cert, key: identity.key })
}

/** How an appliance listens. The path of peers asks `verifiedNames`. */
export function applianceTls(identity: { readonly ca: Pem; readonly cert: Pem; readonly key: Pem }): TlsOptions {
  const { ca, cert, key } = identity
  return { ca, cert, key, ...version, requestCert: true, rejectUnauthorized: false }
}

/**
 * The names and addresses in the certificate of the client on `socket`, addresses in canonical text; empty when it has
 * shown none, or one that the enterprise's authority did not issue.
 */
export function verifiedNames(socket: TLSSocket): readonly string[] {
  if (!socket.authorized) return []
  const alternatives = socket.getPeerX509Certificate()?.subjectAltName ?? ''
  return alternatives.split(', ').flatMap((entry) => {
    const [, kind, name = ''] = /^(DNS|IP Address):(.+)$/u.exec(entry) ?? []
    if (kind === 'DNS') return [name]
    const address = parseAddress(name)
    return address.ok ? [address.value.text] : []
  })
}

function client(identity: { readonly ca: Pem; readonly cert?: Pem; readonly key?: Pem }): TlsClient {
  const secureContext = createSecureContext({ ...identity, ...version })
  // A socket keeps what it was dialled with: one check of the name for all that dial the same host.
  const byHost = new Map<string, ConnectionOptions>()
  const optionsOf = (host: string): ConnectionOptions => ({
    secureContext,
    rejectUnauthorized: true,
    // An address is no server name (RFC 6066), but the certificate must carry it all the same.
    servername: isIP(host) === 0 ? host : '',
    checkServerIdentity: (_, certificate) => checkServerIdentity(host, certificate),
  })
  return {
    connectOptions(host) {
      const known = byHost.get(host)
      if (known !== undefined) return known
      const options = optionsOf(host)
      byHost.set(host, options)
      return options
    },
  }
}
