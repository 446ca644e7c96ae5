/** Which agents of an enterprise share a process, and through which site's links they dial. */
import { type AgentConfig } from '#shared/config.schema.ts'
import { addressAt, compileRange } from '#shared/address.ts'
import { AgentId, type SiteId } from '#shared/ids.ts'
import { type Fleet, type Topology, type Workstation } from '#shared/topology/model.ts'
import { fleetAgentId } from '#shared/topology/read-workstations.ts'
import { linkSiteOf } from './link-site.ts'

/** Agents that share a process, and so the links. */
export type AgentGroup = {
  readonly name: string
  readonly agents: AgentConfig['agents']
  readonly isFleet: boolean
  readonly through: SiteId | null
  readonly linkSites: readonly (readonly [AgentId, SiteId | null])[]
}

export function groupOfWorkstation(
  topology: Topology,
  { id, network, primServer, altServers, profile }: Workstation,
): AgentGroup {
  const through = linkSiteOf(topology, network)
  const declared =
    network === undefined ? {} : { network: { addresses: [...network.addresses], routes: [...network.routes] } }
  return {
    name: id,
    agents: [{ id, primServer, altServers: [...altServers], profile, ...declared }],
    isFleet: false,
    through,
    linkSites: [[id, through]],
  }
}

/** All of a fleet dial through the links of the site that its first address gives. */
export function groupOfFleet(topology: Topology, fleet: Fleet): AgentGroup {
  const range = compileRange(fleet.addresses)
  const agents = Array.from({ length: fleet.count }, (_, index) => ({
    id: fleetAgentId(fleet.id, index),
    primServer: fleet.primServer,
    altServers: [...fleet.altServers],
    profile: fleet.profile,
    network: { addresses: [addressAt(range, index).text], routes: [] },
  }))
  const through = linkSiteOf(topology, { addresses: [fleet.addresses.start], routes: [] })
  return { name: fleet.id, agents, isFleet: true, through, linkSites: agents.map(({ id }) => [AgentId(id), through]) }
}
