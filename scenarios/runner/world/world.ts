/**
 * The world of a lab: every appliance and every agent of an enterprise as a real process, each link behind a fault
 * proxy, on loopback or in containers (`home.ts`). Whatever way a run ends, closing the world leaves no process, no port
 * and no fault behind; when the runner is killed, what guards the housing does it instead.
 */
import { type CommandAnswer } from '../../../agent/core/events.ts'
import { type AgentId, type ApplianceId, type SiteId } from '#shared/ids.ts'
import { type Enterprise, type Topology, type Workstation } from '#shared/topology/model.ts'
import { type Fabric } from '../fabric/fabric.ts'
import { type HistoryRecorder } from '../history-recorder.ts'
import { LabFailed } from '../outcome.ts'
import { wallMs } from '../wall-clock.ts'
import { type AgentGroup, groupOfFleet, groupOfWorkstation } from './agent-groups.ts'
import { type AgentProcess, prepareAgents } from './agents.ts'
import { type Ask, asking } from './asking.ts'
import { type ApplianceProcess, prepareAppliances } from './appliances.ts'
import { policiesOf } from './configs.ts'
import { type EndpointPlan, planEndpoints } from './endpoints.ts'
import { type ApplianceHome, type Housing, type WorldKind } from './home.ts'
import { enrolled } from './enrolled.ts'
import { Links } from './links.ts'
import { type LiveView, liveView } from './live-view.ts'
import { openProcessHousing } from './process-housing.ts'
import { openComposeHousing } from './containers/compose-housing.ts'
import { publishAt, refuseUnplanned } from './publish.ts'
import { allServe, allSettled } from './ready.ts'
import { verifiersOf } from './verifiers.ts'

export type WorldOptions = {
  /** `processes` where none is stated. */
  readonly kind?: WorldKind
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
  readonly kind: WorldKind
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
  const { topology } = options.enterprise
  const appliances = await prepareAppliances({ ...parts.forAppliances, onDeath })
  const agents = new Map<string, AgentProcess>()
  const linkSites = new Map<AgentId, SiteId | null>()
  const addAgents = async (group: AgentGroup): Promise<AgentProcess> => {
    for (const [agent, site] of group.linkSites) linkSites.set(agent, site)
    const { name, isFleet, through } = group
    const home = await parts.housing.agents(group)
    const connectTo = await parts.links.agentTable(through, (to) => home.proxyHost(to))
    const tokened = await enrolled(topology, appliances, group.agents)
    const spec = { name, agents: tokened, isFleet, connectTo }
    const process = prepareAgents({ ...parts.forAgents, onDeath }, home, spec)
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
  const groups = [
    ...options.enterprise.workstations.map((workstation) => groupOfWorkstation(topology, workstation)),
    ...options.enterprise.fleets.map((fleet) => groupOfFleet(topology, fleet)),
  ]
  await Promise.all(groups.map(addAgents))
  const kept = undo.move()
  return worldOf(options, {
    view,
    links: parts.links,
    housing: parts.housing,
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

/** Everything that stands before the first process: the housing with its fabric, the links, the verifiers. */
async function openParts(options: WorldOptions, undo: AsyncDisposableStack) {
  const { enterprise, extraEndpoints, recorder, seed } = options
  const { topology } = enterprise
  const housing = await openHousing(options, undo)
  const plan: EndpointPlan = planEndpoints(enterprise, extraEndpoints)
  const links = new Links({
    fabric: housing.fabric,
    endpoints: plan.endpoints,
    upstreamOf: (link) => housing.upstreamOf(link),
    proxyPorts: async (count) => await housing.proxyPorts(count),
    recorder,
  })
  return {
    housing,
    links,
    forAppliances: {
      seed,
      topology,
      people: await verifiersOf(enterprise),
      policies: policiesOf(enterprise),
      homeOf: (id: ApplianceId) => housing.appliance(id),
      peerTable: async (id: ApplianceId, home: ApplianceHome) => await links.peerTable(id, (to) => home.proxyHost(to)),
      recorder,
    },
    forAgents: {
      seed,
      resolve: plan.resolve,
      settings: topology.settings,
      hashCost: enterprise.hashCost,
      recorder,
    },
  }
}

async function openHousing(options: WorldOptions, undo: AsyncDisposableStack): Promise<Housing> {
  const { kind = 'processes', enterprise, seed, folder, cacheFolder } = options
  if (kind === 'compose') return await openComposeHousing(options, undo)
  return await openProcessHousing({ topology: enterprise.topology, seed, folder, cacheFolder }, undo)
}

/** Lets every child go, agents first, so that they do not fail over at the end; kills the group of any that stays. */
async function endAll(children: readonly (ApplianceProcess | AgentProcess)[]): Promise<void> {
  for (const child of children.toReversed()) child.letGo()
  await Promise.all(children.map(async (child) => await child.ended))
}

type Assembled = {
  readonly view: LiveView
  readonly links: Links
  readonly housing: Housing
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
    kind: parts.housing.kind,
    fabric: parts.housing.fabric,
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
