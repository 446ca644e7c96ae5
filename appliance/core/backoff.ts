/** Waiting times between tries to reach another appliance: doubling, with full jitter, in wire time. */
import { type RandomStream } from '#shared/random.ts'

const backoff = { firstMs: 200, mostMs: 2_000, leastMs: 50 } as const

/** Before the try after `failures` failed ones (1 or more). */
export function backoffMs(failures: number, random: RandomStream): number {
  const ceiling = Math.min(backoff.mostMs, backoff.firstMs * 2 ** Math.min(failures - 1, 10))
  return backoff.leastMs + random.below(ceiling)
}
