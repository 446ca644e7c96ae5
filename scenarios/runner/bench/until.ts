/** Waits for what the doors of processes tell only when asked. */
import { setTimeout as delay } from 'node:timers/promises'
import { LabFailed } from '../outcome.ts'

export type Waiting = {
  readonly what: string
  readonly everyMs: number
  readonly withinMs: number
  readonly signal: AbortSignal
}

/** Asks again and again until the answer is yes; rejects when it is not in time. */
export async function until(
  { what, everyMs, withinMs, signal }: Waiting,
  holds: () => Promise<boolean>,
): Promise<void> {
  const deadline = performance.now() + withinMs
  while (!(await holds())) {
    if (performance.now() > deadline) throw new LabFailed(`not within ${withinMs / 1000} s: ${what}`)
    await delay(everyMs, undefined, { signal })
  }
}
