/**
 * Logins a second through one database, its peer connected, both durable, and what a login costs beyond its hash.
 * Baselines: the same hash in a process that does nothing else, and the same rows in bare group commits, two processes
 * at a time, as two databases share this disk.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Enterprise } from '#shared/topology/model.ts'
import { LabFailed } from '../outcome.ts'
import { startBenchChild } from './bench-child.ts'
import { benchPassword } from './bench-enterprise.ts'
import { type BenchOptions, judge, type Measured, repeat } from './bench.ts'
import { type DirectLab, withDirectLab } from './direct-lab.ts'
import { startLoad } from './load.ts'
import { type CpuTime, cpuDuring } from './process-figures.ts'
import {
  type LoadRan,
  type CommitsGiven,
  type CommitsRan,
  type CommitsRun,
  type HashGiven,
  type HashRan,
  type HashRun,
} from './program-lines.ts'
import { rounded } from './spread.ts'
import { type OperationRows, rowsOf, storeIn } from './store-facts.ts'

type HashCost = Enterprise['hashCost']

/** Processor ms a login. */
export type LoginCost = {
  /** Both databases and the load. */
  readonly all: number
  /** Of it what libuv's workers took, which is the hash. */
  readonly hash: number
  readonly beyondHash: number
  /** `beyondHash`, by process. */
  readonly serving: number
  readonly peer: number
  readonly load: number
}

type AtCost = {
  readonly logins: number
  readonly perSecond: number
  readonly latencyMs: LoadRan['latencyMs']
  readonly answers: LoadRan['answers']
  readonly cpuMs: LoginCost
  readonly bareHashesPerSecond: number
  readonly bareHashCpuMs: number
  /** Logins a second over bare hashes a second. */
  readonly ratioToHash: number
}

type BareCommits = { readonly group: number; readonly loginsPerSecond: number; readonly cpuMs: number }

export type LoginsRun = Record<HashCost, AtCost> & {
  readonly store: string
  readonly rowsPerLogin: OperationRows
  readonly bareCommits: readonly BareCommits[]
  /** Logins a second at the minimum cost over bare logins a second in groups of `ratioGroup`. */
  readonly ratioToCommits: number
}

const inFlight = 1_000
/** Two databases commit what came in one turn together; this is about what a turn brings at full speed. */
const ratioGroup = 100
const childWithinMs = 120_000

type Sizes = Record<HashCost, { readonly warmUp: number; readonly logins: number; readonly hashes: number }> & {
  readonly commits: number
}
const fullSizes: Sizes = {
  product: { warmUp: 50, logins: 1_500, hashes: 1_000 },
  minimum: { warmUp: 10_000, logins: 40_000, hashes: 100_000 },
  commits: 40_000,
}
const quickSizes: Sizes = {
  product: { warmUp: 5, logins: 40, hashes: 20 },
  minimum: { warmUp: 100, logins: 400, hashes: 400 },
  commits: 400,
}

export async function logins(options: BenchOptions): Promise<Measured<LoginsRun>> {
  const runs = await repeat(options, async (run) => await measure(options, run))
  const targets = [
    judge(
      'processor ms a login beyond the hash, product cost',
      'at most',
      1,
      runs.map(({ product }) => product.cpuMs.beyondHash),
    ),
    judge(
      'logins/s at minimum cost',
      'at least',
      5_000,
      runs.map(({ minimum }) => minimum.perSecond),
    ),
  ]
  const notes = [
    'the load is one process with 20 agent links and at most 1,000 requests in flight: what agents cost is not in these figures, what the load costs is',
    'beyond the hash: processor time of both databases and of the load, less that of the libuv workers, which hash',
    `bare commits are two processes at a time with the same rows a login; the ratio is to groups of ${ratioGroup}`,
  ]
  return { store: runs[0]?.store ?? 'unknown', runs, targets, notes, text: runs.flatMap(textOf) }
}

async function measure(options: BenchOptions, run: number): Promise<LoginsRun> {
  const product = await atCost(options, 'product', run)
  const minimum = await atCost(options, 'minimum', run)
  const bareCommits: BareCommits[] = []
  for (const group of [1, ratioGroup, inFlight]) {
    options.say(`bare commits in groups of ${group}`)
    bareCommits.push(await commits(options, minimum.rows, group, `${run}-${group}`))
  }
  const bare = bareCommits.find(({ group }) => group === ratioGroup)?.loginsPerSecond ?? Number.NaN
  return {
    store: minimum.store,
    product: product.figures,
    minimum: minimum.figures,
    rowsPerLogin: minimum.rows,
    bareCommits,
    ratioToCommits: rounded(minimum.figures.perSecond / bare),
  }
}

