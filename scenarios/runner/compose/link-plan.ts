/**
 * The links of a lab of containers, each a proxy of Toxiproxy with a port that follows from the enterprise alone. Where
 * nothing listens behind an endpoint its port has no proxy, so that a dial is refused.
 */
import { type ApplianceId, type Endpoint, type SiteId } from '#shared/ids.ts'
import { type Enterprise } from '#shared/topology/model.ts'
import { WrongUsage } from '../outcome.ts'
import { type PlannedEndpoint } from '../world/endpoints.ts'
import { type LinkName } from '../world/links.ts'
import { type Places } from './places.ts'

/** One proxy of Toxiproxy: it listens on `port` at all its addresses. */
export type LayoutLink = {
  readonly name: LinkName
  readonly proxy: string
  readonly port: number
  readonly upstream: { readonly host: string; readonly port: number }
}

const firstLinkPort = 21_001
const linksMax = 4_000

export type LinkPlan = {
  readonly links: readonly LayoutLink[]
  readonly endpointOfPort: ReadonlyMap<number, Endpoint>
  /** `host:port` as dialled, with the port of Toxiproxy that stands for it and whether it is in the same site. */
  readonly agentTable: (from: SiteId | null) => readonly Entry[]
  readonly peerTable: (from: ApplianceId) => readonly Entry[]
}
export type Entry = { readonly from: string; readonly port: number; readonly crosses: boolean }

/** Plans every directed link of the lab: agents of a site, or of none, to each endpoint; each appliance to each other. */
export function linkPlan(enterprise: Enterprise, endpoints: readonly PlannedEndpoint[], places: Places): LinkPlan {
  const { sites, appliances } = enterprise.topology
  const links: LayoutLink[] = []
  const endpointOfPort = new Map<number, Endpoint>()
  let port = firstLinkPort
  const table = (from: SiteId | null, nameOf: (planned: PlannedEndpoint) => LinkName | null): Entry[] =>
    endpoints.flatMap((planned) => {
      const name = nameOf(planned)
      const listens = port++
      const to = appliances.find(({ id }) => id === planned.appliance)
      const crosses = to === undefined || to.site !== from
      if (name !== null && to !== undefined) {
        const [home, wan] = places.of(`appliance ${to.id}`)
        const { address } = crosses ? (wan ?? home) : home
        links.push({ name, proxy: proxyName(name), port: listens, upstream: { host: address, port: to.port } })
      }
      if (name?.kind !== 'peers') endpointOfPort.set(listens, planned.endpoint)
      return planned.names.map((dialled) => ({ from: dialled, port: listens, crosses }))
    })
  const homes = [...sites.filter(({ type }) => type === 'active').map(({ id }) => id), null]
  const agentTables = new Map(
    homes.map((from) => [
      from,
      table(from, ({ appliance, endpoint }) =>
        appliance === null ? null : { kind: 'agents', from, to: appliance, endpoint },
      ),
    ]),
  )
  const peerTables = new Map(
    appliances.map(({ id, site }) => [
      id,
      table(site, ({ appliance }) =>
        appliance === null || appliance === id ? null : { kind: 'peers', from: id, to: appliance },
      ),
    ]),
  )
  if (links.length > linksMax) {
    throw new WrongUsage(
      `containers: ${links.length} links, at most ${linksMax} can be; give fewer sites or appliances`,
    )
  }
  return {
    links,
    endpointOfPort,
    agentTable: (from) => agentTables.get(from) ?? [],
    peerTable: (from) => peerTables.get(from) ?? [],
  }
}

function proxyName(name: LinkName): string {
  return `${name.kind === 'agents' ? `agents-of-${name.from ?? 'no-site'}` : name.from}--${name.to}`
}
