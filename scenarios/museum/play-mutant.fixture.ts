/** Plays a mutant: `failover-lab` as a process of its own, whose processes all load the changed file. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { pathToFileURL } from 'node:url'
import { type Mutant, parseMutant } from './mutant.ts'

const here = import.meta.dirname

export type Said = { readonly name: string; readonly verdict: string }
/** `document`: what `--json` printed. `log`: standard error. */
export type Played = { readonly mutant: Mutant; readonly document: unknown; readonly log: string }

/** `words` of the command are made from what the mutant says of itself. Its run folder is gone afterwards. */
export async function playMutant(name: string, words: (mutant: Mutant) => readonly string[]): Promise<Played> {
  const file = path.join(here, `${name}.yaml`)
  const mutant = parseMutant(await readFile(file, 'utf8'))
  const runs = await mkdtemp(path.join(tmpdir(), 'museum-'))
  const bin = path.join(here, '../runner/bin.js')
  const child = spawn(process.execPath, [bin, ...words(mutant), '--json', '--seed', mutant.seed, '--runs', runs], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      FAILOVER_LAB_MUTANT: file,
      NODE_OPTIONS: `--import=${pathToFileURL(path.join(here, 'load-hook.ts')).href}`,
    },
  })
  const [out, log] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  await rm(runs, { recursive: true, force: true })
  return { mutant, document: parsed(out, log), log }
}

function parsed(out: string, log: string): unknown {
  try {
    return JSON.parse(out) as unknown
  } catch (cause) {
    throw new Error(`the mutant's run printed no document:\n${log}`, { cause })
  }
}
