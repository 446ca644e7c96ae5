/**
 * Liveness of a link: lost after `heartbeatsMissedMax` missed heartbeats plus a slack. A side whose own event loop
 * stalled does not declare the other lost for that reason (LO7): after a stall the peer gets the whole time again,
 * because what it sent meanwhile may still wait unread.
 */
import { type Settings } from '#shared/policy/settings.ts'

export type HeartbeatSettings = Pick<Settings, 'heartbeatMs' | 'heartbeatsMissedMax' | 'heartbeatSlackMs'>

export type Liveness = {
  /** When the other side was last heard, or the end of our own last stall if that is later. Wire ms. */
  readonly heardMs: number
  /** Our own last tick. Wire ms. */
  readonly tickMs: number
}

/** A link just opened at `nowMs`. */
export function beginLiveness(nowMs: number): Liveness {
  return { heardMs: nowMs, tickMs: nowMs }
}

export function heard(liveness: Liveness, nowMs: number): Liveness {
  return { ...liveness, heardMs: Math.max(liveness.heardMs, nowMs) }
}

/** Silence of this many ms means lost. */
export function silenceMaxMs(settings: HeartbeatSettings): number {
  return settings.heartbeatMs * settings.heartbeatsMissedMax + settings.heartbeatSlackMs
}

/** One own tick, due every `heartbeatMs`. Says whether the other side is lost. */
export function tick(
  liveness: Liveness,
  nowMs: number,
  settings: HeartbeatSettings,
): { readonly next: Liveness; readonly verdict: 'alive' | 'stalled' | 'lost' } {
  const stalled = nowMs - liveness.tickMs > settings.heartbeatMs + settings.heartbeatSlackMs
  if (stalled) return { next: { heardMs: nowMs, tickMs: nowMs }, verdict: 'stalled' }
  const lost = nowMs - liveness.heardMs > silenceMaxMs(settings)
  return { next: { heardMs: liveness.heardMs, tickMs: nowMs }, verdict: lost ? 'lost' : 'alive' }
}
