/** What a torture says at its end: for people, and as the one JSON document of `--json`. */
import { checkerLine, type FabricReport } from '../report.ts'
import { exitCodeOf } from '../outcome.ts'
import { type CheckerReport } from '../judge.ts'
import { type Versions } from '../versions.ts'
import { type Counts, type Floor, floorsOf, sumOf } from './counts.ts'
import { type ScheduleReport } from './torture.ts'

export type TortureDocument = {
  readonly world: 'processes'
  readonly fabric: FabricReport | null
  readonly versions: Versions
  readonly seed: string
  readonly schedules: readonly ScheduleReport[]
  readonly overlapping: number
  readonly total: Counts
  /** Below any of them the torture has not met enough to say anything. */
  readonly floors: readonly Floor[]
  readonly exitCode: number
}

export function tortureDocument(
  versions: Versions,
  seed: string,
  schedules: readonly ScheduleReport[],
): TortureDocument {
  const total = sumOf(schedules.map(({ counts }) => counts))
  const seconds = schedules.reduce((sum, report) => sum + report.seconds, 0)
  const overlapping = schedules.filter(({ overlaps }) => overlaps).length
  const floors: readonly Floor[] = [
    ...floorsOf(total, seconds),
    { name: 'schedules with overlapping faults', atLeast: Math.floor(schedules.length / 2), seen: overlapping },
  ]
  const met = floors.every(({ atLeast, seen }) => seen >= atLeast)
  return {
    world: 'processes',
    fabric: schedules.find(({ fabric }) => fabric !== null)?.fabric ?? null,
    versions,
    seed,
    schedules,
    overlapping,
    total,
    floors,
    exitCode: exitCodeOf([...schedules.map(({ verdict }) => verdict), ...(met ? [] : (['unknown'] as const))]),
  }
}

/** The end of one schedule: one line when it passes, else all that is needed to look into it. */
export function scheduleText(report: ScheduleReport): string {
  const { schedule, verdict, counts, problem, checkers, seed, folder, command } = report
  const head = `  ${verdict.padEnd(8)}schedule ${String(schedule).padStart(2)}  ${countsText(counts)}`
  if (verdict === 'pass') return head
  return [
    head,
    ...(problem === undefined ? [] : [`    ${problem}`]),
    ...checkers
      .filter((checker) => checker.verdict !== 'holds')
      .map((checker) => `  ${checkerLine(shortened(checker))}`),
    `    seed ${seed}, schedule ${schedule}, folder ${folder}`,
    `    again   ${command}`,
  ].join('\n')
}

/** All of them stand in the folder. */
const findingsShown = 4

function shortened(checker: CheckerReport): CheckerReport {
  const { findings = [], checked } = checker
  const more = findings.length - findingsShown
  if (more <= 0) return checker
  return {
    ...checker,
    name: `${checker.name} (${findings.length} times)`,
    checked,
    findings: findings.slice(0, findingsShown),
  }
}

export function documentText({ total, floors, schedules }: TortureDocument): string {
  const missed = floors.filter(({ atLeast, seen }) => seen < atLeast)
  return [
    '',
    `${schedules.length} schedules: ${countsText(total)}`,
    ...missed.map(({ name, atLeast, seen }) => `  too little: ${name} ${seen}, wanted at least ${atLeast}`),
  ].join('\n')
}

function countsText({ acksBoth, acksOne, merges, faults }: Counts): string {
  const met = Object.entries(faults).map(([name, count]) => `${name} ${count}`)
  return `acks both ${acksBoth}, one ${acksOne}, merges ${merges}; ${met.join(', ')}`
}
