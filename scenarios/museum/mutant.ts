/**
 * A mutant: one text patch that makes a program break one rule, kept with the checker that must see it. The programs hold no
 * switch for it; the patch is applied to the source as it is loaded (`load-hook.ts`).
 */
import { parse } from 'yaml'

export type Mutant = {
  readonly name: string
  /** One sentence: which mistake this is. */
  readonly why: string
  /** The rule that it breaks. */
  readonly rule: string
  /** The only checker that must say *broken*. */
  readonly checker: string
  /** The scenario in which it shows, and the seed of that run. */
  readonly scenario: string
  readonly seed: string
  /** Relative to the repository. */
  readonly file: string
  /** Stands in the file exactly once. */
  readonly find: string
  readonly replace: string
}

const fields = ['name', 'why', 'rule', 'checker', 'scenario', 'seed', 'file', 'find', 'replace'] as const

/** Reads a mutant file (YAML or JSON). Throws with the field that is missing or too much. */
export function parseMutant(text: string): Mutant {
  const value: unknown = parse(text)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('a mutant is a mapping')
  const found = new Map(Object.entries(value))
  for (const field of fields) {
    if (typeof found.get(field) !== 'string') throw new Error(`"${field}" is missing or no text`)
    found.delete(field)
  }
  for (const field of found.keys()) throw new Error(`"${field}" is no field of a mutant`)
  return value as Mutant
}

/** The source with the patch. Throws unless `find` stands in it exactly once: a patch that misses proves nothing. */
export function applyMutant({ name, file, find, replace }: Mutant, source: string): string {
  const [before, after, ...more] = source.split(find)
  if (before === undefined || after === undefined || more.length > 0) {
    throw new Error(
      `mutant ${name}: its text stands ${source.split(find).length - 1} times in ${file}, it must be once`,
    )
  }
  return before + replace + after
}
