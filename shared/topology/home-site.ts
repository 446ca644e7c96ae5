/**
 * The home site of a host. An active site one of whose ranges holds an address of the host (HS1); only when no address
 * matches, one of whose ranges is touched by a non-default unicast route (HS2, HS3); else none (HS6). Ranges express
 * preference and restrict nothing (HS4). A hot-standby site is never home (ST6).
 */
import {
  type Address,
  type CompiledRange,
  compileRange,
  formatRange,
  isDefaultRoute,
  isLinkLocal,
  isLoopback,
  isMulticast,
  parseAddress,
  parseRouteDestination,
  rangeHolds,
  rangesTouch,
} from '#shared/address.ts'
import { type HomeRecord } from '#shared/decision.ts'
import { type HostNetwork, type Route } from '#shared/network.ts'
import { type Site, type Topology } from '#shared/topology/model.ts'

type SiteRanges = { readonly site: Site; readonly ranges: readonly { text: string; compiled: CompiledRange }[] }

/** Ranges are compiled once per topology: 20,000 agents of a process share it. */
const compiledSites = new WeakMap<Topology, readonly SiteRanges[]>()

function rangesOf(topology: Topology): readonly SiteRanges[] {
  const known = compiledSites.get(topology)
  if (known !== undefined) return known
  const sites = topology.sites
    .filter((site) => site.type === 'active')
    .map((site) => ({
      site,
      ranges: site.ranges.map((range) => ({ text: formatRange(range), compiled: compileRange(range) })),
    }))
  compiledSites.set(topology, sites)
  return sites
}

/** Decides the home site of `network` under `topology` (HS1, HS2, HS6). */
export function homeSite(topology: Topology, network: HostNetwork): HomeRecord {
  const sites = rangesOf(topology)
  return byAddress(sites, network) ?? byRoute(sites, network) ?? { site: null, by: 'none' }
}

/** Adapters in system order, and for each the sites in topology order (HS1, ST4). */
function byAddress(sites: readonly SiteRanges[], network: HostNetwork): HomeRecord | undefined {
  for (const text of network.adapters.flatMap((adapter) => adapter.addresses)) {
    const address = parsed(text)
    if (address === undefined) continue
    for (const { site, ranges } of sites) {
      const range = ranges.find(({ compiled }) => rangeHolds(compiled, address))
      if (range !== undefined) return { site: site.id, by: 'range', address: text, range: range.text }
    }
  }
  return undefined
}

function parsed(text: string): Address | undefined {
  const address = parseAddress(text)
  return address.ok ? address.value : undefined
}

/** The first site, in topology order, touched by any route that counts (HS2). */
function byRoute(sites: readonly SiteRanges[], network: HostNetwork): HomeRecord | undefined {
  const routes = network.routes.flatMap((route) => routeThatCounts(route) ?? [])
  for (const { site, ranges } of sites) {
    for (const { text, compiled } of ranges) {
      const route = routes.find((candidate) => rangesTouch(candidate.range, compiled))
      if (route !== undefined) return { site: site.id, by: 'route', route: route.text, range: text }
    }
  }
  return undefined
}

/** Unicast routes count, connected ones included; default routes and their halves never do (HS2, HS3). */
function routeThatCounts(route: Route): { readonly text: string; readonly range: CompiledRange } | undefined {
  if (route.kind !== 'unicast') return undefined
  const destination = parseRouteDestination(route.destination)
  if (!destination.ok || isDefaultRoute(destination.value)) return undefined
  const range = destination.value
  if (isLoopback(range) || isLinkLocal(range) || isMulticast(range)) return undefined
  return { text: route.destination, range }
}
