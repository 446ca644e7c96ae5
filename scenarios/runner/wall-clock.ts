/** The stamps of a history: by the same clock as those of the programs, so that all follow a clock that is set. */
import { realClock } from '#shared/clock.ts'

const clock = realClock(1)

/** Unix time in ms with fractions. */
export function wallMs(): number {
  return clock.now().wallMs
}
