/**
 * The process world: every appliance and every agent of an enterprise as a real process on loopback, each link behind a
 * fault proxy. Whatever way a run ends, closing the world leaves no child, no port and no fault behind; when the runner
 * is killed, the leashes, the pause guard and the fabric's watchdog do it instead.
 */
import { join } from 'node:path'
import { type CommandAnswer } from '../../../agent/core/events.ts'
import { type AgentConfig, type ApplianceConfig } from '#shared/config.schema.ts'
import { AgentId, type ApplianceId, Endpoint, type SiteId } from '#shared/ids.ts'
import { addressAt, compileRange } from '#shared/address.ts'
import { labPki } from '#shared/pki/cache.ts'
import { type Enterprise, type Fleet, type Topology, type Workstation } from '#shared/topology/model.ts'
import { fleetAgentId } from '#shared/topology/read-workstations.ts'
import { type Fabric } from '../fabric/fabric.ts'
import { openFabric } from '../fabric/open-fabric.ts'
import { type HistoryRecorder } from '../history-recorder.ts'
import { LabFailed } from '../outcome.ts'
import { freePorts } from '../ports.ts'
import { wallMs } from '../wall-clock.ts'
import { type AgentProcess, prepareAgents } from './agents.ts'
import { type Ask, asking } from './asking.ts'
import { type ApplianceProcess, prepareAppliances } from './appliances.ts'
import { type EndpointPlan, planEndpoints } from './endpoints.ts'
import { linkSiteOf } from './link-site.ts'
import { Links } from './links.ts'
import { type LiveView, liveView } from './live-view.ts'
import { guardPauses } from './pause-guard.ts'
import { verifiersOf } from './verifiers.ts'

export type WorldOptions = {
  readonly enterprise: Enterprise
  readonly seed: string
  /** The run's folder; logs, configurations and the history go there. */
  readonly folder: string
  /** Certificates are kept here between runs. */
  readonly cacheFolder: string
  /** `host:port` of endpoints that only a topology to come names. */
  readonly extraEndpoints: readonly string[]
  readonly recorder: HistoryRecorder
  /** Aborted: all processes are ended, and whatever waits rejects. */
  readonly signal: AbortSignal
}

export interface World {
  /** With the workstations that were added since the start. */
  readonly enterprise: Enterprise
  readonly view: LiveView
  readonly links: Links
  readonly fabric: Pick<Fabric, 'kind' | 'description'>
  readonly appliances: ReadonlyMap<ApplianceId, ApplianceProcess>
  readonly agents: ReadonlyMap<string, AgentProcess>
  readonly linkSites: ReadonlyMap<AgentId, SiteId | null>
  readonly fleetAgents: ReadonlySet<AgentId>
  /** The newest topology that the enterprise accepted. */
  topology(): Topology
  /** One call at an agent's control door, recorded as asked and answered. */
  ask(ask: Ask): Promise<CommandAnswer>
  /** Starts one more workstation. */
  addWorkstation(workstation: Workstation): Promise<AgentProcess>
  /** Publishes `topology` at a database; the epoch is the enterprise's to give. */
  publish(topology: Topology): Promise<number>
  tell(text: string): void
  /** Reads the taps into the history, then ends everything. */
  close(): Promise<void>
}

const appliancesServeWithinMs = 60_000
const settleWithinMs = 60_000

