/**
 * A lab of containers before the first one exists: networks, a container for every appliance and every process of
 * agents, one Toxiproxy through which all of them dial, and the lab's own container, which has the control doors.
 *
 * Everything follows from the enterprise alone, so that whoever computes it (the printed compose file, the container
 * that writes the configurations, the runner) has the same ports and addresses. A link within a site leads to the
 * address of the appliance on its site's network, every other link to its address on the wide area network: an
 * appliance that is taken off that network is cut off from other sites, and only from those.
 */
import { assert } from '#shared/assert.ts'
import { type AgentConfig } from '#shared/config.schema.ts'
import { type AgentId, type Endpoint, type SiteId } from '#shared/ids.ts'
import { type Appliance, type Enterprise } from '#shared/topology/model.ts'
import { WrongUsage } from '../outcome.ts'
import { planEndpoints, type PlannedEndpoint } from '../world/endpoints.ts'
import { type ConnectTo } from '../world/links.ts'
import { type Entry, type LayoutLink, type LinkPlan, linkPlan } from './link-plan.ts'
import { type Addressing, addressingOf } from './networks.ts'
import { type Attachment, type LayoutNetwork, networksOf, type Places, placesOf, wanName } from './places.ts'
import { type Resident } from './residents.ts'

/** A control door: where its process listens, and the port of the host's loopback that leads there. */
export type LayoutDoor = { readonly host: string; readonly port: number; readonly published: number }

export type LayoutAppliance = {
  readonly service: string
  readonly appliance: Appliance
  readonly networks: readonly Attachment[]
  readonly listenPort: number
  readonly door: LayoutDoor
  /** Where it really dials the other appliances. */
  readonly connectTo: ConnectTo
}

export type LayoutAgents = {
  readonly service: string
  /** As the agents' configuration has them: without `network` where they read their container's. */
  readonly agents: AgentConfig['agents']
  readonly isFleet: boolean
  /** Whose links they dial through. */
  readonly through: SiteId | null
  readonly linkSites: readonly (readonly [AgentId, SiteId | null])[]
  readonly networks: readonly Attachment[]
  /** Routes that their network must have beside its connected ones, through `via`. */
  readonly routes: readonly string[]
  readonly via: string
  readonly door: LayoutDoor
  readonly connectTo: ConnectTo
}

export type Layout = {
  readonly enterprise: Enterprise
  /** Whether agents read the networks of their containers, or are told them; and why they are told. */
  readonly addresses: Addressing['kind']
  readonly reasons: readonly string[]
  readonly networks: readonly LayoutNetwork[]
  readonly appliances: readonly LayoutAppliance[]
  readonly agents: readonly LayoutAgents[]
  readonly toxiproxy: { readonly service: string; readonly networks: readonly Attachment[]; readonly api: LayoutDoor }
  /** The container with the doors: on every network. */
  readonly lab: { readonly service: string; readonly networks: readonly Attachment[] }
  readonly links: readonly LayoutLink[]
  /** Host name to address, for agents. */
  readonly resolve: Readonly<Record<string, string>>
  /** Which endpoint an agent means that dials that port of Toxiproxy. */
  readonly endpointOfPort: ReadonlyMap<number, Endpoint>
  readonly endpoints: readonly PlannedEndpoint[]
}

export type LayoutOptions = {
  /** `host:port` of endpoints that only a topology to come names. */
  readonly extraEndpoints?: readonly string[]
  /** First of the published ports. */
  readonly firstPort?: number
}

/** Below the ranges from which systems hand out ports, and from which labs of processes take theirs. */
export const defaultFirstPort = 18_400
const toxiproxyApiPort = 8474
const controlPort = 8080
const servicesMax = 150

