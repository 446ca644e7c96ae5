/** Figures of many samples. */
import { percentile } from './percentile.ts'

/** Milliseconds of many samples, rounded to a hundredth; `NaN` (JSON: `null`) of none. */
export type Spread = { readonly p50: number; readonly p99: number; readonly max: number }

export function spread(values: readonly number[]): Spread {
  const max = values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY)
  return {
    p50: rounded(percentile(values, 50)),
    p99: rounded(percentile(values, 99)),
    max: rounded(values.length === 0 ? Number.NaN : max),
  }
}

/** The middle of `values`, the lower one of two. */
export function median(values: readonly number[]): number {
  return percentile(values, 50)
}

/** Rounded to a hundredth. */
export function rounded(value: number): number {
  return Math.round(value * 100) / 100
}

export function spreadText({ p50, p99, max }: Spread): string {
  return `p50 ${p50} ms, p99 ${p99} ms, max ${max} ms`
}
