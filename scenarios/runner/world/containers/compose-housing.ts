/**
 * The housing of the compose world: every appliance and every agent process in a container of its own, on the networks
 * of `compose/layout.ts`, behind the real Toxiproxy. Everything that the containers read and write is in the run's
 * folder; containers and networks are gone when the world is closed, and when the runner is killed.
 */
import { copyFileSync, existsSync, readFileSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { assert } from '#shared/assert.ts'
import { type ApplianceId } from '#shared/ids.ts'
import { labPki } from '#shared/pki/cache.ts'
import { type Enterprise } from '#shared/topology/model.ts'
import { configFolder, dataFolder, networkHoldersOf } from '../../compose/compose-file.ts'
import { type Layout, type LayoutAgents, type LayoutAppliance, layoutOf } from '../../compose/layout.ts'
import { LabFailed } from '../../outcome.ts'
import { type AgentGroup } from '../agent-groups.ts'
import { type AgentHome, type ApplianceHome, type Home, type Housing } from '../home.ts'
import { type LinkName } from '../links.ts'
import { startContainer } from './container.ts'
import { openContainerFabric } from './container-fabric.ts'
import { requireEngine } from './docker.ts'
import { Newcomers } from './newcomers.ts'
import { type Project, openProject } from './project.ts'
import { labImages } from './image.ts'

export type ComposeHousingOptions = {
  readonly enterprise: Enterprise
  readonly extraEndpoints: readonly string[]
  /** The run's folder. */
  readonly folder: string
  readonly cacheFolder: string
  /** Aborted: what is under way is given up. */
  readonly signal: AbortSignal
}

/** Builds the image, creates every container and starts those that have no process of the lab. */
export async function openComposeHousing(options: ComposeHousingOptions, undo: AsyncDisposableStack): Promise<Housing> {
  const { enterprise, extraEndpoints, cacheFolder, signal } = options
  const { topology } = enterprise
  const layout = layoutOf(enterprise, { extraEndpoints })
  await requireEngine()
  const pki = await labPki(join(cacheFolder, 'pki'), topology.enterprise, topology.appliances)
  const images = await labImages(networkHoldersOf(layout).length > 0, signal)
  const project = await openProject({ layout, folder: resolve(options.folder), images, signal }, undo)
  const fabric = undo.use(await openContainerFabric(layout, project))
  const newcomers = new Newcomers(layout, project)
  let ports = firstProxyPort
  const homes = new Map(layout.appliances.map((one) => [one.appliance.id, applianceHome(one, layout, project)]))
  for (const { service, appliance } of layout.appliances) {
    const { certificateFile, keyFile } = pki.of(appliance.id)
    project.give(service, names.authority, (file) => copyFileSync(pki.caFile, file))
    project.give(service, names.certificate, (file) => copyFileSync(certificateFile, file))
    project.give(service, names.key, (file) => copyFileSync(keyFile, file))
  }
  return {
    kind: 'compose',
    fabric,
    upstreamOf: (link) => upstreamIn(layout, link),
    async proxyPorts(count) {
      const first = ports
      ports += count
      return await Promise.resolve(Array.from({ length: count }, (_, index) => first + index))
    },
    appliance(id) {
      const home = homes.get(id)
      assert(home !== undefined, 'every appliance of the lab has a home')
      return home
    },
    async agents(group) {
      const planned = plannedIn(layout, group) ?? (await newcomers.add(group))
      project.give(planned.service, names.authority, (file) => copyFileSync(pki.caFile, file))
      return agentHome(planned, project)
    },
  }
}

/** Inside Toxiproxy's container, where nobody else listens. */
const firstProxyPort = 21_001
const names = {
  authority: 'authority.pem',
  certificate: 'certificate.pem',
  key: 'key.pem',
  config: 'config.json',
} as const

function upstreamIn({ links }: Layout, link: LinkName) {
  const planned = links.find(({ name }) => isSame(name, link))
  assert(planned !== undefined, 'every link of the lab is in its layout')
  return planned.upstream
}

function isSame(one: LinkName, other: LinkName): boolean {
  if (one.from !== other.from || one.to !== other.to) return false
  return one.kind === 'agents' ? other.kind === 'agents' && one.endpoint === other.endpoint : other.kind === 'peers'
}

/** The process of `group`, where it is one of the enterprise file. */
function plannedIn({ agents }: Layout, { name, agents: wanted }: AgentGroup): LayoutAgents | undefined {
  const [first] = wanted
  const planned = agents.find((one) => one.agents.some(({ id }) => id === first?.id))
  if (planned === undefined || planned.agents.length === wanted.length) return planned
  throw new LabFailed(
    `the fleet ${name} lies on several networks, and --world compose runs a fleet in one container: write a fleet for each of ${agents
      .filter((one) => one.agents.some(({ id }) => wanted.some((agent) => agent.id === id)))
      .map(({ networks }) => networks[0]?.network)
      .join(', ')}`,
  )
}

function applianceHome(one: LayoutAppliance, layout: Layout, project: Project): ApplianceHome {
  const { service, appliance, door, listenPort, connectTo } = one
  const storeFile = `${appliance.id}.store`
  return {
    ...containerHome(service, appliance.id, door, project),
    listen: { host: '0.0.0.0', port: listenPort },
    files: {
      caFile: `${configFolder}/${names.authority}`,
      certificateFile: `${configFolder}/${names.certificate}`,
      keyFile: `${configFolder}/${names.key}`,
    },
    storeFile: `${dataFolder}/${storeFile}`,
    proxyHost: (to) => proxyHostIn(layout, connectTo, to),
    async eraseStore() {
      for (const suffix of ['', '-wal', '-shm']) {
        rmSync(join(project.dataOf(service), `${storeFile}${suffix}`), { force: true })
      }
      await Promise.resolve()
    },
  }
}

/** As the layout has it: over the site's own network, or over the wide area network. */
function proxyHostIn({ endpoints }: Layout, connectTo: LayoutAppliance['connectTo'], to: ApplianceId | null): string {
  const dialled = endpoints.filter(({ appliance }) => appliance === to).flatMap((endpoint) => endpoint.names)
  const host = connectTo.find(({ from }) => dialled.includes(from))?.to.replace(/:\d+$/u, '')
  assert(host !== undefined, 'an appliance dials endpoints of the lab')
  return host
}

function agentHome({ service, agents, via, door }: LayoutAgents, project: Project): AgentHome {
  const tapFile = project.tapOf(service)
  return {
    ...containerHome(service, service, door, project),
    proxyHost: () => via,
    caFile: `${configFolder}/${names.authority}`,
    cacheFolder: dataFolder,
    hasOwnNetwork: agents.every(({ network }) => network === undefined),
    tapText: () => (existsSync(tapFile) ? readFileSync(tapFile, 'utf8') : ''),
  }
}

function containerHome(
  service: string,
  name: string,
  door: LayoutAppliance['door'],
  project: Project,
): Omit<Home, 'proxyHost'> {
  return {
    control: { host: door.host, port: door.port },
    doorPort: door.published,
    configure: (config) => project.write(service, names.config, config),
    launch: (onDeath) =>
      startContainer({ name, container: project.containerOf(service), logFile: project.logOf(name), onDeath }),
  }
}
