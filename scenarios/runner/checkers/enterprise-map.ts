/**
 * A second opinion on the rules that need a map: which site is an agent's home, which appliances stand in which stage of a
 * pass. Written anew from SPEC.md, so that a mistake of the agents is not repeated by their judge.
 */
import { type History } from '../history.ts'
import { type AgentEvidence, type PassSeen, statusAt } from './evidence.ts'
import { planEndpoints } from '../world/endpoints.ts'
import {
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
import { type AgentId, type ApplianceId, Endpoint, type SiteId } from '#shared/ids.ts'
import { type AgentProfile } from '#shared/profile.ts'
import { type Appliance, type DeclaredNetwork, type Topology } from '#shared/topology/model.ts'
import { fleetAgentId } from '#shared/topology/read-workstations.ts'

export type Place = { readonly appliance: ApplianceId; readonly endpoint: Endpoint }
export type MapStage = 'home' | 'primary' | 'secondary'

export type EnterpriseMap = {
  /** Topologies by epoch, the first and every edit. */
  readonly epochs: ReadonlyMap<number, Topology>
  /** `undefined` where it cannot be known from outside: the host's own network was read. */
  homeOf(agent: AgentId, topology: Topology): SiteId | null | undefined
  /** What kind of agent it was installed as (FB4). */
  profileOf(agent: AgentId): AgentProfile
  /** `host:port` as the history writes it: the host is the address it stands for, as far as the lab's file knows it. */
  canonical(text: string): Endpoint
  /** Where the agent finds its last resort, then its other bootstrap servers; the list of an agent of profile `list`. */
  bootstrapOf(agent: AgentId): readonly Endpoint[]
  /** Every site that an endpoint or appliance belongs to, in any epoch. */
  sitesOfEndpoint(endpoint: Endpoint): ReadonlySet<SiteId>
  sitesOfAppliance(appliance: ApplianceId): ReadonlySet<SiteId>
}

type Host = {
  readonly network: DeclaredNetwork | undefined
  readonly bootstrap: readonly string[]
  readonly profile: AgentProfile
}

export function mapOf(history: History): EnterpriseMap {
  const { topology: first } = history.enterprise
  const epochs = new Map([[first.epoch, first]])
  for (const event of history.events) {
    if (event.type === 'topology.edited') epochs.set(event.topology.epoch, event.topology)
  }
  const appliances = [...epochs.values()].flatMap((topology) => topology.appliances)
  const { endpoints } = planEndpoints(history.enterprise, [])
  const planned = new Map(
    endpoints.flatMap(({ names, endpoint }) => names.map((name) => [name.toLowerCase(), endpoint])),
  )
  const canonical = (text: string): Endpoint => planned.get(text.toLowerCase()) ?? (text as Endpoint)
  const hosts = hostsOf(history)
  const sites = (wanted: (appliance: Appliance) => boolean): ReadonlySet<SiteId> =>
    new Set(appliances.filter(wanted).map(({ site }) => site))
  return {
    epochs,
    homeOf: (agent, topology) => {
      const network = hosts.get(agent)?.network
      return network === undefined ? undefined : homeSite(topology, network)
    },
    profileOf: (agent) => hosts.get(agent)?.profile ?? 'windows',
    canonical,
    bootstrapOf: (agent) => hosts.get(agent)?.bootstrap.map((text) => canonical(text)) ?? [],
    sitesOfEndpoint: (endpoint) => sites((appliance) => canonical(placeOf(appliance).endpoint) === canonical(endpoint)),
    sitesOfAppliance: (id) => sites((appliance) => appliance.id === id),
  }
}

/** Where agents find an appliance, as the topology writes it. */
export function placeOf({ id, host, port }: Appliance): Place {
  return { appliance: id, endpoint: Endpoint(host, port) }
}

/** Stages in order with their appliances (SP1, SP4, SP5). */
export function stagesOf(
  topology: Topology,
  home: SiteId | null,
): readonly { stage: MapStage; places: readonly Place[] }[] {
  const site = topology.sites.find(({ id }) => id === home)
  if (site === undefined) return []
  const { primary, secondary } = site.failover
  const stages = [
    { stage: 'home', site: site.id },
    { stage: 'primary', site: primary },
    { stage: 'secondary', site: secondary },
  ] as const
  return stages.map(({ stage, site: wanted }) => ({
    stage,
    places: topology.appliances.filter((appliance) => appliance.site === wanted).map(placeOf),
  }))
}

/**
 * The topologies that a pass may have used: what was in use or received when it began (BT5 lets it change just then), and
 * what was in use while it ran.
 */
export function topologiesOf(map: EnterpriseMap, evidence: AgentEvidence, pass: PassSeen): readonly Topology[] {
  const before = statusAt(evidence, pass.beganAt)?.topology
  const during = evidence.statuses.filter(({ at }) => at > pass.beganAt && at <= pass.endedAt)
  const epochs = new Set([before?.inUse, before?.received, ...during.map(({ status }) => status.topology.inUse)])
  return [...epochs].flatMap((epoch) => (epoch === undefined ? [] : (map.epochs.get(epoch) ?? [])))
}

function hostsOf({ enterprise }: History): ReadonlyMap<AgentId, Host> {
  const hosts = new Map<AgentId, Host>()
  for (const { id, network, primServer, altServers, profile } of enterprise.workstations) {
    hosts.set(id, { network, bootstrap: [primServer, ...altServers], profile })
  }
  for (const { id, count, addresses, primServer, altServers, profile } of enterprise.fleets) {
    const range = compileRange(addresses)
    for (let index = 0; index < count; index++) {
      const agent = fleetAgentId(id, index)
      const network = { addresses: [addressAt(range, index).text], routes: [] }
      hosts.set(agent, { network, bootstrap: [primServer, ...altServers], profile })
    }
  }
  return hosts
}

/** HS1: by address, adapters in order; HS2, HS3: else by a non-default route; HS6: else none. */
function homeSite(topology: Topology, network: DeclaredNetwork): SiteId | null {
  const sites = topology.sites
    .filter(({ type }) => type === 'active')
    .map(({ id, ranges }) => ({ id, ranges: ranges.map(compileRange) }))
  for (const text of network.addresses) {
    const address = parseAddress(text.split('/')[0] ?? text)
    if (!address.ok) continue
    const site = sites.find(({ ranges }) => ranges.some((range) => rangeHolds(range, address.value)))
    if (site !== undefined) return site.id
  }
  const routes = network.routes.flatMap((text) => {
    const route = parseRouteDestination(text)
    if (!route.ok || isDefaultRoute(route.value)) return []
    return isLoopback(route.value) || isLinkLocal(route.value) || isMulticast(route.value) ? [] : [route.value]
  })
  const touched = sites.find(({ ranges }) => ranges.some((range) => routes.some((route) => rangesTouch(range, route))))
  return touched?.id ?? null
}
