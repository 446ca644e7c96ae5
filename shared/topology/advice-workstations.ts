/** ST8, of either generation: bootstrap addresses that are no appliance, and workstations in no range. */
import { homeOf, homesOfFleet } from '#shared/topology/advice-home.ts'
import { isDialledAs } from '#shared/topology/largest-pass.ts'
import { type Enterprise, type Fleet, type Workstation } from '#shared/topology/model.ts'
import { type Finding, type Path } from '#shared/topology/problems.ts'

export function adviseWorkstations(enterprise: Enterprise): readonly Finding[] {
  const { topology } = enterprise
  const workstations = enterprise.workstations.flatMap((workstation, index) => {
    const { id, network, primServer, altServers, profile } = workstation
    const path = ['workstations', index]
    const homeless = profile !== 'list' && network !== undefined && homeOf(topology, network) === null
    const why = network?.routes.length === 0 ? '' : ', and none of its routes touches one'
    return [
      ...adviseBootstrap(enterprise, primServer, [...path, 'primServer']),
      ...altServers.flatMap((server, alt) => adviseBootstrap(enterprise, server, [...path, 'altServers', alt])),
      ...adviseList(workstation, path),
      ...(homeless ? [inNoRange([...path, 'id'], `the workstation ${id} is in no site's range${why}`)] : []),
    ]
  })
  const fleets = enterprise.fleets.flatMap((fleet, index) => {
    const path = ['fleets', index]
    const outside = fleet.profile === 'list' ? 0 : (homesOfFleet(topology, fleet).get(null) ?? 0)
    const text = `${outside} of ${fleet.count} agents of the fleet ${fleet.id} are in no site's range`
    return [
      ...adviseBootstrap(enterprise, fleet.primServer, [...path, 'primServer']),
      ...fleet.altServers.flatMap((server, alt) => adviseBootstrap(enterprise, server, [...path, 'altServers', alt])),
      ...adviseList(fleet, path),
      ...(outside > 0 ? [inNoRange([...path, 'addresses'], text)] : []),
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

/** Such an agent has nobody to fail over to (FB4). */
function adviseList(agent: Workstation | Fleet, path: Path): readonly Finding[] {
  const { id, primServer, altServers, profile } = agent
  if (profile !== 'list' || altServers.some((server) => server !== primServer)) return []
  const text = `the list of ${id} has one address alone: without that appliance it has none`
  const remedy = 'write further addresses as altServers, in the order in which they are to be tried'
  return [{ code: 'list-of-one', rule: 'FB4', path: [...path, 'profile'], text, remedy }]
}

function inNoRange(path: Path, text: string): Finding {
  const remedy =
    'extend a range of the site that it belongs to; without a home site there is only the last resort (HS6)'
  return { code: 'workstation-in-no-range', rule: 'ST8', path, text, remedy }
}
