/** Where the processes of a bench dial: the appliances' own ports, or a fabric in between that is never at fault. */
import { type AgentConfig } from '#shared/config.schema.ts'
import { type ApplianceId } from '#shared/ids.ts'
import { type Fabric } from '../fabric/fabric.ts'
import { LabFailed } from '../outcome.ts'
import { freePorts } from '../ports.ts'
import { type PlannedEndpoint } from '../world/endpoints.ts'

type ConnectTo = AgentConfig['connectTo']
type Ports = ReadonlyMap<ApplianceId, number>

/** Every name of an appliance leads to its port in `ports`. */
export function straightTable(endpoints: readonly PlannedEndpoint[], ports: Ports): ConnectTo {
  return endpoints.flatMap(({ names, appliance }) => {
    const port = appliance === null ? undefined : ports.get(appliance)
    if (port === undefined) throw new LabFailed(`nothing of the bench listens at ${names.join(', ')}`)
    return names.map((from) => ({ from, to: `127.0.0.1:${port}` }))
  })
}

/** Every name of an appliance leads to a proxy of its own, which leads to its port in `listenPorts`. */
export async function fabricTable(
  fabric: Fabric,
  endpoints: readonly PlannedEndpoint[],
  listenPorts: Ports,
): Promise<ConnectTo> {
  const free = await freePorts(listenPorts.size)
  const proxies = await Promise.all(
    [...listenPorts].map(async ([id, port], index) => {
      const { listenPort } = await fabric.link(`agents--${id}`, free[index] as number, { host: '127.0.0.1', port })
      return [id, listenPort] as const
    }),
  )
  return straightTable(endpoints, new Map(proxies))
}
