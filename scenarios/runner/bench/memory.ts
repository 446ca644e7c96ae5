/**
 * Resident memory of an idle agent connection, on the agents' side and on the appliances', beside bare TLS WebSockets in
 * as many processes. Two databases, two fleet processes; what the processes take with one agent each is not counted.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { freePorts } from '../ports.ts'
import { cacheFolder } from '../run-folder.ts'
import { type ApplianceId } from '#shared/ids.ts'
import { labPki } from '#shared/pki/cache.ts'
import { startBenchChild } from './bench-child.ts'
import { type BenchOptions, judge, type Measured, repeat } from './bench.ts'
import { openDirectLab } from './direct-lab.ts'
import { rssKiB } from './process-figures.ts'
import { type StormGiven, type StormServerGiven } from './program-lines.ts'
import { rounded } from './spread.ts'
import { storeIn } from './store-facts.ts'
import { until } from './until.ts'

type Side = 'agents' | 'appliances'
type When = 'standing' | 'collected'
/** KiB of all processes of a side: as they stand, and after a full collection of garbage. */
type Held = Record<Side, Record<When, number>>

type Size = {
  readonly agents: number
  /** KiB a connection. */
  readonly product: Held
  readonly bare: Held
  readonly ratio: Held
}

export type MemoryRun = { readonly store: string; readonly sizes: readonly Size[] }

const sides: readonly Side[] = ['agents', 'appliances']
const whens: readonly When[] = ['standing', 'collected']
/** Processes of each side: 20,000 links are more than one process may have descriptors for. */
const processes = 2
const onlineWithinMs = 400_000
const collectMs = 1_500
const collectModule = new URL('programs/collect.ts', import.meta.url).href

export async function memory(options: BenchOptions): Promise<Measured<MemoryRun>> {
  const sizes = options.quick ? [40] : options.full ? [1_000, 5_000, 20_000] : [1_000, 5_000]
  const runs = await repeat(options, async (run) => {
    const fewest = await measureProduct(options, processes, `${run}-fewest`)
    const bareFewest = await measureBare(options, processes)
    const measured: Size[] = []
    for (const agents of sizes) {
      const one = await measureProduct(options, agents, `${run}-${agents}`)
      const product = perConnection(one.held, fewest.held, agents)
      const bare = perConnection(await measureBare(options, agents), bareFewest, agents)
      measured.push({ agents, product, bare, ratio: each((side, when) => product[side][when] / bare[side][when]) })
    }
    return { store: fewest.store, sizes: measured }
  })
  const targets = sizes.flatMap((agents) =>
    sides.flatMap((side) =>
      whens.map((when) =>
        judge(
          `resident memory an idle agent over bare, ${agents} agents, ${side}, ${when}`,
          'at most',
          1.3,
          runs.flatMap((run) => run.sizes.flatMap((size) => (size.agents === agents ? [size.ratio[side][when]] : []))),
        ),
      ),
    ),
  )
  const notes = [
    `${processes} processes a side, of the bare baseline too; counted is what they take above ${processes} agents`,
    'agents whose first dial timed out while their process was starting tried again after 1 min',
    'an idle agent has its link and no session; standing: as it is two heartbeats after the last one came',
    'collected: after a full collection of garbage in every process, the bare ones included',
  ]
  return { store: runs[0]?.store ?? 'unknown', runs, targets, notes, text: runs.flatMap(textOf) }
}

async function measureProduct(options: BenchOptions, agents: number, name: string) {
  const { seed, signal, say } = options
  const folder = join(options.folder, `memory-${name}`)
  mkdirSync(folder)
  const fleets = Array.from({ length: processes }, () => agents / processes)
  say(`${agents} agents`)
  await using lab = await openDirectLab({
    seed,
    hashCost: 'minimum',
    fleets,
    folder,
    preloads: [collectModule],
    signal,
  })
  const { databases } = lab
  const started = await Promise.all(fleets.map(async (_, index) => await lab.startFleet(index)))
  let calm = 0
  const waiting = { what: `${agents} agents are online`, everyMs: 500, withinMs: onlineWithinMs, signal }
  // While an agent moves on from its bootstrap server it has two links for a moment.
  await until(waiting, async () => {
    const links = await Promise.all(databases.map(async (one) => await one.metric('appliance_links')))
    calm = links.reduce((sum, count) => sum + count, 0) === agents ? calm + 1 : 0
    return calm === 4
  })
  const held = await readHeld(
    options,
    started.map(({ pid }) => pid),
    databases.map(({ pid }) => pid),
  )
  return { held, store: storeIn(folder) }
}

async function measureBare(options: BenchOptions, connections: number): Promise<Held> {
  const host = 'storm.test'
  const id = 'storm' as ApplianceId
  const pki = await labPki(join(cacheFolder, 'pki'), 'bare storm', [{ id, host }])
  options.say(`${connections} bare connections`)
  await using undo = new AsyncDisposableStack()
  const flags = ['--import', collectModule]
  const ports = await freePorts(processes)
  const servers = ports.map((port) => {
    const given: StormServerGiven = { port, ...pki.of(id) }
    return undo.use(startBenchChild('storm-server', given, flags))
  })
  await Promise.all(servers.map(async (server) => await server.hear('ready', onlineWithinMs)))
  const clients = ports.map((port) => {
    const given: StormGiven = { count: connections / processes, portA: port, portB: port, caFile: pki.caFile, host }
    return undo.use(startBenchChild('storm-client', given, flags))
  })
  await Promise.all(clients.map(async (client) => await client.hear('connected', onlineWithinMs)))
  const held = await readHeld(
    options,
    clients.map(({ pid }) => pid),
    servers.map(({ pid }) => pid),
  )
  // Else the clients would take the end of their server for the storm.
  await Promise.all(clients.map(async (client) => await client.kill()))
  return held
}

async function readHeld(
  { quick, signal }: BenchOptions,
  agents: readonly number[],
  appliances: readonly number[],
): Promise<Held> {
  const sum = (pids: readonly number[]): number => pids.reduce((total, pid) => total + rssKiB(pid), 0)
  await delay(quick ? 500 : 12_000, undefined, { signal })
  const standing = { agents: sum(agents), appliances: sum(appliances) }
  for (const pid of [...agents, ...appliances]) process.kill(pid, 'SIGUSR2')
  await delay(quick ? 500 : collectMs, undefined, { signal })
  const collected = { agents: sum(agents), appliances: sum(appliances) }
  return each((side, when) => (when === 'standing' ? standing : collected)[side])
}

function perConnection(held: Held, fewest: Held, agents: number): Held {
  return each((side, when) => (held[side][when] - fewest[side][when]) / (agents - processes))
}

function each(figure: (side: Side, when: When) => number): Held {
  const of = (side: Side) => ({
    standing: rounded(figure(side, 'standing')),
    collected: rounded(figure(side, 'collected')),
  })
  return { agents: of('agents'), appliances: of('appliances') }
}

function textOf({ sizes }: MemoryRun): readonly string[] {
  return sizes.flatMap(({ agents, product, bare, ratio }) =>
    sides.flatMap((side) =>
      whens.map(
        (when) =>
          `${agents} agents, ${side}, ${when}: ${product[side][when]} KiB an agent, bare ${bare[side][when]} KiB, ` +
          `ratio ${ratio[side][when]}`,
      ),
    ),
  )
}
