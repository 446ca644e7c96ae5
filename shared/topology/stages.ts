/**
 * The sites that a pass may walk, as the topology has them (SP1): the home site, its primary and its secondary failover
 * site. Failover is not transitive: only the home site's own failover sites count (SP4), and a site with failover
 * disabled has none (SP5). The last resort is the agent's own and is not in the topology.
 */
import { type Appliance, type Site, type Topology } from '#shared/topology/model.ts'
import { type SiteId } from '#shared/ids.ts'

export type SiteStage = 'home' | 'primary' | 'secondary'

export type StageOfPass = { readonly stage: SiteStage; readonly site: Site; readonly appliances: readonly Appliance[] }

/** Stages in order; a failover site that the topology no longer has, or that has no appliance, is left out (SP1, SP4). */
export function stagesOf(topology: Topology, home: SiteId | null): readonly StageOfPass[] {
  const homeSite = siteOf(topology, home)
  if (homeSite === undefined) return []
  const steps: readonly (readonly [SiteStage, SiteId | undefined])[] = [
    ['home', homeSite.id],
    ['primary', homeSite.failover.primary],
    ['secondary', homeSite.failover.secondary],
  ]
  return steps.flatMap(([stage, id]) => {
    const site = siteOf(topology, id ?? null)
    if (site === undefined) return []
    const appliances = appliancesOf(topology, site.id)
    return appliances.length === 0 ? [] : [{ stage, site, appliances }]
  })
}

export function siteOf(topology: Topology, id: SiteId | null): Site | undefined {
  return topology.sites.find((site) => site.id === id)
}

/** Database and service appliances of a site alike (SP2, SV4), in topology order. */
export function appliancesOf(topology: Topology, site: SiteId): readonly Appliance[] {
  return topology.appliances.filter((appliance) => appliance.site === site)
}
