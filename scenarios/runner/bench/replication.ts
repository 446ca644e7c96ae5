/**
 * How long an agent waits for an acknowledgement `both` (RP2): a login at the minimum hash cost, and a lock, which needs
 * no hash. Baseline: the same bytes from the same client through a plain TLS WebSocket, fsynced in one plain file, then
 * sent on and fsynced in the other; serial, as the promise demands.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Enterprise } from '#shared/topology/model.ts'
import { freePorts } from '../ports.ts'
import { startBenchChild } from './bench-child.ts'
import { type BenchOptions, judge, type Measured, repeat } from './bench.ts'
import { withDirectLab } from './direct-lab.ts'
import { type LabAppliance } from './lab-appliance.ts'
import { startLoad } from './load.ts'
import { type LoadRan, type LoadRun, type SerialGiven } from './program-lines.ts'
import { rounded, spreadText } from './spread.ts'
import { rowsOf, storeIn } from './store-facts.ts'

type Operation = LoadRun['operation']
type Pace = 'paced' | 'fullSpeed'
/** By pace and operation. */
type Timed = Record<Pace, Record<Operation, LoadRan>>

export type ReplicationRun = {
  readonly store: string
  readonly product: Timed
  readonly baseline: Timed
  /** p50 of the product over p50 of the baseline. */
  readonly ratioP50: Record<Pace, Record<Operation, number>>
  readonly recordBytes: number
}

const perSecond = 200
const operations: readonly Operation[] = ['login', 'lock']
/** At full speed the same for both; a serial baseline gains nothing by more. */
const fullSpeedInFlight = 64
/** At a set pace requests are sent whatever is answered, until so many wait. */
const pacedInFlight = 1_000
const childWithinMs = 20_000

type Sizes = { readonly warmUp: number; readonly paced: number; readonly fullSpeed: number }
const fullSizes: Sizes = { warmUp: 2_000, paced: 3_000, fullSpeed: 10_000 }
const quickSizes: Sizes = { warmUp: 40, paced: 60, fullSpeed: 100 }

export async function replication(options: BenchOptions): Promise<Measured<ReplicationRun>> {
  const runs = await repeat(options, async (run) => await measure(options, run))
  const targets = operations.flatMap((operation) => [
    judge(
      `p50 of ${operation} to ack both at ${perSecond}/s over that of the baseline`,
      'at most',
      1.5,
      runs.map(({ ratioP50 }) => ratioP50.paced[operation]),
    ),
    judge(
      `p99 of ${operation} to ack both at ${perSecond}/s, ms`,
      'at most',
      20,
      runs.map(({ product }) => product.paced[operation].latencyMs.p99),
    ),
    judge(
      `share of acks both, ${operation} at ${perSecond}/s`,
      'at least',
      1,
      runs.map(({ product }) => shareOfBoth(product.paced[operation])),
    ),
  ])
  const notes = [
    'time from handing the request to the socket to reading its answer, in the load process; 20 agent links',
    `full speed: at most ${fullSpeedInFlight} requests in flight, the same for both`,
    'the baseline answers and keeps as many bytes as the product; its client is the same program',
  ]
  return { store: runs[0]?.store ?? 'unknown', runs, targets, notes, text: runs.flatMap(textOf) }
}

async function measure(options: BenchOptions, run: number): Promise<ReplicationRun> {
  const { seed, signal, quick, say } = options
  const folder = join(options.folder, `replication-${run}`)
  mkdirSync(folder)
  say('the product')
  const given = { seed, hashCost: 'minimum', fleets: [], folder, signal } as const
  const { lab, result: product } = await withDirectLab(given, async ({ databases: [serving], enterprise }) => {
    const target = { host: serving.appliance.host, port: serving.port, files: serving.files }
    return await timeAll(target, usersOf(enterprise), quick)
  })
  const sizes = quick ? quickSizes : fullSizes
  const rows = rowsOf(folder, operations.length * (sizes.warmUp + sizes.paced + sizes.fullSpeed))
  const recordBytes = rows.changes * rows.recordBytes
  say('the baseline')
  const baseline = await timeBaseline(lab.databases, usersOf(lab.enterprise), { folder, quick, recordBytes, product })
  const ratio = (pace: Pace, operation: Operation): number =>
    rounded(product[pace][operation].latencyMs.p50 / baseline[pace][operation].latencyMs.p50)
  const ratioP50 = {
    paced: { login: ratio('paced', 'login'), lock: ratio('paced', 'lock') },
    fullSpeed: { login: ratio('fullSpeed', 'login'), lock: ratio('fullSpeed', 'lock') },
  }
  return { store: storeIn(folder), product, baseline, ratioP50, recordBytes }
}

