/** `failover-lab torture` */
import { newSeed } from '../arguments.ts'
import { type Interrupts } from '../interrupts.ts'
import { loadLab } from '../lab-file.ts'
import { exitCodes } from '../outcome.ts'
import { outputTo } from '../output.ts'
import { defaultRunsFolder } from '../run-folder.ts'
import { documentText, scheduleText, tortureDocument } from '../torture/report.ts'
import { drawSchedule, faultLine } from '../torture/schedule.ts'
import { type ScheduleReport, torture } from '../torture/torture.ts'
import { readVersions } from '../versions.ts'

export type TortureCommand = {
  readonly schedules: number
  readonly schedule?: number | undefined
  readonly seconds: number
  readonly seed?: string | undefined
  readonly json?: true | undefined
  readonly runs?: string | undefined
}

/** Runs the schedules one after the other, or the one that `schedule` names, and returns the exit code. */
export async function tortureCommand(options: TortureCommand, interrupts: Interrupts): Promise<number> {
  const { schedules, schedule, seconds, seed = newSeed(), runs = defaultRunsFolder } = options
  const { signal } = interrupts
  const file = loadLab('torture', undefined)
  const versions = readVersions()
  const output = outputTo(options.json === true ? process.stderr : process.stdout)
  const numbers = schedule === undefined ? Array.from({ length: schedules }, (_, index) => index + 1) : [schedule]
  output.line(`torture: ${numbers.length} schedules of ${seconds} s, seed ${seed}`)
  const reports: ScheduleReport[] = []
  for (const number of numbers) {
    if (signal.aborted) break
    const drawn = drawSchedule({ seed, number, seconds, topology: file.enterprise.topology })
    if (schedule !== undefined) output.line(drawn.faults.map(faultLine).join('\n'))
    const report = await torture(file, drawn, { runs, versions, output, signal })
    reports.push(report)
    output.line(scheduleText(report))
  }
  const document = tortureDocument(versions, seed, reports)
  const exitCode = interrupts.exitCode ?? document.exitCode
  output.line(documentText(document))
  if (options.json === true) process.stdout.write(`${JSON.stringify({ ...document, exitCode }, null, 2)}\n`)
  if (exitCode !== exitCodes.pass) output.line(`\nexit code ${exitCode}`)
  return exitCode
}
