import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { defaultRunsFolder } from '../run-folder.ts'

const main = fileURLToPath(new URL('./main.ts', import.meta.url))

type Document = {
  readonly bench: string
  readonly store: string
  readonly quick: boolean
  readonly seed: string
  readonly machine: { readonly cores: number; readonly model: string; readonly node: string }
  readonly targets: readonly { readonly what: string; readonly target: number; readonly got: number }[]
  readonly runs: readonly Record<string, unknown>[]
  readonly text: readonly string[]
}

function bench(name: string, ...more: readonly string[]) {
  const child = spawnSync(process.execPath, [main, name, ...more], { encoding: 'utf8', timeout: 120_000 })
  return { ...child, document: () => JSON.parse(child.stdout) as Document }
}

/** Processes whose command line names this seed's folder. */
function leftOf(seed: string): readonly string[] {
  const all = execFileSync('ps', ['-eo', 'pid,args'], { encoding: 'utf8' }).split('\n')
  return all.filter((line) => line.includes(seed))
}

function foldersOf(seed: string): readonly string[] {
  return existsSync(defaultRunsFolder) ? readdirSync(defaultRunsFolder).filter((name) => name.includes(seed)) : []
}

describe('a bench in its quick form', () => {
  it.each([
    ['logins', 2, ['product', 'minimum', 'bareCommits', 'rowsPerLogin', 'ratioToCommits']],
    ['replication', 6, ['product', 'baseline', 'ratioP50', 'recordBytes']],
    ['failover', 3, ['storms']],
    ['memory', 4, ['sizes']],
  ])('%s tells figures, targets and the machine, and leaves nothing behind', (name, targets, fields) => {
    const seed = `bench-test-${name}-${process.pid}`
    const ran = bench(name, '--quick', '--json', '--seed', seed)
    expect(ran).toMatchObject({ status: 0 })
    const document = ran.document()
    expect(document).toMatchObject({ bench: name, seed, quick: true, machine: { node: process.version } })
    expect(document.store).toMatch(/sqlite|memory/)
    expect(document.targets).toHaveLength(targets)
    expect(document.targets.filter(({ got }) => !Number.isFinite(got))).toEqual([])
    expect(document.text.length).toBeGreaterThan(0)
    expect(document.runs).toHaveLength(1)
    expect(Object.keys(document.runs[0] ?? {})).toEqual(expect.arrayContaining(fields))
    expect(leftOf(seed)).toEqual([])
    expect(foldersOf(seed)).toEqual([])
  })
})

describe('the command line of the benches', () => {
  it.each([[[]], [['no-such-bench']], [['logins', '--runs', '0']]])('%j is told how to use it', (given) => {
    const ran = bench(given[0] ?? '', ...given.slice(1))
    expect(ran.status).toBe(64)
    expect(ran.stderr).toContain('NAME is one of logins, replication, failover, memory, fleet-loss')
  })
})
