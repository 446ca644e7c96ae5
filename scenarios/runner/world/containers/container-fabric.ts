/**
 * The fabric of a lab of containers: the real Toxiproxy in its own container, reached over a door on loopback that the
 * lab's container keeps open. Its proxies are made by the links of the lab, as in the process world.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { networkHoldersOf } from '../../compose/compose-file.ts'
import { type LabConfig } from '../../compose/config-files.ts'
import { type Layout } from '../../compose/layout.ts'
import { type Fabric } from '../../fabric/fabric.ts'
import { versionAt } from '../../fabric/open-fabric.ts'
import { toxiproxyFabric } from '../../fabric/toxiproxy-fabric.ts'
import { LabFailed } from '../../outcome.ts'
import { type RunningProcess } from '../home.ts'
import { startContainer } from './container.ts'
import { docker } from './docker.ts'
import { type Project } from './project.ts'

const answersWithinMs = 30_000
const askEveryMs = 50

/** Starts Toxiproxy, the lab's own container and those that hold networks; disposing the fabric ends them. */
export async function openContainerFabric(layout: Layout, project: Project): Promise<Fabric> {
  const { toxiproxy, lab } = layout
  project.write(toxiproxy.service, 'toxiproxy.json', [])
  project.write(lab.service, 'config.json', doorsOf(layout))
  let problem: LabFailed | undefined
  const start = (service: string): RunningProcess =>
    startContainer({
      name: service,
      container: project.containerOf(service),
      logFile: project.logOf(service),
      onDeath: (death) => (problem ??= death),
    })
  const holders = networkHoldersOf(layout)
  const running = [toxiproxy.service, lab.service, ...holders].map(start)
  const url = `http://127.0.0.1:${toxiproxy.api.published}`
  const deadline = performance.now() + answersWithinMs
  for (;;) {
    const version = await versionAt(url).catch(() => undefined)
    const areHeld = await Promise.all(holders.map(async (holder) => await hasRoutes(project.containerOf(holder))))
    if (problem !== undefined) throw problem
    if (version !== undefined && areHeld.every(Boolean)) {
      return toxiproxyFabric({
        kind: 'toxiproxy',
        description: `toxiproxy ${version} in the container ${project.containerOf(toxiproxy.service)}`,
        url,
        prefix: 'lab',
        listenHost: '0.0.0.0',
        async stopServer() {
          for (const one of running) {
            one.expectEnd()
            one.letGo()
          }
          await Promise.all(running.map(async ({ ended }) => await ended))
        },
      })
    }
    if (performance.now() > deadline) {
      const silent = version === undefined ? `Toxiproxy does not answer at ${url}` : 'the routes of agents are not set'
      throw new LabFailed(`within ${answersWithinMs / 1000} s ${silent}`)
    }
    await delay(askEveryMs)
  }
}

/** Whether a container that holds a network has set its routes (`containers/network.Dockerfile`). */
async function hasRoutes(container: string): Promise<boolean> {
  return await docker(['exec', container, 'test', '-e', '/dev/shm/routes-are-set'], answersWithinMs).then(
    () => true,
    () => false,
  )
}

/** What the lab's container reads. It forwards the doors; the timeline is told here, so that it gets no token. */
function doorsOf({ enterprise, toxiproxy, appliances, agents }: Layout): LabConfig {
  const shut = { token: '' }
  return {
    enterprise: enterprise.topology.enterprise,
    timeScale: enterprise.topology.settings.timeScale,
    tells: false,
    appliances: appliances.map(({ service, appliance, door }) => ({ service, name: appliance.id, ...door, ...shut })),
    agents: agents.map(({ service, door }) => ({ service, name: service, ...door, ...shut })),
    toxiproxy: toxiproxy.api,
  }
}
