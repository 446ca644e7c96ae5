/** What a workstation is told to dial: `HOST`, `HOST:PORT`, `[IPV6]:PORT` or a bare IPv6 address. */
import { type Endpoint, Endpoint as toEndpoint } from '#shared/ids.ts'
import { parseAddress } from '#shared/address.ts'
import { type Result, fail, ok } from '#shared/result.ts'

export const defaultPort = 443

export type Server = { readonly host: string; readonly port: number }

/** Host in canonical form: a lower-case DNS name or a canonical address. */
export function parseHost(text: string): Result<string, string> {
  if (looksLikeAddress(text)) {
    const address = parseAddress(text)
    return address.ok ? ok(address.value.text) : address
  }
  const name = text.toLowerCase()
  const label = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?'
  const isName = name.length <= 253 && new RegExp(`^${label}(?:\\.${label})*$`, 'u').test(name)
  return isName ? ok(name) : fail(`"${text}" is neither a DNS name nor an address`)
}

/** IPv4 in form, whatever its numbers, or anything of the characters of IPv6; no DNS name looks like that. */
export function looksLikeAddress(host: string): boolean {
  return /^[\d.]+$/u.test(host) || (host.includes(':') && /^[\da-f:.%]+$/iu.test(host))
}

/** A host and its port, 443 where none is written. */
export function parseServer(text: string): Result<Server, string> {
  if (text.includes('/')) return fail(`"${text}" is neither a DNS name nor an address`)
  const { host, port } = split(text.trim())
  const parsed = parseHost(host)
  if (!parsed.ok) return parsed
  if (port === undefined) return ok({ host: parsed.value, port: defaultPort })
  const number = /^\d{1,5}$/u.test(port) ? Number(port) : 0
  return number >= 1 && number <= 65_535
    ? ok({ host: parsed.value, port: number })
    : fail(`port "${port}" is not a number from 1 to 65535`)
}

export function formatServer(server: Server): Endpoint {
  return toEndpoint(server.host, server.port)
}

function split(text: string): { host: string; port: string | undefined } {
  const bracketed = /^\[(?<host>[^\]]*)\](?::(?<port>.*))?$/u.exec(text)?.groups
  if (bracketed !== undefined) return { host: bracketed['host'] ?? '', port: bracketed['port'] }
  const colons = text.split(':').length - 1
  if (colons !== 1) return { host: text, port: undefined }
  const at = text.indexOf(':')
  return { host: text.slice(0, at), port: text.slice(at + 1) }
}
