/** A changed topology, brought to a database of the lab. */
import { type ApplianceId, Endpoint } from '#shared/ids.ts'
import { type Topology } from '#shared/topology/model.ts'
import { LabFailed } from '../outcome.ts'
import { type ApplianceProcess } from './appliances.ts'
import { type Links } from './links.ts'
import { type LiveView } from './live-view.ts'

/** A dial that the lab has no link for would leave the machine. */
export function refuseUnplanned(topology: Topology, links: Links): void {
  for (const { host, port, address } of topology.appliances) {
    if (links.isPlanned(Endpoint(address ?? host, port)) && links.isPlanned(Endpoint(host, port))) continue
    throw new LabFailed(`the scenario must declare ${host}:${port} in extraEndpoints before it publishes it`)
  }
}

/** `POST /topology` at the first database that serves. */
export async function publishAt(
  appliances: ReadonlyMap<ApplianceId, ApplianceProcess>,
  view: LiveView,
  { epoch: _epoch, ...topology }: Topology,
): Promise<number> {
  const database = [...appliances.values()].find(
    ({ appliance }) => appliance.role === 'database' && view.serves(appliance.id),
  )
  if (database === undefined) throw new LabFailed('no database serves, so no topology can be published')
  const { status, body } = await database.door.call('POST', '/topology', topology)
  if (status !== 200) throw new LabFailed(`${database.appliance.id} refused the topology: ${JSON.stringify(body)}`)
  return (body as { epoch: number }).epoch
}
