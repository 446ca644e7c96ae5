/**
 * A lab for figures: one site, two databases, and fleets when they are asked for, all real processes. Agents dial the
 * appliances' own ports, or a fabric where one is handed in; nobody polls a door or follows a stream while something is
 * measured.
 */
import { join } from 'node:path'
import { type ApplianceConfig } from '#shared/config.schema.ts'
import { addressAt, compileRange } from '#shared/address.ts'
import { type ApplianceId } from '#shared/ids.ts'
import { type Enterprise } from '#shared/topology/model.ts'
import { fleetAgentId } from '#shared/topology/read-workstations.ts'
import { type Fabric } from '../fabric/fabric.ts'
import { recordHistory } from '../history-recorder.ts'
import { LabFailed } from '../outcome.ts'
import { cacheFolder } from '../run-folder.ts'
import { prepareAgents } from '../world/agents.ts'
import { prepareAppliances } from '../world/appliances.ts'
import { type Child, startChild } from '../world/child.ts'
import { type Door } from '../world/door.ts'
import { planEndpoints } from '../world/endpoints.ts'
import { type ApplianceHome } from '../world/home.ts'
import { agentHome, applianceHomes } from '../world/process-housing.ts'
import { programs } from '../world/programs.ts'
import { verifiersOf } from '../world/verifiers.ts'
import { benchEnterprise } from './bench-enterprise.ts'
import { fabricTable, straightTable } from './direct-links.ts'
import { labAppliance, type LabAppliance } from './lab-appliance.ts'
import { until } from './until.ts'

export type DirectLabOptions = {
  readonly seed: string
  readonly hashCost: Enterprise['hashCost']
  /** Agents of each fleet process; none for a bench that brings its own load. */
  readonly fleets: readonly number[]
  /** An existing folder for configurations, logs and the databases' files. */
  readonly folder: string
  /** Modules that every process loads first. */
  readonly preloads?: readonly string[]
  /** Agents dial through it. */
  readonly fabric?: Fabric | undefined
  readonly signal: AbortSignal
}

export type LabFleet = { readonly pid: number; readonly door: Door; readonly agents: readonly string[] }

export interface DirectLab extends AsyncDisposable {
  readonly enterprise: Enterprise
  readonly people: ApplianceConfig['people']
  readonly databases: readonly [LabAppliance, LabAppliance]
  /** Starts the fleet at that place of `fleets`; returns when its door answers. */
  startFleet(index: number): Promise<LabFleet>
  /** Returns when both databases serve, and each is connected to the other and in step. */
  inStep(): Promise<void>
}

const inStepWithinMs = 60_000

/** Starts the two databases; returns when they are in step. Whatever way it ends, no process is left. */
export async function openDirectLab(options: DirectLabOptions): Promise<DirectLab> {
  const { folder, preloads = [], signal } = options
  await using undo = new AsyncDisposableStack()
  const children: Child[] = []
  const endAll = async (): Promise<void> => await endChildren(children)
  undo.defer(endAll)
  const onAbort = (): void => void endAll()
  signal.addEventListener('abort', onAbort)
  undo.defer(() => signal.removeEventListener('abort', onAbort))
  const launch = async (name: string, main: string): Promise<Child> => {
    signal.throwIfAborted()
    const files = { configFile: join(folder, `${name}.config.json`), logFile: join(folder, `${name}.log`) }
    const onDeath = (problem: LabFailed): void => void process.stderr.write(`${problem.message}\n`)
    const child = startChild({ name, main, ...files, preloads, environment: {}, onDeath })
    children.push(child)
    await child.ready
    return child
  }

  const { enterprise, people, appliances, prepareFleet } = await prepare(options, undo)
  const [first, second] = appliances.map((given) =>
    labAppliance({ ...given, launch: async () => await launch(given.appliance.id, programs.appliance) }),
  )
  if (first === undefined || second === undefined) throw new LabFailed('a lab for figures has two databases')
  const databases = [first, second] as const
  const inStep = async (): Promise<void> => {
    const waiting = { what: 'both databases are in step', everyMs: 50, withinMs: inStepWithinMs, signal }
    await until(waiting, async () =>
      (await Promise.all(databases.map(async (one) => await one.isInStep()))).every(Boolean),
    )
  }
  await Promise.all(databases.map(async (one) => await one.start()))
  await inStep()
  const kept = undo.move()
  return {
    enterprise,
    people,
    databases,
    async startFleet(index) {
      const { name, agents, door } = await prepareFleet(index)
      const { pid } = await launch(name, programs.agent)
      return { pid, door, agents }
    },
    inStep,
    [Symbol.asyncDispose]: async () => await kept.disposeAsync(),
  }
}

