/**
 * Which site the agents of a file will call home, as far as the file can tell: by range (HS1), then by route (HS2,
 * HS3). The agent decides for itself, and with its host's own network; this is for advice only.
 */
import {
  type Address,
  type CompiledRange,
  addressAt,
  compileRange,
  isDefaultRoute,
  isLinkLocal,
  isLoopback,
  isMulticast,
  parseAddress,
  parseRouteDestination,
  rangeHolds,
  rangesTouch,
} from '#shared/address.ts'
import { type SiteId } from '#shared/ids.ts'
import { type DeclaredNetwork, type Fleet, type Site } from '#shared/topology/model.ts'

type Ranges = { readonly site: SiteId; readonly compiled: readonly CompiledRange[] }
export type SiteRanges = readonly Ranges[]

/** The ranges of the active sites, in topology order. */
export function siteRanges(sites: readonly Site[]): SiteRanges {
  return sites
    .filter(({ type }) => type === 'active')
    .map(({ id, ranges }) => ({ site: id, compiled: ranges.map(compileRange) }))
}

/** Home of a workstation; `null` when it has none. */
export function homeOf(sites: SiteRanges, network: DeclaredNetwork): SiteId | null {
  for (const text of network.addresses) {
    const address = parseAddress(text)
    const site = address.ok ? homeByRange(sites, address.value) : null
    if (site !== null) return site
  }
  const routes = network.routes.map(parseRouteDestination).flatMap((route) => (route.ok ? [route.value] : []))
  const counted = routes.filter(
    (route) => !isDefaultRoute(route) && !isLoopback(route) && !isLinkLocal(route) && !isMulticast(route),
  )
  const touched = sites.find(({ compiled }) =>
    compiled.some((range) => counted.some((route) => rangesTouch(range, route))),
  )
  return touched?.site ?? null
}

/** Agents of a fleet by home site; those of none under `null`. */
export function homesOfFleet(sites: SiteRanges, fleet: Fleet): ReadonlyMap<SiteId | null, number> {
  const addresses = compileRange(fleet.addresses)
  const homes = new Map<SiteId | null, number>()
  for (let index = 0; index < fleet.count; index += 1) {
    const site = homeByRange(sites, addressAt(addresses, index))
    homes.set(site, (homes.get(site) ?? 0) + 1)
  }
  return homes
}

function homeByRange(sites: SiteRanges, address: Address): SiteId | null {
  return sites.find(({ compiled }) => compiled.some((range) => rangeHolds(range, address)))?.site ?? null
}
