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
