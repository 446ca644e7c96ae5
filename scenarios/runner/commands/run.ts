/** `failover-lab run SCENARIO…` */
import { newSeed } from '../arguments.ts'
import { type Interrupts } from '../interrupts.ts'
import { exitCodes } from '../outcome.ts'
import { type Output, outputTo } from '../output.ts'
import { documentOf, type ScenarioReport } from '../report.ts'
import { runScenario } from '../run.ts'
import { defaultRunsFolder } from '../run-folder.ts'
import { loadScenario, scenarioNames } from '../scenario-files.ts'
import { readVersions } from '../versions.ts'
import { type WorldKind } from '../world/home.ts'

export type RunCommand = {
  readonly seed?: string | undefined
  readonly timeScale?: number | undefined
  readonly world?: WorldKind | undefined
  readonly json?: true | undefined
  readonly discard?: true | undefined
  readonly runs?: string | undefined
}

/** Runs the scenarios one after the other and returns the exit code. `all` stands for every scenario. */
export async function runCommand(
  names: readonly string[],
  options: RunCommand,
  interrupts: Interrupts,
): Promise<number> {
  const wanted = names.includes('all') ? scenarioNames() : names
  const scenarios = await Promise.all(wanted.map(async (name) => ({ name, scenario: await loadScenario(name) })))
  const { world = 'processes' } = options
  const versions = readVersions()
  const output: Output = outputTo(options.json === true ? process.stderr : process.stdout)
  const reports: ScenarioReport[] = []
  for (const { name, scenario } of scenarios) {
    if (interrupts.signal.aborted) break
    const report = await runScenario(scenario, {
      seed: options.seed ?? newSeed(),
      world,
      timeScale: options.timeScale,
      runs: options.runs ?? defaultRunsFolder,
      discard: options.discard === true,
      versions,
      output,
      signal: interrupts.signal,
      repeat: `run ${name}`,
    })
    reports.push(report)
  }
  const document = documentOf(world, versions, reports)
  const exitCode = interrupts.exitCode ?? document.exitCode
  if (options.json === true) process.stdout.write(`${JSON.stringify({ ...document, exitCode }, null, 2)}\n`)
  else if (reports.length > 1)
    output.line(`\n${reports.map(({ scenario, verdict }) => `  ${verdict.padEnd(8)}${scenario}`).join('\n')}`)
  if (exitCode !== exitCodes.pass && reports.length > 0) output.line(`\nexit code ${exitCode}`)
  return exitCode
}
