/** One scenario from its file to its verdict: a lab is started, the play played, the history judged, the folder written. */
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type HistoryEvent } from './history.ts'
import { recordHistory } from './history-recorder.ts'
import { judge, type PlayEnd, verdictOf } from './judge.ts'
import { type LabFile, loadLab } from './lab-file.ts'
import { ExpectationFailed, LabFailed, messageOf } from './outcome.ts'
import { type Output } from './output.ts'
import { labOf } from './play/lab.ts'
import { type FabricReport, type ScenarioReport, summaryText } from './report.ts'
import { cacheFolder, makeRunFolder, prunePassingRuns } from './run-folder.ts'
import { type Lab, type Scenario } from './scenario.ts'
import { type Enterprise } from '#shared/topology/model.ts'
import { timeline } from './timeline.ts'
import { commandToRepeat, type Versions } from './versions.ts'
import { wallMs } from './wall-clock.ts'
import { type WorldKind } from './world/home.ts'
import { openWorld, type World } from './world/world.ts'

export type RunOptions = {
  readonly seed: string
  /** `processes` where none is stated. */
  readonly world?: WorldKind
  readonly timeScale: number | undefined
  /** Parent of the run's folder. */
  readonly runs: string
  /** Remove the folder of a run that passes. */
  readonly discard: boolean
  readonly versions: Versions
  readonly output: Output
  readonly signal: AbortSignal
  /** Which events are told; all where none is stated. */
  readonly shows?: (event: HistoryEvent) => boolean
  /** Waited for after the play, while the lab still runs. */
  readonly afterPlay?: (folder: string) => Promise<void>
  /** The command that repeats it, without the seed. */
  readonly repeat: string
}

const playMaxMs = 180_000

/** Runs `scenario`. A lab that cannot be read is wrong usage; everything later is in the report. */
export async function runScenario(scenario: Scenario, options: RunOptions): Promise<ScenarioReport> {
  const { output, runs, seed, versions } = options
  const file = loadLab(scenario.lab, options.timeScale)
  const folder = makeRunFolder(runs, scenario.name, seed)
  writeInputs(folder, file, seed, versions)
  output.line(
    `\n${scenario.name}: ${scenario.story}\n  lab ${scenario.lab}, rules ${scenario.rules.join(' ')}, seed ${seed}\n`,
  )
  const played = await playInWorld(scenario, file, folder, options)
  const { timeScale } = file.enterprise.topology.settings
  const scale = options.timeScale === undefined ? '' : ` --time-scale ${options.timeScale}`
  const world = options.world ?? 'processes'
  const where = world === 'processes' ? '' : ` --world ${world}`
  const report: ScenarioReport = {
    scenario: scenario.name,
    world,
    rules: scenario.rules,
    ...judged(played),
    seed,
    timeScale,
    fabric: played.fabric,
    decisions: played.events.flatMap((event) => (event.type === 'pass.ended' ? [event.decision] : [])),
    advice: file.advice,
    folder,
    command: commandToRepeat(versions, `${options.repeat} --seed ${seed}${where}${scale}`),
  }
  writeFileSync(join(folder, 'verdict.json'), `${JSON.stringify(report, null, 2)}\n`)
  output.line(summaryText(report))
  if (options.discard && report.verdict === 'pass') rmSync(folder, { recursive: true, force: true })
  prunePassingRuns(runs)
  return report
}

export function writeInputs(folder: string, file: LabFile, seed: string, versions: Versions): void {
  writeFileSync(join(folder, 'lab.yaml'), file.text)
  writeFileSync(join(folder, 'seed'), `${seed}\n`)
  writeFileSync(join(folder, 'versions.json'), `${JSON.stringify(versions, null, 2)}\n`)
}

type Played = {
  readonly end: PlayEnd
  readonly problem: string | undefined
  readonly fabric: FabricReport | null
  readonly events: readonly HistoryEvent[]
  readonly linkSites: World['linkSites']
  readonly fleetAgents: World['fleetAgents']
  readonly enterprise: Enterprise
}

function judged(played: Played): Pick<ScenarioReport, 'verdict' | 'checkers' | 'problem'> {
  const { end, enterprise, events, linkSites, fleetAgents, problem } = played
  // A lab that failed leaves half a history; its checkers would judge what never happened.
  const checkers = end === 'failed' ? [] : judge({ enterprise, linkSites, fleetAgents, events })
  return { verdict: verdictOf(end, checkers), checkers, ...(problem === undefined ? {} : { problem }) }
}

async function playInWorld(scenario: Scenario, file: LabFile, folder: string, options: RunOptions): Promise<Played> {
  const { output, seed, signal } = options
  const recorder = recordHistory(join(folder, 'history.ndjson'))
  const scale = { beganAt: wallMs(), timeScale: file.enterprise.topology.settings.timeScale }
  const linesOf = timeline(scale)
  recorder.listen((event) => {
    if (options.shows?.(event) === false) return
    for (const line of linesOf(event)) output.line(line)
  })
  const { enterprise: initial } = file
  const nothing = { fabric: null, linkSites: new Map(), fleetAgents: new Set<never>(), enterprise: initial }
  let world: World | undefined
  let end: PlayEnd = 'done'
  let problem: string | undefined
  try {
    output.progress('starting the lab')
    const extraEndpoints = scenario.extraEndpoints ?? []
    world = await openWorld({
      ...(options.world === undefined ? {} : { kind: options.world }),
      enterprise: file.enterprise,
      seed,
      folder,
      cacheFolder,
      extraEndpoints,
      recorder,
      signal,
    })
    await using played = labOf(world, signal, (text) => output.progress(text))
    await playWithin(scenario, played.lab, world)
    await options.afterPlay?.(folder)
  } catch (error) {
    end = error instanceof ExpectationFailed ? 'broken' : 'failed'
    problem = messageOf(error)
  }
  const { linkSites, fleetAgents, enterprise, fabric } = world ?? nothing
  const fabricReport = fabric === null ? null : { kind: fabric.kind, description: fabric.description }
  await world?.close()
  const events = recorder.events()
  await recorder.close()
  return { end, problem, fabric: fabricReport, events, linkSites, fleetAgents, enterprise }
}

/** Plays until the end, the scenario's time limit, or a failure of the lab, whichever comes first. */
async function playWithin(scenario: Scenario, lab: Lab, world: World): Promise<void> {
  const limitMs = scenario.timeoutMs ?? playMaxMs
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new LabFailed(`the scenario takes longer than ${limitMs / 1000} s`)), limitMs)
  try {
    await Promise.race([scenario.play(lab), late, world.view.failed])
  } finally {
    clearTimeout(timer)
  }
}
