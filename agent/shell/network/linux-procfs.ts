/** `/proc/net/route` and `/proc/net/ipv6_route`, for hosts without iproute2. IPv4 is printed in host byte order. */
import { type Route } from '#shared/network.ts'
import { type Interfaces, classifiedRoute } from './interfaces.ts'

/** Flags of `route.h` and `ipv6_route.h`. */
const rejects = 0x0200n
const anycast = 0x0010_0000n
const local = 0x8000_0000n

/** IPv4 routes of the main table. `bigEndian`: of the host that printed it. */
export function parseProcRoutes(text: string, interfaces: Interfaces, bigEndian: boolean): Route[] {
  const [, ...lines] = text.trim().split('\n')
  return lines.flatMap((line) => {
    const [device, destination, , flags, , , , mask] = line.trim().split(/\s+/u)
    if (destination === undefined || flags === undefined || mask === undefined) return []
    const prefixLength = bitsSet(mask)
    return routeOf(`${dotted(destination, bigEndian)}/${prefixLength}`, device, BigInt(`0x${flags}`), interfaces)
  })
}

export function parseProcIpv6Routes(text: string, interfaces: Interfaces): Route[] {
  return text
    .trim()
    .split('\n')
    .flatMap((line) => {
      const [destination, prefixLength, , , , , , , flags, device] = line.trim().split(/\s+/u)
      if (destination === undefined || prefixLength === undefined || flags === undefined) return []
      const groups = destination.match(/[0-9a-f]{4}/gu) ?? []
      const text6 = `${shortened(groups)}/${Number.parseInt(prefixLength, 16)}`
      return routeOf(text6, device, BigInt(`0x${flags}`), interfaces)
    })
}

function routeOf(destination: string, device: string | undefined, flags: bigint, interfaces: Interfaces): Route[] {
  return classifiedRoute(destination, device, interfaces).map((route) => {
    if ((flags & rejects) !== 0n) return { ...route, kind: 'other' }
    return (flags & (local | anycast)) === 0n ? route : { ...route, kind: 'local' }
  })
}

function dotted(hex: string, bigEndian: boolean): string {
  const bytes = (hex.match(/../gu) ?? []).map((byte) => Number.parseInt(byte, 16))
  return (bigEndian ? bytes : bytes.reverse()).join('.')
}

/** A mask has its bits side by side, whatever the byte order. */
function bitsSet(hex: string): number {
  return Number.parseInt(hex, 16).toString(2).replaceAll('0', '').length
}

/** Canonical text by way of a URL's host. */
function shortened(groups: readonly string[]): string {
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1)
}