/** Starts the whole lab; returns when every appliance serves and every agent has come online or found nobody. */
export async function openWorld(options: WorldOptions): Promise<World> {
  await using undo = new AsyncDisposableStack()
  const view = liveView()
  options.recorder.listen((event) => view.apply(event))
  const children: (ApplianceProcess | AgentProcess)[] = []
  const parts = await openParts(options, undo)
  const letAllGo = async (): Promise<void> => await endAll(children)
  undo.defer(letAllGo)
  const onAbort = (): void => {
    view.fail(new LabFailed('interrupted'))
    void letAllGo()
  }
  options.signal.addEventListener('abort', onAbort)
  undo.defer(() => options.signal.removeEventListener('abort', onAbort))

  const onDeath = (problem: LabFailed): void => view.fail(problem)
  const appliances = await prepareAppliances({ ...parts.forAppliances, onDeath })
  const agents = new Map<string, AgentProcess>()
  const linkSites = new Map<AgentId, SiteId | null>()
  const addAgents = async (group: AgentGroup): Promise<AgentProcess> => {
    for (const [agent, site] of group.linkSites) linkSites.set(agent, site)
    const [controlPort] = await freePorts(1)
    const connectTo = await parts.links.agentTable(group.through)
    const process = prepareAgents(
      { ...parts.forAgents, onDeath },
      { name: group.name, agents: group.agents, isFleet: group.isFleet, controlPort: controlPort as number, connectTo },
    )
    agents.set(group.name, process)
    children.push(process)
    refuseAborted(options.signal)
    await process.start()
    await allSettled(view, process.agents)
    return process
  }

  children.push(...appliances.values())
  refuseAborted(options.signal)
  await Promise.all([...appliances.values()].map(async (appliance) => await appliance.start()))
  await allServe(view, [...appliances.keys()])
  const { topology } = options.enterprise
  const groups = [
    ...options.enterprise.workstations.map((workstation) => groupOfWorkstation(topology, workstation)),
    ...options.enterprise.fleets.map((fleet) => groupOfFleet(topology, fleet)),
  ]
  await Promise.all(groups.map(addAgents))
  const kept = undo.move()
  return worldOf(options, {
    view,
    links: parts.links,
    fabric: parts.fabric,
    appliances,
    agents,
    linkSites,
    addAgents,
    undo: kept,
  })
}

function refuseAborted(signal: AbortSignal): void {
  if (signal.aborted) throw new LabFailed('interrupted')
}

/** Everything that stands before the first process: the fabric, the links, certificates and verifiers. */
async function openParts(options: WorldOptions, undo: AsyncDisposableStack) {
  const { enterprise, folder, recorder, seed } = options
  const { topology } = enterprise
  const [apiPort, ...ports] = await freePorts(1 + 2 * topology.appliances.length)
  const fabric = undo.use(
    await openFabric({
      seed,
      apiPort: apiPort as number,
      prefix: `lab-${process.pid}`,
      logFolder: folder,
      environment: process.env,
    }),
  )
  const guard = guardPauses()
  undo.defer(async () => await guard.close())
  const listenPorts = new Map(topology.appliances.map(({ id }, index) => [id, ports[index] as number]))
  const plan: EndpointPlan = planEndpoints(enterprise, options.extraEndpoints)
  const links = new Links({ fabric, endpoints: plan.endpoints, listenPorts, recorder })
  const [pki, people] = await Promise.all([
    labPki(join(options.cacheFolder, 'pki'), topology.enterprise, topology.appliances),
    verifiersOf(enterprise),
  ])
  return {
    fabric,
    links,
    forAppliances: {
      seed,
      folder,
      topology,
      people,
      policies: policiesOf(enterprise),
      filesOf: (id: ApplianceId) => ({ caFile: pki.caFile, ...pki.of(id) }),
      peerTable: async (id: ApplianceId) => await links.peerTable(id),
      listenPorts,
      controlPorts: ports.slice(topology.appliances.length),
      recorder,
      guard,
    },
    forAgents: {
      seed,
      folder,
      caFile: pki.caFile,
      resolve: plan.resolve,
      settings: topology.settings,
      hashCost: enterprise.hashCost,
      recorder,
    },
  }
}

/** Policies as a database takes them: fleets have none of their own. */
function policiesOf({ userPolicies, computerPolicies, workstations }: Enterprise): ApplianceConfig['policies'] {
  const computerPolicyOf = workstations.flatMap(({ id, computerPolicy }) =>
    computerPolicy === undefined ? [] : [[id, computerPolicy] as const],
  )
  return {
    users: [...userPolicies],
    computers: [...computerPolicies],
    computerPolicyOf: Object.fromEntries(computerPolicyOf),
  }
}

/** Lets every child go, agents first, so that they do not fail over at the end; kills the group of any that stays. */
async function endAll(children: readonly (ApplianceProcess | AgentProcess)[]): Promise<void> {
  for (const child of children.toReversed()) child.letGo()
  await Promise.all(children.map(async (child) => await child.ended))
}

async function allServe(view: LiveView, appliances: readonly ApplianceId[]): Promise<void> {
  const absent = (): ApplianceId[] => appliances.filter((id) => !view.serves(id))
  await view.until(
    () => (absent().length === 0 ? true : undefined),
    appliancesServeWithinMs,
    () =>
      new LabFailed(`after ${appliancesServeWithinMs / 1000} s these appliances do not serve: ${absent().join(', ')}`),
  )
}

