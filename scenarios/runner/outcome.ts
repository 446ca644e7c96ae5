/**
 * How a run ends. A scenario is a straight line of awaits, so what ends it early is thrown, and only `play.ts` and
 * `main.ts` catch it.
 */

/** A rule was broken as seen by the scenario: something expected did not come, or something else came. */
export class ExpectationFailed extends Error {
  override readonly name = 'ExpectationFailed'
}

/** The lab itself failed: a process died by itself, a port could not be had, a scenario asked for the impossible. */
export class LabFailed extends Error {
  override readonly name = 'LabFailed'
}

/** The command line, a file or a name in it cannot be used as given. */
export class WrongUsage extends Error {
  override readonly name = 'WrongUsage'
}

/** Exit codes of `failover-lab`, as `--help` prints them. */
export const exitCodes = {
  pass: 0,
  broken: 1,
  unknown: 2,
  warnings: 3,
  failed: 4,
  usage: 64,
} as const

/** Of one scenario: `unknown` is not a pass, `failed` says nothing about the rules. */
export type RunVerdict = 'pass' | 'broken' | 'unknown' | 'failed'

const worstFirst: readonly RunVerdict[] = ['broken', 'failed', 'unknown', 'pass']

/** The exit code of several scenarios: a broken rule outweighs a lab that failed elsewhere; nothing run is `unknown`. */
export function exitCodeOf(verdicts: readonly RunVerdict[]): number {
  const worst = worstFirst.find((verdict) => verdicts.includes(verdict))
  return exitCodes[worst ?? 'unknown']
}

/** The text of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
