/**
 * How fast policy time may run. Wire durations stay real while policy durations shrink with `timeScale`, so at a scale
 * too high a failover that an enterprise would hardly notice outlasts a grace period, or the next background attempt
 * begins before a pass has ended: a lab would then show what no hospital sees.
 */
import { type Settings } from '#shared/policy/settings.ts'
import { silenceMaxMs } from '#shared/wire/liveness.ts'
import { formatDuration } from '#shared/policy/duration.ts'

export type TimeScaleBound = {
  /** Wire ms: detect the loss, then one pass in which every candidate stays silent. */
  readonly worstCaseMs: number
  /** Policy ms: the shortest of the grace periods and the offline retry interval. */
  readonly limitMs: number
  readonly limitedBy: 'grace period' | 'offline retry interval'
  /** The scale at which the worst case reaches the limit; refused from here on. */
  readonly reachedAt: number
  /** The sum in words, for people. */
  readonly text: string
}

/** Wire ms until a lost appliance is noticed and a pass over `candidates` silent ones has ended. */
export function worstCaseFailoverMs(settings: Settings, candidates: number): number {
  return silenceMaxMs(settings) + candidates * settings.connectTimeoutMs
}

/** The bound for passes of at most `candidates`. `gracePeriodsMs` are those of all policies; 0 (*always*) does not count. */
export function timeScaleBound(
  settings: Settings,
  candidates: number,
  gracePeriodsMs: readonly number[],
): TimeScaleBound {
  const worstCaseMs = worstCaseFailoverMs(settings, candidates)
  const graceMs = Math.min(...gracePeriodsMs.filter((period) => period > 0))
  const byGrace = graceMs < settings.offlineRetryIntervalMs
  const limitMs = byGrace ? graceMs : settings.offlineRetryIntervalMs
  const limitedBy = byGrace ? 'grace period' : 'offline retry interval'
  const silence = formatDuration(silenceMaxMs(settings))
  const text =
    `to detect a loss takes ${silence}, a pass over ${candidates} silent candidates ` +
    `${formatDuration(candidates * settings.connectTimeoutMs)}, together ${formatDuration(worstCaseMs)} of real time; ` +
    `scaled, that must stay below the ${limitedBy} of ${formatDuration(limitMs)}`
  return { worstCaseMs, limitMs, limitedBy, reachedAt: limitMs / worstCaseMs, text }
}
