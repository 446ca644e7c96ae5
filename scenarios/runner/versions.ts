/** What a run ran on, for its report and for repeating it. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { projectRoot } from './run-folder.ts'

export type Versions = {
  readonly 'failover-lab': string
  readonly node: string
  readonly platform: string
  /** Absent outside a working copy. */
  readonly commit?: string
  /** The working copy differs from that commit. */
  readonly changed?: boolean
}

export function readVersions(): Versions {
  const { version } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as { version: string }
  const base = { 'failover-lab': version, node: process.versions.node, platform: `${process.platform} ${process.arch}` }
  const commit = git('rev-parse', '--short=12', 'HEAD')
  if (commit === undefined) return base
  return { ...base, commit, changed: git('status', '--porcelain', '--untracked-files=no') !== '' }
}

function git(...parameters: readonly string[]): string | undefined {
  try {
    return execFileSync('git', parameters, {
      cwd: projectRoot,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim()
  } catch {
    return undefined
  }
}

/** One line to paste that runs it again. */
export function commandToRepeat({ commit }: Versions, parameters: string): string {
  const run = `npm run lab -- ${parameters}`
  return commit === undefined ? `npx failover-lab ${parameters}` : `git checkout ${commit} && ${run}`
}
