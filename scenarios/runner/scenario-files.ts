/** The scenarios: every `.ts` file of `scenarios/` that is no test, each exporting `scenario`. */
import { readdirSync } from 'node:fs'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { suggest } from '#shared/topology/nearest.ts'
import { LabFailed, WrongUsage } from './outcome.ts'
import { type Scenario } from './scenario.ts'

const folder = new URL('../', import.meta.url)

export function scenarioNames(): readonly string[] {
  return readdirSync(fileURLToPath(folder))
    .filter((name) => name.endsWith('.ts') && !name.startsWith('.') && !/\.(?:test|contract)\.ts$/u.test(name))
    .map((name) => basename(name, '.ts'))
    .toSorted()
}

/** The scenario of that name; an unknown one is wrong usage. */
export async function loadScenario(name: string): Promise<Scenario> {
  const known = scenarioNames()
  if (!known.includes(name)) throw new WrongUsage(`there is no scenario "${name}"; ${suggest(name, known)}`)
  const { scenario } = (await import(new URL(`${name}.ts`, folder).href)) as { scenario?: Scenario }
  if (scenario?.name !== name) throw new LabFailed(`scenarios/${name}.ts exports no scenario of that name`)
  return scenario
}
