/**
 * `npm run imports`: applies the table *who may import whom* of .dependency-cruiser.cjs to the house.
 *
 * An import checker that sees nothing reports no violations, so this one also fails when it saw fewer modules or fewer
 * `#shared/` imports than the house is known to have.
 */
import { existsSync } from 'node:fs'
import path from 'node:path'
import { cruise, type ICruiseResult } from 'dependency-cruiser'
import extractDepcruiseOptions from 'dependency-cruiser/config-utl/extract-depcruise-options'

const root = path.resolve(import.meta.dirname, '..')
const folders = ['shared', 'agent', 'appliance', 'scenarios', '.ci']
/** Well below what the house has: an empty check must not pass, a deleted file may. */
const modulesMin = 60
const sharedImportsMin = 100

export type Survey = {
  readonly modules: number
  readonly sharedImports: number
  readonly violations: readonly { readonly rule: string; readonly from: string; readonly to: string }[]
}

/** Cruises the house folders under `baseDir`, an absolute path, with the project's rules. */
export async function surveyImports(baseDir: string): Promise<Survey> {
  const options = await extractDepcruiseOptions(path.join(root, '.dependency-cruiser.cjs'))
  const present = folders.filter((folder) => existsSync(path.join(baseDir, folder)))
  const { output } = await cruise(present, { ...options, validate: true, baseDir })
  const { modules, summary } = output as ICruiseResult
  const own = modules.filter((module) => folders.some((folder) => module.source.startsWith(`${folder}/`)))
  const edges = own.flatMap((module) => module.dependencies)
  return {
    modules: own.length,
    sharedImports: edges.filter((edge) => edge.module.startsWith('#shared/') && edge.resolved.startsWith('shared/'))
      .length,
    violations: summary.violations.map(({ rule, from, to }) => ({ rule: rule.name, from, to })),
  }
}

if (import.meta.main) {
  const survey = await surveyImports(root)
  console.log(`imports: ${survey.modules} modules, ${survey.sharedImports} imports of #shared/`)
  const problems = survey.violations.map(({ rule, from, to }) => `${rule}: ${from} imports ${to}`)
  if (survey.modules < modulesMin) problems.push(`saw ${survey.modules} modules, expected at least ${modulesMin}`)
  if (survey.sharedImports < sharedImportsMin) {
    problems.push(`saw ${survey.sharedImports} imports of #shared/, expected at least ${sharedImportsMin}`)
  }
  for (const problem of problems) console.error(`imports: ${problem}`)
  if (problems.length > 0) process.exitCode = 1
}
