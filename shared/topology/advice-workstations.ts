/** ST8, of either generation: bootstrap addresses that are no appliance, and workstations in no range. */
import { homeOf, homesOfFleet } from '#shared/topology/advice-home.ts'
import { isDialledAs } from '#shared/topology/largest-pass.ts'
import { type Enterprise } from '#shared/topology/model.ts'
import { type Finding, type Path } from '#shared/topology/problems.ts'

export function adviseWorkstations(enterprise: Enterprise): readonly Finding[] {
  const { topology } = enterprise
  const workstations = enterprise.workstations.flatMap(({ id, network, primServer, altServers }, index) => {
    const path = ['workstations', index]
    const homeless = network !== undefined && homeOf(topology, network) === null
    const why = network?.routes.length === 0 ? '' : ', and none of its routes touches one'
    return [
      ...adviseBootstrap(enterprise, primServer, [...path, 'primServer']),
      ...altServers.flatMap((server, alt) => adviseBootstrap(enterprise, server, [...path, 'altServers', alt])),
      ...(homeless ? [inNoRange([...path, 'id'], `the workstation ${id} is in no site's range${why}`)] : []),
    ]
  })
  const fleets = enterprise.fleets.flatMap((fleet, index) => {
    const outside = homesOfFleet(topology, fleet).get(null) ?? 0
    const text = `${outside} of ${fleet.count} agents of the fleet ${fleet.id} are in no site's range`
    return [
      ...adviseBootstrap(enterprise, fleet.primServer, ['fleets', index, 'primServer']),
      ...(outside > 0 ? [inNoRange(['fleets', index, 'addresses'], text)] : []),
    ]
  })
  return [...workstations, ...fleets]
}

function adviseBootstrap({ topology }: Enterprise, server: string, path: Path): readonly Finding[] {
  if (topology.appliances.some((appliance) => isDialledAs(appliance, server))) return []
  const text = `the bootstrap address ${server} is no appliance of the topology`
  const remedy = 'write the host of an appliance, or check that the name leads to one'
  return [{ code: 'bootstrap-outside-topology', rule: 'ST8', path, text, remedy }]
}

function inNoRange(path: Path, text: string): Finding {
  const remedy =
    'extend a range of the site that it belongs to; without a home site there is only the last resort (HS6)'
  return { code: 'workstation-in-no-range', rule: 'ST8', path, text, remedy }
}
