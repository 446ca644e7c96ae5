/**
 * Where a dial really goes. An agent dials the appliance's own name; a lab puts a fault proxy in between
 * (`--connect-to`, the convention of curl) or says which address a name has (`resolve`, asked before DNS). The URL, the
 * server name and the check of the certificate keep the name as dialled.
 */
import { assert } from '#shared/assert.ts'
import { Endpoint } from '#shared/ids.ts'
import { type Result, fail, ok } from '#shared/result.ts'

export type HostPort = { readonly host: string; readonly port: number }

export interface ConnectTable {
  /** What the socket connects to for a dial of `host:port`. */
  target(host: string, port: number): HostPort
  /** The address that the table states for a name. */
  address(host: string): string | undefined
  /** Whether some port of `host` is led elsewhere, so that nobody needs its address. */
  leads(host: string): boolean
}

const portMax = 65_535

/** Parses `HOST:PORT`; an IPv6 host stands in brackets. The error says what is wrong with the text. */
export function parseHostPort(text: string): Result<HostPort, string> {
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/u.exec(text) ?? []
  const host = bracketed ?? plain
  if (host === undefined) return fail(`"${text}" is not HOST:PORT`)
  const port = Number(digits)
  return port >= 1 && port <= portMax
    ? ok({ host, port })
    : fail(`port ${digits} of "${text}" is not from 1 to ${portMax}`)
}

/** The table of a process. Texts that are not `HOST:PORT` are a defect; the configuration has been checked. */
export function connectTable(
  connectTo: readonly { readonly from: string; readonly to: string }[],
  resolve: Readonly<Record<string, string>>,
): ConnectTable {
  const targets = new Map<string, HostPort>()
  const led = new Set<string>()
  for (const entry of connectTo) {
    const [from, to] = [parsed(entry.from), parsed(entry.to)]
    targets.set(key(from.host, from.port), to)
    led.add(from.host.toLowerCase())
  }
  const addresses = new Map(Object.entries(resolve).map(([host, address]) => [host.toLowerCase(), address]))
  return {
    target(host, port) {
      const to = targets.get(key(host, port)) ?? { host, port }
      return { host: addresses.get(to.host.toLowerCase()) ?? to.host, port: to.port }
    },
    address: (host) => addresses.get(host.toLowerCase()),
    leads: (host) => led.has(host.toLowerCase()),
  }
}

function parsed(text: string): HostPort {
  const result = parseHostPort(text)
  assert(result.ok, 'a connect-to entry is HOST:PORT')
  return result.value
}

function key(host: string, port: number): string {
  return Endpoint(host, port).toLowerCase()
}
