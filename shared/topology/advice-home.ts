/** Which site the agents of a file will call home, as far as the file can tell; for advice (ST8). */
import { addressAt, compileRange } from '#shared/address.ts'
import { type SiteId } from '#shared/ids.ts'
import { declaredNetwork } from '#shared/network.ts'
import { homeSite } from '#shared/topology/home-site.ts'
import { type DeclaredNetwork, type Fleet, type Topology } from '#shared/topology/model.ts'

/** Home of a workstation; `null` when it has none. */
export function homeOf(topology: Topology, network: DeclaredNetwork): SiteId | null {
  return homeSite(topology, declaredNetwork(network)).site
}

/** Agents of a fleet by home site; those of none under `null`. */
export function homesOfFleet(topology: Topology, fleet: Fleet): ReadonlyMap<SiteId | null, number> {
  const addresses = compileRange(fleet.addresses)
  const homes = new Map<SiteId | null, number>()
  for (let index = 0; index < fleet.count; index += 1) {
    const site = homeOf(topology, { addresses: [addressAt(addresses, index).text], routes: [] })
    homes.set(site, (homes.get(site) ?? 0) + 1)
  }
  return homes
}
