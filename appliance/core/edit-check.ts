/** What is wrong with an edited topology, so that no edit can break the enterprise: `null` when nothing is. */
import { type Topology } from '#shared/topology/model.ts'

export function checkEdit({ sites, appliances, generation }: Omit<Topology, 'epoch'>): string | null {
  const siteIds = new Set<string>(sites.map(({ id }) => id))
  if (siteIds.size < sites.length) return 'two sites have the same id'
  if (new Set(appliances.map(({ id }) => id)).size < appliances.length) return 'two appliances have the same id'
  for (const { id, site } of appliances) {
    if (!siteIds.has(site)) return `appliance ${id} is of site ${site}, which does not exist`
  }
  for (const { id, failover } of sites) {
    for (const other of [failover.primary, failover.secondary]) {
      if (other !== undefined && !siteIds.has(other)) return `site ${id} fails over to ${other}, which does not exist`
      if (other === id) return `site ${id} fails over to itself`
    }
  }
  const databases = appliances.filter(({ role }) => role === 'database').length
  if (databases === 0) return 'there is no database'
  if (generation === 'G4' && databases > 2) return 'there are more than two databases'
  return null
}