/** Runs `act` in a lab; afterwards its processes are gone, and what they kept can be read from the disk. */
export async function withDirectLab<Result>(
  options: DirectLabOptions,
  act: (lab: DirectLab) => Promise<Result>,
): Promise<{ readonly lab: Omit<DirectLab, keyof AsyncDisposable>; readonly result: Result }> {
  await using lab = await openDirectLab(options)
  return { lab, result: await act(lab) }
}

/** Lets every child go, fleets first, so that they do not fail over at the end. */
async function endChildren(children: readonly Child[]): Promise<void> {
  for (const child of children.toReversed()) {
    child.expectEnd()
    child.letGo()
  }
  await Promise.all(children.map(async ({ ended }) => await ended))
}

/** What is measured is how fast logins can be, over few links and with few users. */
const unlimited = { burst: 10_000_000, perMinute: 600_000_000 }

/** Everything that stands before the first process, written by the same code as for the labs of scenarios. */
async function prepare({ seed, hashCost, fleets, folder, fabric }: DirectLabOptions, undo: AsyncDisposableStack) {
  const enterprise = benchEnterprise(hashCost, fleets)
  const { topology, userPolicies } = enterprise
  const { endpoints, resolve } = planEndpoints(enterprise, [])
  const { homes, caFile } = await applianceHomes({ topology, folder, cacheFolder })
  const homeOf = (id: ApplianceId): ApplianceHome => homes.get(id) as ApplianceHome
  const listenPorts = new Map(topology.appliances.map(({ id }) => [id, homeOf(id).listen.port]))
  const straight = straightTable(endpoints, listenPorts)
  const people = await verifiersOf(enterprise)
  const recorder = recordHistory(join(folder, 'history.ndjson'))
  undo.defer(async () => await recorder.close())
  const prepared = await prepareAppliances({
    seed,
    topology,
    people,
    loginRate: unlimited,
    policies: { users: [...userPolicies], computers: [], computerPolicyOf: {} },
    homeOf,
    peerTable: async () => await Promise.resolve(straight),
    recorder,
    onDeath: () => {},
  })
  const connectTo = fabric === undefined ? straight : await fabricTable(fabric, endpoints, listenPorts)
  const forAgents = {
    seed,
    resolve,
    settings: topology.settings,
    hashCost: enterprise.hashCost,
    recorder,
  }
  return {
    enterprise,
    people,
    appliances: [...prepared.values()].map(({ appliance, door }) => {
      const { listen, files } = homeOf(appliance.id)
      return { appliance, door, port: listen.port, files }
    }),
    prepareFleet: async (index: number) => {
      const { name, agents } = fleetOf(enterprise, index)
      const home = await agentHome({ name, folder, caFile, isTapped: false })
      const spec = { name, agents, isFleet: true, connectTo }
      const { door } = prepareAgents({ ...forAgents, onDeath: () => {} }, home, spec)
      return { name, agents: agents.map(({ id }) => id), door }
    },
  }
}

function fleetOf({ fleets }: Enterprise, index: number) {
  const fleet = fleets[index]
  if (fleet === undefined) throw new LabFailed(`the bench has no fleet ${index}`)
  const range = compileRange(fleet.addresses)
  const agents = Array.from({ length: fleet.count }, (_, place) => ({
    id: fleetAgentId(fleet.id, place),
    primServer: fleet.primServer,
    altServers: [],
    network: { addresses: [addressAt(range, place).text], routes: [] },
  }))
  return { name: fleet.id, agents }
}
