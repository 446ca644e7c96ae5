/**
 * Mistakes in an enterprise file, told so that they can be mended: where, which rule, what was found, what would be
 * right. Readers report *findings* by path; the file knows where a path stands in its text.
 */

/** Keys and indices from the top of the file. */
export type Path = readonly (string | number)[]

export type Finding = {
  /** Stable, kebab-case. */
  readonly code: string
  /** Rule ID of docs/SPEC.md, where there is one. */
  readonly rule: string | null
  readonly path: Path
  /** Point at the key instead of its value: an unknown key is wrong whatever it holds. */
  readonly at?: 'key' | undefined
  readonly text: string
  readonly remedy: string
}

export type Report = (finding: Finding) => void

/** `field` is the path in words, such as `sites[1].failover.primary`. Lines and columns count from 1. */
export type Problem = {
  readonly code: string
  readonly rule: string | null
  readonly severity: 'error' | 'warning'
  readonly file: string
  readonly line: number
  readonly column: number
  readonly field: string
  readonly found: string
  readonly text: string
  readonly remedy: string
}

/** `FILE:LINE:COLUMN: error ST5 failover-to-self: text (found …). Remedy: …`, as editors and terminals link it. */
export function formatProblem(problem: Problem): string {
  const rule = problem.rule === null ? '' : ` ${problem.rule}`
  const place = `${problem.file}:${problem.line}:${problem.column}`
  return (
    `${place}: ${problem.severity}${rule} ${problem.code}: ${problem.text} (found ${problem.found}). ` +
    `Remedy: ${problem.remedy}`
  )
}

/** A path in words; the file itself is `file`. */
export function formatField(path: Path): string {
  const text = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${part}`)).join('')
  return text === '' ? 'file' : text.replace(/^\./u, '')
}
