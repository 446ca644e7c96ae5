/**
 * Advice on an enterprise that works but will not fail over as well as it could (ST4, ST8). Warnings, never refusals.
 *
 * ST8 speaks of G4. What it says of capacity, spare appliances, bootstrap and ranges the guide says of G3 too, and it
 * is given to both; the number and place of databases, services and sites, hot standby, secondary and mutual failover
 * are advice to G4 alone, because a G3 enterprise is built of such sites.
 */
import { adviseCapacity } from '#shared/topology/advice-capacity.ts'
import { adviseRanges } from '#shared/topology/advice-ranges.ts'
import { adviseSettings } from '#shared/topology/advice-settings.ts'
import { adviseWorkstations } from '#shared/topology/advice-workstations.ts'
import { type Appliance, type Enterprise, type Site, type Topology } from '#shared/topology/model.ts'
import { type Finding } from '#shared/topology/problems.ts'

const sitesMax = 2
const servicesMax = 4
const appliancesMax = 6

/** All advice; paths are those of an enterprise file whose sites, appliances and workstations stand in this order. */
export function advise(enterprise: Enterprise): readonly Finding[] {
  const { topology } = enterprise
  return [
    ...adviseRanges(topology.sites),
    ...(topology.generation === 'G4' ? adviseG4(topology) : []),
    ...adviseCapacity(enterprise),
    ...adviseWorkstations(enterprise),
    ...adviseSettings(enterprise),
  ]
}

function adviseG4({ sites, appliances }: Topology): readonly Finding[] {
  return [
    ...adviseNumbers(sites, appliances),
    ...adviseDatabases(sites, appliances),
    ...sites.flatMap((site, index) => adviseSite(site, index, sites)),
  ]
}

function adviseNumbers(sites: readonly Site[], appliances: readonly Appliance[]): readonly Finding[] {
  const services = appliances.filter(({ role }) => role === 'service').length
  return [
    ...when(sites.length > sitesMax, {
      ...about('more-than-two-sites', ['sites']),
      text: `there are ${sites.length} sites, and in G4 more than ${sitesMax} serve no purpose`,
      remedy: `bring the appliances together in one site or ${sitesMax}`,
    }),
    ...when(services > servicesMax, {
      ...about('more-than-four-services', ['appliances']),
      text: `there are ${services} service appliances, and more than ${servicesMax} add little`,
      remedy: 'choose fewer and larger ones',
    }),
    ...when(appliances.length > appliancesMax, {
      ...about('more-than-six-appliances', ['appliances']),
      text: `there are ${appliances.length} appliances, and more than ${appliancesMax} add little`,
      remedy: 'choose fewer and larger ones',
    }),
  ]
}

function adviseDatabases(sites: readonly Site[], appliances: readonly Appliance[]): readonly Finding[] {
  const [first, second] = appliances.filter(({ role }) => role === 'database')
  if (first === undefined) return []
  const at = (one: Appliance): readonly (string | number)[] => ['appliances', appliances.indexOf(one)]
  if (second === undefined) {
    const text = `${first.id} is the only database, and its loss stops the enterprise`
    const remedy = 'add a second database in another data center'
    return [{ ...about('single-database', at(first)), text, remedy }]
  }
  const dataCenter = first.dataCenter?.trim().toLowerCase()
  const sameDataCenter = dataCenter !== undefined && dataCenter === second.dataCenter?.trim().toLowerCase()
  const sameSite = sites.length === sitesMax && first.site === second.site
  return [
    ...when(sameDataCenter, {
      ...about('databases-in-one-data-center', [...at(second), 'dataCenter']),
      text: `both databases, ${first.id} and ${second.id}, stand in the data center ${second.dataCenter}`,
      remedy: 'put them into two data centers, best in two regions',
    }),
    ...when(sameSite, {
      ...about('databases-in-one-site', [...at(second), 'site']),
      text: `both databases, ${first.id} and ${second.id}, belong to the site ${first.site}`,
      remedy: 'put one database into each site',
    }),
  ]
}

function adviseSite(site: Site, index: number, sites: readonly Site[]): readonly Finding[] {
  const { primary, secondary } = site.failover
  const target = sites.find(({ id }) => id === primary)
  const mutual = target?.failover.primary === site.id || target?.failover.secondary === site.id
  const bothActive = site.type === 'active' && target?.type === 'active'
  return [
    ...when(site.type === 'hot-standby', {
      ...about('hot-standby-site', ['sites', index, 'type']),
      text: `the site ${site.id} is a hot standby, and its appliances stand idle`,
      remedy: 'make it an active site, and let the two fail over to each other',
    }),
    ...when(secondary !== undefined, {
      ...about('secondary-failover-site', ['sites', index, 'failover', 'secondary']),
      text: `the site ${site.id} has a secondary failover site, which G4 does not need`,
      remedy: 'remove it; one failover site is enough for two sites',
    }),
    ...when(bothActive && !mutual, {
      ...about('failover-not-mutual', ['sites', index, 'failover', 'primary']),
      text: `the site ${site.id} fails over to ${primary}, but ${primary} does not fail over to ${site.id}`,
      remedy: `write failover: { primary: ${site.id} } at the site ${primary}`,
    }),
  ]
}

function about(code: string, path: readonly (string | number)[]): Pick<Finding, 'code' | 'rule' | 'path'> {
  return { code, rule: 'ST8', path }
}

function when(condition: boolean, finding: Finding): readonly Finding[] {
  return condition ? [finding] : []
}
