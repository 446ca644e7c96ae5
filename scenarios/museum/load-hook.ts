/**
 * Applies a mutant to the programs as Node loads them:
 *
 *     FAILOVER_LAB_MUTANT=scenarios/museum/x.yaml NODE_OPTIONS=--import=/abs/scenarios/museum/load-hook.ts failover-lab run …
 *
 * The runner and every process that it starts inherit both. A mutant that cannot be applied ends the process at once, with exit
 * code 65, so that it is never taken for one that was not caught.
 */
import { readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { applyMutant, parseMutant } from './mutant.ts'

const wrongData = 65

/** Ends the process with the reason, whoever might catch an error. */
function orExit<Value>(act: () => Value): Value {
  try {
    return act()
  } catch (error) {
    process.stderr.write(`museum: ${error instanceof Error ? error.message : String(error)}\n`)
    return process.exit(wrongData)
  }
}

const mutantFile = process.env['FAILOVER_LAB_MUTANT']
if (mutantFile !== undefined) {
  const mutant = orExit(() => parseMutant(readFileSync(mutantFile, 'utf8')))
  const target = pathToFileURL(path.resolve(import.meta.dirname, '../..', mutant.file)).href
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context)
      if (url !== target) return loaded
      const source = typeof loaded.source === 'string' ? loaded.source : new TextDecoder().decode(loaded.source)
      return { ...loaded, source: orExit(() => applyMutant(mutant, source)) }
    },
  })
}
