/** How long a lab waits for what must come, derived from the settings in force (SPEC.md section 2). Real ms. */
import { worstCaseFailoverMs } from '#shared/policy/time-scale.ts'
import { type Settings } from '#shared/policy/settings.ts'

/** What a busy machine may add to anything. */
const machineSlackMs = 10_000

/**
 * The bound of every wait of a scenario: a loss is noticed and a full pass over `candidates` walked, then one background
 * interval with its jitter, and the pass that follows it.
 */
export function waitBoundMs(settings: Settings, candidates: number): number {
  const retryMs = (settings.offlineRetryIntervalMs * 1.2) / settings.timeScale
  return 2 * worstCaseFailoverMs(settings, candidates) + settings.requestTimeoutMs + retryMs + machineSlackMs
}
