/**
 * What a pass is planned from: the host's network now, and an address for each name that has one. A machine is read
 * once for all agents of the process that ask within a moment.
 */
import { lookup as dnsLookup } from 'node:dns/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { parseAddress } from '#shared/address.ts'
import { declaredNetwork, type HostNetwork } from '#shared/network.ts'
import { type ConnectTable } from './connect-table.ts'

export type Survey = { readonly network: HostNetwork; readonly addresses: ReadonlyMap<string, string> }
export type Declared = { readonly addresses: readonly string[]; readonly routes: readonly string[] }

export interface Surveyor {
  /** `declared` stands for the machine's own network. Never fails; a name without an address has no entry. */
  survey(declared: Declared | undefined, hosts: readonly string[]): Promise<Survey>
}

export type SurveyorPorts = {
  readonly table: ConnectTable
  /** Monotonic ms. */
  readonly nowMs: () => number
  readonly readNetwork: () => Promise<HostNetwork>
  /** An address of the name; fails when it has none. */
  readonly lookup?: (host: string) => Promise<string>
}

const sharedMs = 250
const lookupMsMax = 2000

export function surveyor(ports: SurveyorPorts): Surveyor {
  const { table, nowMs, readNetwork, lookup = lookupInDns } = ports
  const networkNow = sharing(nowMs, readNetwork)
  const found = sharing(nowMs, (host) => bounded(lookup(host)))

  /** A name that is led elsewhere needs no address, and the name server of a lab's host knows nothing of it. */
  const addressOf = async (host: string): Promise<string | undefined> => {
    const stated = table.address(host)
    if (stated !== undefined) return canonical(stated)
    const literal = parseAddress(host)
    if (literal.ok) return literal.value.text
    return table.leads(host) ? undefined : canonical(await found(host))
  }

  return {
    async survey(declared, hosts) {
      const [network, ...addresses] = await Promise.all([
        declared === undefined ? networkNow('') : declaredNetwork(declared),
        ...hosts.map(addressOf),
      ])
      const entries = hosts.flatMap((host, index) => {
        const address = addresses[index]
        return address === undefined ? [] : [[host, address] as const]
      })
      return { network, addresses: new Map(entries) }
    },
  }
}

/** One reading for all who ask for the same within `sharedMs` of its start. */
function sharing<Value>(nowMs: () => number, read: (key: string) => Promise<Value>): (key: string) => Promise<Value> {
  const readings = new Map<string, { readonly atMs: number; readonly value: Promise<Value> }>()
  return (key) => {
    const last = readings.get(key)
    if (last !== undefined && nowMs() - last.atMs < sharedMs) return last.value
    const value = read(key)
    readings.set(key, { atMs: nowMs(), value })
    return value
  }
}

async function bounded(looking: Promise<string>): Promise<string | undefined> {
  const abort = new AbortController()
  const expired = delay(lookupMsMax, undefined, { signal: abort.signal }).catch(() => undefined)
  const address = await Promise.race([looking.catch(() => undefined), expired])
  abort.abort()
  return address
}

async function lookupInDns(host: string): Promise<string> {
  return (await dnsLookup(host)).address
}

function canonical(text: string | undefined): string | undefined {
  const address = text === undefined ? undefined : parseAddress(text)
  return address?.ok === true ? address.value.text : undefined
}
