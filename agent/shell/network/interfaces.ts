/**
 * What Node knows on every system: interfaces with their addresses. It gives the adapters where no better source is at
 * hand, and tells apart the routes that a routing table prints like any other: to the host's own addresses, to a
 * broadcast address, to multicast.
 */
import { type NetworkInterfaceInfo } from 'node:os'
import {
  type CompiledRange,
  isLinkLocal,
  isLoopback,
  isMulticast,
  parseAddress,
  parseRouteDestination,
  singleAddress,
} from '#shared/address.ts'
import { type Adapter, type Route } from '#shared/network.ts'

/** The answer of `os.networkInterfaces()`. */
export type Interfaces = Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>

const limitedBroadcast = '255.255.255.255/32'

/** Canonical text of an address that counts for a home site, or `undefined`: malformed, loopback or link-local. */
export function countedAddress(text: string): string | undefined {
  const address = parseAddress(text)
  if (!address.ok) return undefined
  const range = singleAddress(address.value)
  return isLoopback(range) || isLinkLocal(range) ? undefined : address.value.text
}

/** Adapters in system order; one without addresses that count is left out. */
export function adaptersOf(interfaces: Interfaces): Adapter[] {
  return Object.entries(interfaces).flatMap(([name, infos = []]) => {
    const addresses = infos.flatMap(({ address }) => countedAddress(address) ?? [])
    return addresses.length === 0 ? [] : [{ name, addresses }]
  })
}

/** The route to `destination` (`ADDRESS/LENGTH`) with its kind; none where the text is no destination. */
export function classifiedRoute(destination: string, device: string | undefined, interfaces: Interfaces): Route[] {
  const parsed = parseRouteDestination(destination)
  if (!parsed.ok) return []
  const named = device === undefined ? {} : { device }
  if (isMulticast(parsed.value)) return [{ destination, kind: 'multicast', ...named }]
  if (destination === limitedBroadcast) return [{ destination, kind: 'broadcast', ...named }]
  const own = Object.values(interfaces).flatMap((infos = []) => infos)
  if (own.some((info) => isExactly(parsed.value, info.address))) return [{ destination, kind: 'local', ...named }]
  if (own.some((info) => isBroadcastOf(parsed.value, info))) return [{ destination, kind: 'broadcast', ...named }]
  return [{ destination, kind: 'unicast', ...named }]
}

function isExactly(range: CompiledRange, address: string): boolean {
  const parsed = parseAddress(address)
  if (!parsed.ok || parsed.value.family !== range.family) return false
  return range.first === parsed.value.value && range.last === parsed.value.value
}

function isBroadcastOf(range: CompiledRange, { family, cidr }: NetworkInterfaceInfo): boolean {
  const subnet = parseRouteDestination(cidr ?? '')
  if (family !== 'IPv4' || !subnet.ok || range.family !== 4) return false
  // A pair (RFC 3021) and a single address have no broadcast address.
  return subnet.value.prefixLength < 31 && range.first === range.last && range.first === subnet.value.last
}
