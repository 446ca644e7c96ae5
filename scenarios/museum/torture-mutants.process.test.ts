/** Mutants that only faults bring to light: each in one schedule of the torture, with a seed that is known to meet it. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { pathToFileURL } from 'node:url'
import { describe, expect, it, onTestFailed } from 'vitest'
import { parseMutant } from './mutant.ts'

type Said = { readonly name: string; readonly verdict: string }

const here = import.meta.dirname
const seconds = 12
const mutants: readonly (readonly [title: string, file: string, schedule: number])[] = [
  // Killed while it is cut off: what its peer holds too would come back from there.
  ['[RP2] a database that answers before it commits, and is killed', 'ack-before-commit', 39],
  ['[RP3] a database that says "both" before the other has it', 'ack-before-replication', 1],
  ['[SE1] a merge that overwrites what has ended', 'ended-overwritten', 1],
  // Twenty of its agents lose the answer to an upload that was kept, where most schedules have a handful or none.
  ['[OF5] an agent that numbers anew what it uploads again', 'audit-numbered-anew', 16],
]

/** Tortures the mutant by one schedule and returns what its checker says. */
async function torture(name: string, schedule: number): Promise<string | undefined> {
  const file = path.join(here, `${name}.yaml`)
  const { seed, checker } = parseMutant(await readFile(file, 'utf8'))
  const runs = await mkdtemp(path.join(tmpdir(), 'museum-'))
  const bin = path.join(here, '../runner/bin.js')
  const words = ['--seed', seed, '--schedule', String(schedule), '--seconds', String(seconds), '--runs', runs]
  const child = spawn(process.execPath, [bin, 'torture', '--json', ...words], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      FAILOVER_LAB_MUTANT: file,
      NODE_OPTIONS: `--import=${pathToFileURL(path.join(here, 'load-hook.ts')).href}`,
    },
  })
  const [out, log] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  onTestFailed(() => console.error(log))
  await rm(runs, { recursive: true, force: true })
  const document = JSON.parse(out) as { readonly schedules: readonly { readonly checkers: readonly Said[] }[] }
  return document.schedules[0]?.checkers.find((said) => said.name === checker)?.verdict
}

describe('the torture catches', () => {
  it.each(mutants)('%s', async (_, name, schedule) => {
    expect(await torture(name, schedule)).toBe('broken')
  })
})