async function atCost(options: BenchOptions, hashCost: HashCost, run: number) {
  const { seed, quick, signal, say } = options
  const sizes = (quick ? quickSizes : fullSizes)[hashCost]
  const folder = join(options.folder, `logins-${hashCost}-${run}`)
  mkdirSync(folder)
  say(`logins at ${hashCost} cost`)
  const { lab, result } = await withDirectLab({ seed, hashCost, fleets: [], folder, signal }, async (opened) => {
    return await loadLogins(opened, sizes.warmUp, sizes.logins)
  })
  const rows = rowsOf(folder, sizes.warmUp + sizes.logins)
  say(`bare hashes at ${hashCost} cost`)
  const bare = await bareHashes(lab.people[0]?.verifier ?? '', sizes.hashes)
  const figures: AtCost = { ...result, ...bare, ratioToHash: rounded(result.perSecond / bare.bareHashesPerSecond) }
  return { figures, rows, store: storeIn(folder) }
}

async function loadLogins({ databases, enterprise }: DirectLab, warmUp: number, count: number) {
  const [serving, peer] = databases
  const users = enterprise.people.map(({ user }) => user)
  const target = { host: serving.appliance.host, port: serving.port, files: serving.files }
  await using load = await startLoad(target, users)
  await load.run({ operation: 'login', count: warmUp, inFlight, perSecond: null })
  const { result, cpu } = await cpuDuring([serving.pid, peer.pid, load.pid], async () => {
    return await load.run({ operation: 'login', count, inFlight, perSecond: null })
  })
  const { perSecond, latencyMs, answers } = result
  const accepted = Object.entries(answers).filter(([name]) => name.startsWith('login.accepted'))
  if (accepted.reduce((sum, [, number]) => sum + number, 0) !== count)
    throw new LabFailed(`the bench asks for nothing that is refused: ${JSON.stringify(answers)}`)
  return { logins: count, perSecond: rounded(perSecond), latencyMs, answers, cpuMs: costOf(cpu, count) }
}

function costOf(cpu: readonly CpuTime[], count: number): LoginCost {
  const sum = (values: readonly number[]): number => rounded(values.reduce((total, value) => total + value, 0) / count)
  const beyond = cpu.map(({ ms, workersMs }) => ms - workersMs)
  const [serving = 0, peer = 0, load = 0] = beyond.map((ms) => sum([ms]))
  const hash = sum(cpu.map(({ workersMs }) => workersMs))
  return { all: sum(cpu.map(({ ms }) => ms)), hash, beyondHash: sum(beyond), serving, peer, load }
}

async function bareHashes(verifier: string, count: number) {
  const given: HashGiven = { verifier, password: benchPassword }
  await using child = startBenchChild('bare-hash', given)
  await child.hear('ready', childWithinMs)
  const { result, cpu } = await cpuDuring([child.pid], async () => {
    child.say({ count, inFlight } satisfies HashRun)
    return await child.hear<HashRan>('ran', childWithinMs)
  })
  const cpuMs = (cpu[0]?.ms ?? 0) / count
  return { bareHashesPerSecond: rounded((count / result.ms) * 1000), bareHashCpuMs: rounded(cpuMs) }
}

async function commits({ folder, quick }: BenchOptions, rows: OperationRows, group: number, name: string) {
  const count = (quick ? quickSizes : fullSizes).commits / (group === 1 ? 10 : 1)
  await using undo = new AsyncDisposableStack()
  const children = [1, 2].map((one) => {
    const given: CommitsGiven = { file: join(folder, `bare-${name}-${one}.sqlite`), rows }
    return undo.use(startBenchChild('bare-commits', given))
  })
  await Promise.all(children.map(async (child) => await child.hear('ready', childWithinMs)))
  const ran = await Promise.all(
    children.map(async (child) => {
      child.say({ count, group } satisfies CommitsRun)
      return await child.hear<CommitsRan>('ran', childWithinMs)
    }),
  )
  const slowestMs = Math.max(...ran.map(({ ms }) => ms))
  const cpuMs = ran.reduce((sum, one) => sum + one.cpuMs, 0) / count
  return { group, loginsPerSecond: rounded((count / slowestMs) * 1000), cpuMs: rounded(cpuMs) }
}

function textOf(run: LoginsRun): readonly string[] {
  const at = (cost: HashCost): string => {
    const { perSecond, latencyMs, cpuMs, bareHashesPerSecond, ratioToHash } = run[cost]
    return (
      `${cost} cost: ${perSecond} logins/s (p50 ${latencyMs.p50} ms), ${ratioToHash} of ${bareHashesPerSecond} bare hashes/s; ` +
      `processor ms a login: hash ${cpuMs.hash}, beyond it ${cpuMs.beyondHash} ` +
      `(serving ${cpuMs.serving}, peer ${cpuMs.peer}, load ${cpuMs.load})`
    )
  }
  const bare = run.bareCommits.map(({ group, loginsPerSecond }) => `${loginsPerSecond}/s in groups of ${group}`)
  return [at('product'), at('minimum'), `bare durable commits: ${bare.join(', ')}; ratio ${run.ratioToCommits}`]
}
