/**
 * Every endpoint that an agent of a lab may dial, before the first process starts. An appliance is dialled by its host
 * or by its address; both are one endpoint (SPEC.md section 1). Endpoints of no appliance (a wrong bootstrap address, a
 * wrong address in a topology to come) are planned too, so that no dial ever leaves the machine.
 */
import { parseAddress } from '#shared/address.ts'
import { type ApplianceId, Endpoint } from '#shared/ids.ts'
import { type Enterprise } from '#shared/topology/model.ts'
import { WrongUsage } from '../outcome.ts'

export type PlannedEndpoint = {
  /** Address and port where the host has an address. */
  readonly endpoint: Endpoint
  /** Every `host:port` by which it may be dialled. */
  readonly names: readonly string[]
  /** `null`: nothing listens there. */
  readonly appliance: ApplianceId | null
}

export type EndpointPlan = {
  readonly endpoints: readonly PlannedEndpoint[]
  /** Host name to address, for the agents; literal addresses are not in it. */
  readonly resolve: Readonly<Record<string, string>>
}

/** The part of an appliance that tells where it is. */
type Place = { readonly host: string; readonly port: number; readonly address?: string | undefined }

/** Plans the endpoints of `enterprise` and of `extra` (`host:port` each). */
export function planEndpoints(enterprise: Enterprise, extra: readonly string[]): EndpointPlan {
  const resolve: Record<string, string> = {}
  const planned = new Map<Endpoint, { names: Set<string>; appliance: ApplianceId | null }>()
  const add = (place: Place, appliance: ApplianceId | null): void => {
    const address = addressOf(place, resolve)
    if (address !== place.host) resolve[place.host] = address
    const endpoint = Endpoint(address, place.port)
    const known = planned.get(endpoint) ?? { names: new Set<string>(), appliance }
    known.names.add(Endpoint(place.host, place.port)).add(endpoint)
    planned.set(endpoint, known)
  }
  for (const appliance of enterprise.topology.appliances) add(appliance, appliance.id)
  for (const name of bootstrapNames(enterprise).concat(extra)) add(parseHostPort(name), null)
  return {
    endpoints: [...planned].map(([endpoint, { names, appliance }]) => ({ endpoint, names: [...names], appliance })),
    resolve,
  }
}

function bootstrapNames(enterprise: Enterprise): string[] {
  return [
    ...enterprise.workstations.flatMap((workstation) => [workstation.primServer, ...workstation.altServers]),
    ...enterprise.fleets.flatMap((fleet) => [fleet.primServer, ...fleet.altServers]),
  ]
}

/** A name without a stated address gets one of its own on the loopback net: two names are never one endpoint by chance. */
function addressOf(place: Place, resolve: Readonly<Record<string, string>>): string {
  if (place.address !== undefined) return place.address
  if (parseAddress(place.host).ok) return place.host
  return resolve[place.host] ?? `127.77.0.${Object.keys(resolve).length + 1}`
}

/** Reads `host:port`, an IPv6 host in brackets. */
export function parseHostPort(text: string): { readonly host: string; readonly port: number } {
  const match = /^(?:\[(?<six>[^\]]+)\]|(?<host>[^:]+)):(?<port>\d{1,5})$/u.exec(text)
  const host = match?.groups?.['six'] ?? match?.groups?.['host']
  const port = Number(match?.groups?.['port'])
  if (host === undefined || !(port >= 1 && port <= 65_535)) throw new WrongUsage(`"${text}" is not HOST:PORT`)
  return { host, port }
}
