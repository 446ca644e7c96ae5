/** Durations as people write them in an enterprise file: a number and its unit, `3h`, `10 min`, `400 ms`. */
import { type Result, fail, ok } from '#shared/result.ts'

const second = 1000
const unitMs = { ms: 1, s: second, min: 60 * second, h: 3600 * second, d: 24 * 3600 * second } as const

type Unit = keyof typeof unitMs

const pattern = /^(?<number>\d+(?:\.\d+)?)\s*(?<unit>ms|s|min|h|d)$/u

/** Milliseconds, above 0. A number without a unit is refused: nobody can tell what it means. */
export function parseDuration(text: string): Result<number, string> {
  const groups = pattern.exec(text.trim())?.groups
  if (groups === undefined) return fail(`"${text}" is not a number with a unit (ms, s, min, h, d)`)
  const ms = Number(groups['number']) * unitMs[groups['unit'] as Unit]
  return ms > 0 ? ok(ms) : fail('a duration of 0 has no meaning here')
}

/** In the largest unit that needs no fraction; beyond whole milliseconds, one decimal of a second. */
export function formatDuration(ms: number): string {
  if (!Number.isInteger(ms)) return `${(ms / second).toFixed(1)} s`
  for (const unit of ['d', 'h', 'min', 's'] as const) {
    if (ms !== 0 && ms % unitMs[unit] === 0) return `${ms / unitMs[unit]} ${unit}`
  }
  return `${ms} ms`
}