/** Bootstrap and coming online are over, well or not: a play begins with agents that have nothing under way (PN7, BT9). */
async function allSettled(view: LiveView, agents: readonly AgentId[]): Promise<void> {
  const busy = (): AgentId[] => agents.filter((agent) => view.status(agent)?.passes.length !== 0)
  await view.until(
    () => (busy().length === 0 ? true : undefined),
    settleWithinMs,
    () => new LabFailed(`after ${settleWithinMs / 1000} s these agents have not come online: ${busy().join(', ')}`),
  )
}

/** Agents that share a process, and so the links. */
type AgentGroup = {
  readonly name: string
  readonly agents: AgentConfig['agents']
  readonly isFleet: boolean
  readonly through: SiteId | null
  readonly linkSites: readonly (readonly [AgentId, SiteId | null])[]
}

function groupOfWorkstation(topology: Topology, { id, network, primServer, altServers }: Workstation): AgentGroup {
  const through = linkSiteOf(topology, network)
  const declared =
    network === undefined ? {} : { network: { addresses: [...network.addresses], routes: [...network.routes] } }
  return {
    name: id,
    agents: [{ id, primServer, altServers: [...altServers], ...declared }],
    isFleet: false,
    through,
    linkSites: [[id, through]],
  }
}

/** All of a fleet dial through the links of the site that its first address gives. */
function groupOfFleet(topology: Topology, fleet: Fleet): AgentGroup {
  const range = compileRange(fleet.addresses)
  const agents = Array.from({ length: fleet.count }, (_, index) => ({
    id: fleetAgentId(fleet.id, index),
    primServer: fleet.primServer,
    altServers: [],
    network: { addresses: [addressAt(range, index).text], routes: [] },
  }))
  const through = linkSiteOf(topology, { addresses: [fleet.addresses.start], routes: [] })
  return { name: fleet.id, agents, isFleet: true, through, linkSites: agents.map(({ id }) => [AgentId(id), through]) }
}

type Assembled = {
  readonly view: LiveView
  readonly links: Links
  readonly fabric: Fabric
  readonly appliances: ReadonlyMap<ApplianceId, ApplianceProcess>
  readonly agents: ReadonlyMap<string, AgentProcess>
  readonly linkSites: ReadonlyMap<AgentId, SiteId | null>
  readonly addAgents: (group: AgentGroup) => Promise<AgentProcess>
  readonly undo: AsyncDisposableStack
}

function worldOf(options: WorldOptions, parts: Assembled): World {
  const { enterprise, recorder } = options
  const { agents, appliances, links, view } = parts
  const added: Workstation[] = []
  let topology = enterprise.topology
  return {
    get enterprise() {
      return { ...enterprise, workstations: [...enterprise.workstations, ...added] }
    },
    view,
    links,
    fabric: parts.fabric,
    appliances,
    agents,
    linkSites: parts.linkSites,
    fleetAgents: new Set(enterprise.fleets.flatMap(({ id }) => agents.get(id)?.agents ?? [])),
    topology: () => topology,
    ask: asking(agents, recorder),
    async addWorkstation(workstation) {
      added.push(workstation)
      return await parts.addAgents(groupOfWorkstation(enterprise.topology, workstation))
    },
    async publish(next) {
      refuseUnplanned(next, links)
      const at = wallMs()
      const epoch = await publishAt(appliances, view, next)
      topology = { ...next, epoch }
      recorder.record({ at, type: 'topology.edited', topology })
      return epoch
    },
    tell: (text) => recorder.record({ at: wallMs(), type: 'told', text }),
    async close() {
      const at = wallMs()
      let sockets = 1
      for (const agent of agents.values()) {
        const events = agent.socketEvents((port) => links.endpointAt(port), sockets).filter((event) => event.at <= at)
        sockets += events.length
        for (const event of events) recorder.record(event)
      }
      await parts.undo.disposeAsync()
    },
  }
}

/** A dial that the lab has no link for would leave the machine. */
function refuseUnplanned(topology: Topology, links: Links): void {
  for (const { host, port, address } of topology.appliances) {
    if (links.isPlanned(Endpoint(address ?? host, port)) && links.isPlanned(Endpoint(host, port))) continue
    throw new LabFailed(`the scenario must declare ${host}:${port} in extraEndpoints before it publishes it`)
  }
}

/** `POST /topology` at the first database that serves. */
async function publishAt(
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
