/** `failover-lab tour`, which is also `npm start`. */
import { setTimeout as delay } from 'node:timers/promises'
import { newSeed } from '../arguments.ts'
import { aborted, type Interrupts } from '../interrupts.ts'
import { loadLab } from '../lab-file.ts'
import { outputTo } from '../output.ts'
import { documentOf } from '../report.ts'
import { runScenario } from '../run.ts'
import { defaultRunsFolder } from '../run-folder.ts'
import { shownInTour, tourScenario } from '../tour.ts'
import { announceLab } from '../up-state.ts'
import { readVersions } from '../versions.ts'

const readingMs = 9_000

export type TourCommand = {
  readonly once?: true | undefined
  readonly json?: true | undefined
  readonly seed?: string | undefined
  readonly runs?: string | undefined
}

export async function tourCommand(options: TourCommand, interrupts: Interrupts): Promise<number> {
  const output = outputTo(options.json === true ? process.stderr : process.stdout)
  const versions = readVersions()
  // On a terminal somebody reads along.
  const pause = async (): Promise<void> =>
    process.stdout.isTTY ? await delay(readingMs, undefined, { signal: interrupts.signal }) : undefined
  const scenario = tourScenario(loadLab('dallas-chicago', undefined).enterprise, output, pause)
  const { signal } = interrupts
  const stay = async (folder: string): Promise<void> => {
    await using _announced = await announceLab(scenario.lab, folder)
    output.line(`\n  The lab stays up; folder ${folder}. Ctrl-C ends it.`)
    await aborted(signal)
  }
  const report = await runScenario(scenario, {
    seed: options.seed ?? newSeed(),
    timeScale: undefined,
    runs: options.runs ?? defaultRunsFolder,
    discard: false,
    versions,
    output,
    signal,
    shows: shownInTour,
    repeat: 'tour --once',
    ...(options.once === true ? {} : { afterPlay: stay }),
  })
  const document = documentOf('processes', versions, [report])
  if (options.json === true) process.stdout.write(`${JSON.stringify(document, null, 2)}\n`)
  // Ctrl-C while the lab stays up is its ordinary end; in the middle of the tour it is not.
  return (report.verdict === 'failed' ? interrupts.exitCode : undefined) ?? document.exitCode
}
