import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'

const folder = mkdtempSync(path.join(tmpdir(), 'mutant-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Runs the fixture, which says `hello`, with a mutant that looks for `find`. */
function run(find: string): { readonly status: number | null; readonly stdout: string; readonly stderr: string } {
  const file = path.join(folder, 'mutant.json')
  const words = {
    name: 'loud',
    why: 'shouts',
    rule: 'SP3',
    checker: 'none',
    scenario: 'none',
    seed: 'one',
    replace: "'HELLO'",
  }
  writeFileSync(file, JSON.stringify({ ...words, file: 'scenarios/museum/fixtures/greeting.ts', find }))
  const fixture = path.join(import.meta.dirname, 'fixtures/greeting.ts')
  const hook = path.join(import.meta.dirname, 'load-hook.ts')
  return spawnSync(process.execPath, [fixture], {
    encoding: 'utf8',
    env: { ...process.env, NODE_OPTIONS: `--import=${hook}`, FAILOVER_LAB_MUTANT: file },
  })
}

describe('the load hook', () => {
  it('runs the patched source', () => expect(run("'hello'").stdout).toBe('HELLO\n'))

  it('ends the process where the patch does not fit', () => {
    const { status, stderr, stdout } = run("'goodbye'")
    expect({ status, stdout }).toEqual({ status: 65, stdout: '' })
    expect(stderr).toBe(
      'museum: mutant loud: its text stands 0 times in scenarios/museum/fixtures/greeting.ts, it must be once\n',
    )
  })
})