async function timeAll(
  target: Parameters<typeof startLoad>[0],
  users: readonly string[],
  quick: boolean,
): Promise<Timed> {
  const sizes = quick ? quickSizes : fullSizes
  await using load = await startLoad(target, users)
  await load.run({ operation: 'login', count: sizes.warmUp, inFlight: fullSpeedInFlight, perSecond: null })
  await load.run({ operation: 'lock', count: sizes.warmUp, inFlight: fullSpeedInFlight, perSecond: null })
  const paced = async (operation: Operation): Promise<LoadRan> =>
    await load.run({ operation, count: sizes.paced, inFlight: pacedInFlight, perSecond })
  const fullSpeed = async (operation: Operation): Promise<LoadRan> =>
    await load.run({ operation, count: sizes.fullSpeed, inFlight: fullSpeedInFlight, perSecond: null })
  return {
    paced: { login: await paced('login'), lock: await paced('lock') },
    fullSpeed: { login: await fullSpeed('login'), lock: await fullSpeed('lock') },
  }
}

function usersOf({ people }: Enterprise): readonly string[] {
  return people.map(({ user }) => user)
}

function shareOfBoth({ answers }: LoadRan): number {
  const all = Object.entries(answers)
  const sum = (some: typeof all): number => some.reduce((total, [, count]) => total + count, 0)
  return sum(all.filter(([name]) => name.endsWith(' both'))) / sum(all)
}

type BaselineParts = {
  readonly folder: string
  readonly quick: boolean
  readonly recordBytes: number
  readonly product: Timed
}

async function timeBaseline(
  databases: readonly [LabAppliance, LabAppliance],
  users: readonly string[],
  { folder, quick, recordBytes, product }: BaselineParts,
): Promise<Timed> {
  await using undo = new AsyncDisposableStack()
  const [firstPort, secondPort] = (await freePorts(2)) as [number, number]
  const [first, second] = databases
  const answerBytes = { login: product.paced.login.answerBytes, lock: product.paced.lock.answerBytes }
  const start = async (place: LabAppliance, port: number, next?: SerialGiven['next']): Promise<void> => {
    const file = join(folder, `bare-${port}.log`)
    const given: SerialGiven = { ...place.files, port, file, recordBytes, answerBytes, ...(next && { next }) }
    await undo.use(startBenchChild('bare-serial', given)).hear('ready', childWithinMs)
  }
  await start(second, secondPort)
  await start(first, firstPort, { port: secondPort, host: second.appliance.host })
  return await timeAll({ host: first.appliance.host, port: firstPort, files: first.files }, users, quick)
}

function textOf({ product, baseline, ratioP50 }: ReplicationRun): readonly string[] {
  const rows: readonly [Pace, string][] = [
    ['paced', `at ${perSecond}/s`],
    ['fullSpeed', 'at full speed'],
  ]
  return rows.flatMap(([pace, name]) =>
    operations.map((operation) => {
      const [ours, bare] = [product[pace][operation], baseline[pace][operation]]
      return (
        `${operation} ${name}: ${spreadText(ours.latencyMs)}, ${rounded(ours.perSecond)}/s; ` +
        `baseline ${spreadText(bare.latencyMs)}, ${rounded(bare.perSecond)}/s; ratio of p50 ${ratioP50[pace][operation]}`
      )
    }),
  )
}
