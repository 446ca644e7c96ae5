/** How many candidates a pass may have at most: what bounds the time scale of a lab (SPEC.md section 2). */
import { type Appliance, type Enterprise, type Site } from '#shared/topology/model.ts'
import { formatServer } from '#shared/topology/server.ts'

type Agents = Pick<Enterprise, 'workstations' | 'fleets'>
type Map = { readonly sites: readonly Site[]; readonly appliances: readonly Appliance[] }

/**
 * Candidates of the largest pass that any workstation can face in any active site: home, primary, secondary and last
 * resort (SP1), and the serving site when the loss meets a session that is temporary there (LO1, LO2). Nothing counts
 * twice (SP3). An agent of profile `list` has its list (FB4).
 */
export function largestPass(map: Map, { workstations, fleets }: Agents): number {
  const agents = [...workstations, ...fleets]
  const lists = agents.filter(({ profile }) => profile === 'list')
  const servers = new Set(agents.filter((agent) => !lists.includes(agent)).map(({ primServer }) => primServer))
  // A file without agents still gets some: of their last resort nothing is known but that there is one.
  const lastResorts = agents.length === 0 ? [null] : [...servers]
  const homes = map.sites.filter((site) => site.type === 'active')
  const ofLists = lists.map(({ primServer, altServers }) => new Set([primServer, ...altServers]).size)
  return Math.max(0, ...ofLists, ...homes.flatMap((home) => lastResorts.map((server) => candidates(map, home, server))))
}

function candidates(map: Map, home: Site, server: string | null): number {
  const lastResort = map.appliances.find((appliance) => server !== null && isDialledAs(appliance, server))
  const sites = new Set([home.id, home.failover.primary, home.failover.secondary, lastResort?.site])
  const known = map.appliances.filter((appliance) => sites.has(appliance.site)).length
  return lastResort === undefined ? known + 1 : known
}

/** Whether `server` (`host:port`) is this appliance, by its name or by its address. */
export function isDialledAs({ host, address, port }: Appliance, server: string): boolean {
  return (
    server === formatServer({ host, port }) ||
    (address !== undefined && server === formatServer({ host: address, port }))
  )
}
