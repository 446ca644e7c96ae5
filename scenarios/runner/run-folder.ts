/** Folders of runs: one each, `TIME-SCENARIO-SEED`, with everything that is needed to understand and repeat it. */
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Passing runs that are kept; those that did not pass are never removed. */
const passingRunsMax = 20

export const projectRoot = resolve(fileURLToPath(new URL('../..', import.meta.url)))

/** In a working copy everything stays inside it; an installed package writes where it is used. */
const isInstalled = projectRoot.includes(`${sep}node_modules${sep}`)

export const defaultRunsFolder = join(isInstalled ? process.cwd() : projectRoot, 'runs')

export const cacheFolder = isInstalled
  ? join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'failover-lab')
  : join(projectRoot, '.lab-cache')

/** Makes the folder of a run that begins now; only its owner can look into it. */
export function makeRunFolder(runs: string, name: string, seed: string): string {
  const time = new Date().toISOString().replaceAll(/[:.]/gu, '-').slice(0, 23)
  const folder = join(runs, `${time}-${name}-${seed}`.replaceAll(/[^\w.-]/gu, '_'))
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  return folder
}

/** All runs, oldest first: their names begin with their time. */
export function runFolders(runs: string): readonly string[] {
  if (!existsSync(runs)) return []
  const entries = readdirSync(runs, { withFileTypes: true })
  return entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(runs, entry.name))
    .toSorted()
}

/** Removes the oldest passing runs but the last twenty. */
export function prunePassingRuns(runs: string): void {
  const passing = runFolders(runs).filter((folder) => verdictIn(folder) === 'pass')
  for (const folder of passing.slice(0, Math.max(0, passing.length - passingRunsMax))) {
    rmSync(folder, { recursive: true, force: true })
  }
}

function verdictIn(folder: string): string | undefined {
  const file = join(folder, 'verdict.json')
  if (!existsSync(file)) return undefined
  return (JSON.parse(readFileSync(file, 'utf8')) as { verdict?: string }).verdict
}
