/** A host's interfaces and routes as an agent's home site is decided from (HS1–HS3). Readers for each system fill it. */

export type Adapter = {
  readonly name: string
  /** Unicast addresses in system order, canonical text without prefix length; no loopback and no link-local. */
  readonly addresses: readonly string[]
}

export type Route = {
  /** Destination as `ADDRESS/LENGTH`. */
  readonly destination: string
  readonly kind: 'unicast' | 'local' | 'broadcast' | 'multicast' | 'other'
  readonly device?: string | undefined
}

export type HostNetwork = {
  readonly adapters: readonly Adapter[]
  readonly routes: readonly Route[]
}

/** The network that a lab or `--address` and `--route` declare; declared routes are unicast routes. */
export function declaredNetwork(declared: {
  readonly addresses: readonly string[]
  readonly routes: readonly string[]
}): HostNetwork {
  const { addresses, routes } = declared
  return {
    adapters: addresses.length === 0 ? [] : [{ name: 'declared', addresses }],
    routes: routes.map((destination) => ({ destination, kind: 'unicast' })),
  }
}
