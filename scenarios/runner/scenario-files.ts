/** The scenarios: every `.ts` file of `scenarios/` that is no test, each exporting `scenario`. */
import { existsSync, readdirSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
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

/** The scenario of that name, or of a file of the user's own. An unknown one is wrong usage. */
export async function loadScenario(name: string): Promise<Scenario> {
  if (name.endsWith('.ts') && existsSync(name)) return await importScenario(pathToFileURL(resolve(name)))
  const known = scenarioNames()
  if (!known.includes(name)) throw new WrongUsage(`there is no scenario "${name}"; ${suggest(name, known)}`)
  const scenario = await importScenario(new URL(`${name}.ts`, folder))
  if (scenario.name !== name) throw new LabFailed(`scenarios/${name}.ts holds a scenario of another name`)
  return scenario
}

async function importScenario(file: URL): Promise<Scenario> {
  const { scenario } = (await import(file.href)) as { scenario?: Scenario }
  if (scenario === undefined) throw new WrongUsage(`${fileURLToPath(file)} exports no scenario`)
  return scenario
}
