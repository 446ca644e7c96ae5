/** One schedule from its draw to its verdict: a lab is started, tortured, healed, read and judged; its folder holds it all. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { recordHistory } from '../history-recorder.ts'
import { type CheckerReport, type PlayEnd, verdictOf } from '../judge.ts'
import { type LabFile } from '../lab-file.ts'
import { ExpectationFailed, messageOf, type RunVerdict } from '../outcome.ts'
import { type Output } from '../output.ts'
import { type FabricReport } from '../report.ts'
import { writeInputs } from '../run.ts'
import { cacheFolder, makeRunFolder, prunePassingRuns } from '../run-folder.ts'
import { commandToRepeat, type Versions } from '../versions.ts'
import { wallMs } from '../wall-clock.ts'
import { openWorld, type World } from '../world/world.ts'
import { judgeTorture } from './checks.ts'
import { type Counts, countsOf } from './counts.ts'
import { type Tortured } from './evidence.ts'
import { type Inflicted, inflict } from './faults.ts'
import { peopleAtWork } from './people.ts'
import { type Reading, readWhile } from './readings.ts'
import { overlaps, type Schedule } from './schedule.ts'
import { settle } from './settle.ts'

export type TortureOptions = {
  /** Parent of the schedules' folders. */
  readonly runs: string
  readonly versions: Versions
  readonly output: Output
  readonly signal: AbortSignal
}

export type ScheduleReport = {
  readonly schedule: number
  readonly seed: string
  readonly seconds: number
  readonly verdict: RunVerdict
  readonly problem?: string
  readonly overlaps: boolean
  readonly counts: Counts
  readonly checkers: readonly CheckerReport[]
  readonly fabric: FabricReport | null
  readonly folder: string
  /** One line to paste that runs the same schedule again. */
  readonly command: string
}

/** Tortures `file`'s lab by `schedule`. What goes wrong is in the report. */
export async function torture(file: LabFile, schedule: Schedule, options: TortureOptions): Promise<ScheduleReport> {
  const { runs, versions } = options
  const { seed, number, seconds } = schedule
  const folder = makeRunFolder(runs, `torture-${number}`, seed)
  writeInputs(folder, file, seed, versions)
  write(folder, 'schedule.json', schedule)
  const played = await playSchedule(file, schedule, folder, options)
  write(folder, 'readings.json', { during: played.tortured.readings, finals: played.tortured.finals })
  const checkers = played.end === 'failed' ? [] : judgeTorture(played.tortured)
  const report: ScheduleReport = {
    schedule: number,
    seed,
    seconds,
    verdict: verdictOf(played.end, checkers),
    ...(played.problem === undefined ? {} : { problem: played.problem }),
    overlaps: overlaps(schedule),
    counts: countsOf(played.tortured),
    checkers,
    fabric: played.fabric,
    folder,
    command: commandToRepeat(versions, `torture --seed ${seed} --schedule ${number} --seconds ${seconds}`),
  }
  write(folder, 'verdict.json', report)
  prunePassingRuns(runs)
  return report
}

function write(folder: string, name: string, content: unknown): void {
  writeFileSync(join(folder, name), `${JSON.stringify(content, null, 2)}\n`)
}

type Played = {
  readonly end: PlayEnd
  readonly problem: string | undefined
  readonly fabric: FabricReport | null
  readonly tortured: Tortured
}

async function playSchedule(
  { enterprise }: LabFile,
  schedule: Schedule,
  folder: string,
  { signal, output }: TortureOptions,
): Promise<Played> {
  const recorder = recordHistory(join(folder, 'history.ndjson'))
  let world: World | undefined
  let end: PlayEnd = 'done'
  let problem: string | undefined
  let seen: Seen = { readings: [], finals: [], inflicted: [] }
  try {
    output.progress(`schedule ${schedule.number}: starting the lab`)
    const { seed } = schedule
    world = await openWorld({ enterprise, seed, folder, cacheFolder, extraEndpoints: [], recorder, signal })
    output.progress(`schedule ${schedule.number}: ${schedule.seconds} s of torture`)
    seen = await Promise.race([tortureWorld(world, schedule, signal), world.view.failed])
  } catch (error) {
    end = error instanceof ExpectationFailed ? 'broken' : 'failed'
    problem = messageOf(error)
  }
  await world?.close()
  const events = recorder.events()
  await recorder.close()
  const history = {
    enterprise,
    linkSites: world?.linkSites ?? new Map(),
    fleetAgents: world?.fleetAgents ?? new Set<never>(),
    events,
  }
  return { end, problem, fabric: fabricOf(world), tortured: { history, ...seen } }
}

type Seen = {
  readonly readings: readonly Reading[]
  readonly finals: readonly Reading[]
  readonly inflicted: readonly Inflicted[]
}

async function tortureWorld(world: World, schedule: Schedule, signal: AbortSignal): Promise<Seen> {
  const beganAt = wallMs()
  const { seed, number, seconds } = schedule
  const over = new AbortController()
  const reading = readWhile(world, over.signal)
  try {
    const [inflicted] = await Promise.all([
      inflict(world, schedule, beganAt, signal),
      peopleAtWork(world, { stream: `${seed}/${number}`, untilMs: beganAt + seconds * 1_000, signal }),
    ])
    const finals = await settle(world)
    over.abort()
    return { readings: await reading, finals, inflicted }
  } finally {
    over.abort()
  }
}

function fabricOf(world: World | undefined): FabricReport | null {
  return world === undefined ? null : { kind: world.fabric.kind, description: world.fabric.description }
}
