/**
 * What every bench is: a measurement that is repeated, each time beside its baselines, since only their ratio means
 * something on a machine that is not one's own. The document holds every run; a target is judged by the median.
 */
import { type Machine } from './machine.ts'
import { median, rounded } from './spread.ts'

export type BenchOptions = {
  readonly seed: string
  /** A few seconds and small numbers: shows that the bench works, not what the product does. */
  readonly quick: boolean
  /** The dearest sizes too. */
  readonly full: boolean
  /** How often the measurement is repeated, 1 or more. */
  readonly runs: number
  /** An existing folder on the disk that is measured; what is put there may stay. */
  readonly folder: string
  readonly signal: AbortSignal
  /** Progress, for people. */
  readonly say: (text: string) => void
}

/** One figure that is judged: the median of the runs. */
export type Target = {
  readonly what: string
  readonly bound: 'at most' | 'at least'
  readonly target: number
  readonly got: number
  readonly met: boolean
}

export type Figures = { readonly targets: readonly Target[]; readonly notes: readonly string[] }

export type BenchDocument = Figures & {
  readonly bench: string
  readonly seed: string
  /** What the databases keep their records in. */
  readonly store: string
  readonly quick: boolean
  readonly machine: Machine
  /** Raw figures, one entry a run. */
  readonly runs: readonly unknown[]
  /** For people, in lines. */
  readonly text: readonly string[]
}

export type Measured<Run> = {
  readonly store: string
  readonly runs: readonly Run[]
  readonly targets: readonly Target[]
  readonly notes: readonly string[]
  readonly text: readonly string[]
}

/** A bench of the table in `main.ts`. */
export type Bench = (options: BenchOptions) => Promise<Measured<unknown>>

/** Repeats `measure`, one run after the other. */
export async function repeat<Run>(
  { runs, say }: BenchOptions,
  measure: (run: number) => Promise<Run>,
): Promise<readonly Run[]> {
  const done: Run[] = []
  for (let run = 1; run <= runs; run += 1) {
    say(`run ${run} of ${runs}`)
    done.push(await measure(run))
  }
  return done
}

/** Judges the median of `values` against a target. */
export function judge(what: string, bound: Target['bound'], target: number, values: readonly number[]): Target {
  const got = rounded(median(values))
  return { what, bound, target, got, met: bound === 'at most' ? got <= target : got >= target }
}
