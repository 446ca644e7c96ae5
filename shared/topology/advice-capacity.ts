/**
 * ST8, of either generation: a failover site must bear both populations, and an active site the loss of one appliance.
 * A population is the number of workstations that a file declares, one session each; capacity counts only where every
 * appliance of the site states it.
 */
import { type SiteId } from '#shared/ids.ts'
import { homeOf, homesOfFleet } from '#shared/topology/advice-home.ts'
import { type Enterprise, type Site } from '#shared/topology/model.ts'
import { type Finding } from '#shared/topology/problems.ts'

export function adviseCapacity(enterprise: Enterprise): readonly Finding[] {
  const populations = populationsOf(enterprise)
  const { sites } = enterprise.topology
  return sites.flatMap((site, index) => [
    ...adviseSpare(enterprise, site, index, populations.get(site.id) ?? 0),
    ...adviseFailover(enterprise, site, index, populations),
  ])
}

/** N+1. */
function adviseSpare(enterprise: Enterprise, site: Site, index: number, population: number): readonly Finding[] {
  if (site.type !== 'active') return []
  const path = ['sites', index]
  const rule = 'ST8'
  const count = enterprise.topology.appliances.filter((appliance) => appliance.site === site.id).length
  if (count < 2) {
    const has = count === 1 ? 'only one appliance, whose loss makes the site dark' : 'no appliance'
    const text = `the active site ${site.id} has ${has}`
    return [{ code: 'single-appliance-site', rule, path, text, remedy: 'give it a second appliance' }]
  }
  const capacities = capacitiesOf(enterprise, site.id)
  if (capacities === null) return []
  const left = sum(capacities) - Math.max(...capacities)
  if (left >= population) return []
  const text = `the site ${site.id} has ${population} workstations, and after the loss of its largest appliance room for ${left} sessions`
  return [{ code: 'site-without-spare', rule, path, text, remedy: 'add an appliance, or choose larger ones' }]
}

function adviseFailover(
  enterprise: Enterprise,
  site: Site,
  index: number,
  populations: ReadonlyMap<SiteId | null, number>,
): readonly Finding[] {
  const { primary, secondary } = site.failover
  return [['primary', primary] as const, ['secondary', secondary] as const].flatMap(([which, target]) => {
    const capacities = target === undefined ? null : capacitiesOf(enterprise, target)
    if (target === undefined || capacities === null) return []
    const [own, failedOver] = [populations.get(target) ?? 0, populations.get(site.id) ?? 0]
    if (sum(capacities) >= own + failedOver) return []
    return [
      {
        code: 'failover-site-too-small',
        rule: 'ST8',
        path: ['sites', index, 'failover', which],
        text: `the site ${target} has room for ${sum(capacities)} sessions, its own ${own} workstations and the ${failedOver} of ${site.id} need ${own + failedOver}`,
        remedy: `give ${target} more or larger appliances`,
      },
    ]
  })
}

/** Sessions that each appliance of a site may hold, or `null` unless all of them say. */
function capacitiesOf({ topology }: Enterprise, site: SiteId): readonly number[] | null {
  const sessions = topology.appliances
    .filter((appliance) => appliance.site === site)
    .map(({ capacity }) => capacity?.sessions)
  const stated = sessions.filter((count) => count !== undefined)
  return stated.length === sessions.length ? stated : null
}

function populationsOf({ topology, workstations, fleets }: Enterprise): ReadonlyMap<SiteId | null, number> {
  const populations = new Map<SiteId | null, number>()
  const add = (site: SiteId | null, count: number): void => {
    populations.set(site, (populations.get(site) ?? 0) + count)
  }
  // Who tries a list has no home (FB4).
  for (const { network, profile } of workstations)
    if (network !== undefined && profile !== 'list') add(homeOf(topology, network), 1)
  for (const fleet of fleets.filter(({ profile }) => profile !== 'list'))
    for (const [site, count] of homesOfFleet(topology, fleet)) add(site, count)
  return populations
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
