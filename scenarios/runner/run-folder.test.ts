import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { makeRunFolder, prunePassingRuns, runFolders } from './run-folder.ts'

let runs: string
beforeEach(() => {
  runs = mkdtempSync(join(tmpdir(), 'runs-'))
})
afterEach(() => rmSync(runs, { recursive: true }))

it('names a folder for its time, scenario and seed, and shows it to its owner alone', () => {
  const folder = makeRunFolder(runs, 'example-1', 'abc')
  expect(basename(folder)).toMatch(/^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d-\d{3}-example-1-abc$/u)
  expect(statSync(folder).mode & 0o077).toBe(0)
})

it('keeps the last twenty runs that passed and every other one', () => {
  const made = Array.from({ length: 25 }, (_, index) => {
    const folder = makeRunFolder(runs, `run-${String(index).padStart(2, '0')}`, 'x')
    writeFileSync(join(folder, 'verdict.json'), JSON.stringify({ verdict: index === 0 ? 'broken' : 'pass' }))
    return folder
  })
  const unfinished = makeRunFolder(runs, 'unfinished', 'x')
  prunePassingRuns(runs)
  expect(made.map((folder) => existsSync(folder))).toEqual(made.map((_, index) => index === 0 || index >= 5))
  expect(runFolders(runs)).toContain(unfinished)
})
