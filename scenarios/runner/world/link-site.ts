/**
 * Which site's links a workstation dials through: a reading of HS1 to HS3 and HS6 of the lab's own, from the declared
 * network and the first topology. It places the faults, so it must not be the agent's own code.
 */
import {
  type CompiledRange,
  compileRange,
  isDefaultRoute,
  parseAddress,
  parseRouteDestination,
  rangesTouch,
  singleAddress,
} from '#shared/address.ts'
import { type SiteId } from '#shared/ids.ts'
import { type DeclaredNetwork, type Topology } from '#shared/topology/model.ts'

/** The home site by address, then by route; `null` for none. Declared routes are unicast routes. */
export function linkSiteOf(topology: Topology, network: DeclaredNetwork | undefined): SiteId | null {
  if (network === undefined) return null
  const addresses = network.addresses.flatMap((text) => {
    const address = parseAddress(text)
    return address.ok ? [singleAddress(address.value)] : []
  })
  for (const address of addresses) {
    const site = firstSiteTouchedBy(topology, [address])
    if (site !== null) return site
  }
  const routes = network.routes.flatMap((text) => {
    const route = parseRouteDestination(text)
    return route.ok && !isDefaultRoute(route.value) ? [route.value] : []
  })
  return firstSiteTouchedBy(topology, routes)
}

function firstSiteTouchedBy(topology: Topology, parts: readonly CompiledRange[]): SiteId | null {
  const site = topology.sites
    .filter(({ type }) => type === 'active')
    .find(({ ranges }) => ranges.some((range) => parts.some((part) => rangesTouch(compileRange(range), part))))
  return site?.id ?? null
}