/** Throws `WrongUsage` for an enterprise that is too large for containers. */
export function layoutOf(enterprise: Enterprise, options: LayoutOptions = {}): Layout {
  const addressing = addressingOf(enterprise)
  const plan = planEndpoints(enterprise, options.extraEndpoints ?? [])
  if (addressing.residents.length > servicesMax) {
    throw new WrongUsage(
      `containers: ${addressing.residents.length} appliances and agent processes, at most ${servicesMax} can be; make workstations a fleet`,
    )
  }
  const nets = networksOf(addressing)
  const places = placesOf(addressing, nets)
  const links = linkPlan(enterprise, plan.endpoints, places)
  const doors = doorsFrom(options.firstPort ?? defaultFirstPort)
  const api = doors(places.toxiproxyAt(nets.sites[0]?.name ?? wanName), toxiproxyApiPort)
  const names = serviceNames(addressing.residents)
  const appliances = addressing.residents.flatMap((resident) =>
    'appliance' in resident ? layoutAppliance(resident, { places, links, names, doors }) : [],
  )
  const agents = addressing.residents.flatMap((resident) =>
    'group' in resident ? layoutAgents(resident, { places, links, names, doors, kind: addressing.kind }) : [],
  )
  return {
    enterprise,
    addresses: addressing.kind,
    reasons: addressing.reasons,
    networks: [...nets.sites, nets.wan, nets.doors],
    appliances,
    agents,
    toxiproxy: { service: 'toxiproxy', networks: places.toxiproxy, api },
    lab: { service: 'lab', networks: places.lab },
    links: links.links,
    resolve: plan.resolve,
    endpointOfPort: links.endpointOfPort,
    endpoints: plan.endpoints,
  }
}

type Parts = {
  readonly places: Places
  readonly links: LinkPlan
  readonly names: ReadonlyMap<string, string>
  readonly doors: (host: string, port: number) => LayoutDoor
}

function doorsFrom(firstPort: number): Parts['doors'] {
  let published = firstPort
  return (host, port) => ({ host, port, published: published++ })
}

function layoutAppliance(
  { key, appliance }: Extract<Resident, { appliance: Appliance }>,
  { places, links, names, doors }: Parts,
): LayoutAppliance {
  const networks = places.of(key)
  const [home] = networks
  const at = ({ crosses }: Entry): string => places.toxiproxyAt(crosses ? wanName : home.network)
  return {
    service: names.get(key) ?? key,
    appliance,
    networks,
    listenPort: appliance.port,
    door: doors(home.address, appliance.port === controlPort ? controlPort + 1 : controlPort),
    connectTo: links.peerTable(appliance.id).map((entry) => ({ from: entry.from, to: `${at(entry)}:${entry.port}` })),
  }
}

function layoutAgents(
  { key, group, routes }: Extract<Resident, { group: unknown }>,
  { places, links, names, doors, kind }: Parts & { readonly kind: Addressing['kind'] },
): LayoutAgents {
  const networks = places.of(key)
  const [home] = networks
  const via = places.toxiproxyAt(home.network)
  const agents =
    kind === 'declared' ? group.agents : group.agents.map(({ network: _declared, ...agent }): typeof agent => agent)
  return {
    service: names.get(key) ?? key,
    agents,
    isFleet: group.isFleet,
    through: group.through,
    linkSites: group.linkSites,
    networks,
    routes: kind === 'declared' ? [] : routes,
    via,
    door: doors(home.address, controlPort),
    connectTo: links.agentTable(group.through).map(({ from, port }) => ({ from, to: `${via}:${port}` })),
  }
}

/** An appliance is named by its host, an agent process by its workstation or fleet; nobody twice. */
function serviceNames(residents: readonly Resident[]): ReadonlyMap<string, string> {
  const taken = new Set(['toxiproxy', 'lab', 'setup'])
  return new Map(
    residents.map((resident) => {
      const wanted = 'appliance' in resident ? hostOrId(resident.appliance) : resident.group.name
      const name = [wanted, ...residents.map((_, index) => `${wanted}-${index + 2}`)].find((one) => !taken.has(one))
      assert(name !== undefined, 'there are more names than residents')
      taken.add(name)
      return [resident.key, name]
    }),
  )
}

/** An address is no name for a service. */
function hostOrId({ host, id }: Appliance): string {
  return /^[\d.]+$|:/u.test(host) ? id : host
}
