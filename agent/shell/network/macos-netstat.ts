/**
 * `netstat -rn` of macOS. It shortens networks (`10.1/16`, `127`, `192.168.7`), adds zones to link-local addresses, and
 * lists the neighbours it has learnt among the routes.
 */
import { type Route } from '#shared/network.ts'
import { type Interfaces, classifiedRoute } from './interfaces.ts'

/** Both families of the table. */
export function parseNetstat(text: string, interfaces: Interfaces): Route[] {
  const [, ipv6 = ''] = text.split(/^Internet6:$/mu)
  const ipv4 = text.slice(0, text.length - ipv6.length)
  return [...linesOf(ipv4, ipv4Destination), ...linesOf(ipv6, ipv6Destination)].flatMap((line) => {
    const [route] = classifiedRoute(line.destination, line.device, interfaces)
    if (route === undefined) return []
    // Rejecting routes and black holes lead nowhere.
    if (/[RB]/u.test(line.flags)) return [{ ...route, kind: 'other' as const }]
    return line.flags.includes('b') ? [{ ...route, kind: 'broadcast' as const }] : [route]
  })
}

type Line = { readonly destination: string; readonly flags: string; readonly device: string | undefined }

function linesOf(text: string, destinationOf: (text: string) => string | undefined): Line[] {
  return text.split('\n').flatMap((line) => {
    const [first = '', , flags = '', device] = line.trim().split(/\s+/u)
    const destination = destinationOf(first)
    if (destination === undefined || !flags.startsWith('U')) return []
    // A neighbour of a connected network (W: cloned from its route) is no route of its own.
    return flags.includes('W') && !/[bm]/u.test(flags) ? [] : [{ destination, flags, device }]
  })
}

/** `10.1/16` is `10.1.0.0/16`; without a length each octet that is printed counts eight bits. */
function ipv4Destination(text: string): string | undefined {
  if (text === 'default') return '0.0.0.0/0'
  const [network = '', length] = text.split('/')
  const octets = network.split('.')
  if (!/^[\d.]+$/u.test(network) || octets.length > 4) return undefined
  const padded = [...octets, '0', '0', '0'].slice(0, 4).join('.')
  return `${padded}/${length ?? octets.length * 8}`
}

function ipv6Destination(text: string): string | undefined {
  if (text === 'default') return '::/0'
  if (!text.includes(':')) return undefined
  const [network = '', length = '128'] = text.replace(/%[^/]*/u, '').split('/')
  return `${network}/${length}`
}
