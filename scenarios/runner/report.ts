/** What a run says at its end: for people, and as the one JSON document of `--json`. */
import { type Decision } from '#shared/decision.ts'
import { formatProblem, type Problem } from '#shared/topology/problems.ts'
import { type CheckerReport } from './judge.ts'
import { exitCodeOf, type RunVerdict } from './outcome.ts'
import { type Versions } from './versions.ts'
import { type WorldKind } from './world/home.ts'

/** One scenario of the document, also `verdict.json` of its folder. */
export type ScenarioReport = {
  readonly scenario: string
  readonly world: WorldKind
  /** Rule IDs that it claims to show. */
  readonly rules: readonly string[]
  readonly verdict: RunVerdict
  /** Why it did not pass, where the play itself ended early. */
  readonly problem?: string
  readonly seed: string
  readonly timeScale: number
  readonly fabric: FabricReport | null
  readonly checkers: readonly CheckerReport[]
  readonly decisions: readonly Decision[]
  readonly advice: readonly Problem[]
  readonly folder: string
  /** One line to paste that runs it again. */
  readonly command: string
}

export type FabricReport = { readonly kind: 'relay' | 'toxiproxy'; readonly description: string }

export type RunDocument = {
  readonly world: WorldKind
  readonly fabric: FabricReport | null
  readonly versions: Versions
  readonly scenarios: readonly ScenarioReport[]
  readonly exitCode: number
}

export function documentOf(world: WorldKind, versions: Versions, scenarios: readonly ScenarioReport[]): RunDocument {
  return {
    world,
    fabric: scenarios.find(({ fabric }) => fabric !== null)?.fabric ?? null,
    versions,
    scenarios,
    exitCode: exitCodeOf(scenarios.map(({ verdict }) => verdict)),
  }
}

const verdictWords = {
  pass: 'PASS',
  broken: 'BROKEN: a rule was broken',
  unknown: 'UNKNOWN: nothing was checked, or something could not be judged; that is no pass',
  failed: 'FAILED: the lab itself failed, nothing is said about the rules',
} as const satisfies Record<RunVerdict, string>

/** The end of one scenario, several lines. */
export function summaryText(report: ScenarioReport): string {
  const lines = [
    '',
    `${report.scenario}: ${verdictWords[report.verdict]}`,
    ...(report.problem === undefined ? [] : [indented(report.problem)]),
    ...report.checkers.map(checkerLine),
    ...(report.advice.length === 0 ? [] : ['  advice on the topology (never changes the verdict):']),
    ...report.advice.map((problem) => `    ${formatProblem(problem)}`),
    `  folder  ${report.folder}`,
    `  again   ${report.command}`,
  ]
  return lines.join('\n')
}

/** One checker's word, and each finding on a line of its own. */
export function checkerLine({ name, rules, verdict, checked, findings = [], why }: CheckerReport): string {
  const found = findings.map(({ rule, agent, text }) => `\n      ${rule} ${agent}: ${text}`).join('')
  const reason = why === undefined ? '' : `: ${why}`
  return `  ${verdict.padEnd(7)} ${name} [${rules.join(' ')}], ${checked} ${checked === 1 ? 'occasion' : 'occasions'}${reason}${found}`
}

function indented(text: string): string {
  return text
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n')
}
