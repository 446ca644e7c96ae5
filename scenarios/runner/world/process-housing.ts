/**
 * The housing of the process world: every appliance and every agent process a child of this one, on loopback, behind a
 * fault proxy server that is a child too. When the runner is killed, the leashes, the pause guard and the server's own
 * leash end them all.
 */
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { assert } from '#shared/assert.ts'
import { type ApplianceId } from '#shared/ids.ts'
import { labPki } from '#shared/pki/cache.ts'
import { type Topology } from '#shared/topology/model.ts'
import { type Fabric } from '../fabric/fabric.ts'
import { openFabric } from '../fabric/open-fabric.ts'
import { freePorts } from '../ports.ts'
import { type ChildSpec, startChild } from './child.ts'
import { type AgentHome, type ApplianceHome, type Home, type Housing, type OnDeath } from './home.ts'
import { guardPauses } from './pause-guard.ts'
import { programs, writePrivate } from './programs.ts'
import { tapVariable } from './socket-tap.ts'

export type ProcessHousingOptions = {
  readonly topology: Topology
  readonly seed: string
  /** The run's folder. */
  readonly folder: string
  readonly cacheFolder: string
}

const loopback = '127.0.0.1'

/** Opens the fabric and finds a home for every appliance; what has to be ended later is put on `undo`. */
export async function openProcessHousing(
  { topology, seed, folder, cacheFolder }: ProcessHousingOptions,
  undo: AsyncDisposableStack,
): Promise<Housing> {
  const [apiPort] = await freePorts(1)
  const fabric: Fabric = undo.use(
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
  const { homes, caFile } = await applianceHomes({ topology, folder, cacheFolder, guard })
  return {
    kind: 'processes',
    fabric,
    upstreamOf: ({ to }) => homeIn(homes, to).listen,
    proxyPorts: freePorts,
    appliance: (id) => homeIn(homes, id),
    agents: async ({ name, agents }) => await agentHome({ name, folder, caFile, isTapped: agents.length === 1, guard }),
  }
}

function homeIn(homes: ReadonlyMap<ApplianceId, ApplianceHome>, id: ApplianceId): ApplianceHome {
  const home = homes.get(id)
  assert(home !== undefined, 'every appliance of the lab has a home')
  return home
}

type ApplianceHomesOptions = Omit<ProcessHousingOptions, 'seed'> & Pick<ChildSpec, 'guard'>

/** Homes of all appliances of `topology`, with their certificates. */
export async function applianceHomes({ topology, folder, cacheFolder, guard }: ApplianceHomesOptions) {
  const { appliances } = topology
  const [pki, ports] = await Promise.all([
    labPki(join(cacheFolder, 'pki'), topology.enterprise, appliances),
    freePorts(2 * appliances.length),
  ])
  const homes = appliances.map(({ id }, index): readonly [ApplianceId, ApplianceHome] => {
    const storeFile = join(folder, `${id}.store`)
    const home: ApplianceHome = {
      ...processHome(ports[2 * index + 1] as number, {
        name: id,
        main: programs.appliance,
        folder,
        ...(guard === undefined ? {} : { guard }),
      }),
      listen: { host: loopback, port: ports[2 * index] as number },
      files: { caFile: pki.caFile, ...pki.of(id) },
      storeFile,
      async eraseStore() {
        for (const suffix of ['', '-wal', '-shm']) rmSync(`${storeFile}${suffix}`, { force: true })
        await Promise.resolve()
      },
    }
    return [id, home]
  })
  return { homes: new Map(homes), caFile: pki.caFile }
}

type AgentHomeOptions = {
  readonly name: string
  readonly folder: string
  readonly caFile: string
  readonly isTapped: boolean
} & Pick<ChildSpec, 'guard'>

/** The home of an agent process. */
export async function agentHome({ name, folder, caFile, isTapped, guard }: AgentHomeOptions): Promise<AgentHome> {
  const [port] = await freePorts(1)
  const tapFile = join(folder, `${name}.sockets.ndjson`)
  const tap = { preloads: [programs.socketTap], environment: { [tapVariable]: tapFile } }
  return {
    ...processHome(port as number, {
      name,
      main: programs.agent,
      folder,
      ...(isTapped ? tap : {}),
      ...(guard === undefined ? {} : { guard }),
    }),
    caFile,
    cacheFolder: join(folder, `${name}.cache`),
    hasOwnNetwork: false,
    tapText: () => (existsSync(tapFile) ? readFileSync(tapFile, 'utf8') : ''),
  }
}

type ProcessSpec = Pick<ChildSpec, 'name' | 'main' | 'guard'> &
  Partial<Pick<ChildSpec, 'preloads' | 'environment'>> & { readonly folder: string }

function processHome(doorPort: number, { folder, ...spec }: ProcessSpec): Home {
  const configFile = join(folder, `${spec.name}.config.json`)
  const logFile = join(folder, `${spec.name}.log`)
  return {
    control: { port: doorPort },
    doorPort,
    proxyHost: () => loopback,
    configure: (config) => writePrivate(configFile, config),
    launch: (onDeath: OnDeath) => startChild({ preloads: [], environment: {}, ...spec, configFile, logFile, onDeath }),
  }
}
