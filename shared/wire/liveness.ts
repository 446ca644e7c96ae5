/**
 * Liveness of a link: lost after `heartbeatsMissedMax` missed heartbeats plus a slack. A side whose own event loop
 * stalled does not declare the other lost for that reason (LO7): after a stall the peer gets the whole time again,
 * because what it sent meanwhile may still wait unread.
 *
 * That mercy is no contact. A stall may be a machine that slept for hours, and what is read after it may have come in as
 * it began; it counts as of then (CH2), until one heartbeat has gone by in time and everything old has been read.
 */
import { type Settings } from '#shared/policy/settings.ts'

export type HeartbeatSettings = Pick<Settings, 'heartbeatMs' | 'heartbeatsMissedMax' | 'heartbeatSlackMs'>

export type Liveness = {
  /** When the other side was last heard, or the end of our own last stall if that is later. Wire ms. */
  readonly heardMs: number
  /** Our own last tick. Wire ms. */
  readonly tickMs: number
  /** When the other side was last heard for certain. Wire ms. */
  readonly contactMs: number
  /** Our own last tick before a stall, until the first tick in time after it. Wire ms. */
  readonly stalledSinceMs: number | null
}

/** A link just opened at `nowMs`. */
export function beginLiveness(nowMs: number): Liveness {
  return { heardMs: nowMs, tickMs: nowMs, contactMs: nowMs, stalledSinceMs: null }
}

/** Something of the other side was read at `nowMs`. */
export function heard(liveness: Liveness, nowMs: number, settings: HeartbeatSettings): Liveness {
  const since = liveness.stalledSinceMs ?? (isStalled(liveness, nowMs, settings) ? liveness.tickMs : nowMs)
  return {
    ...liveness,
    heardMs: Math.max(liveness.heardMs, nowMs),
    contactMs: Math.max(liveness.contactMs, since),
  }
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
  const { heardMs, contactMs, tickMs } = liveness
  if (isStalled(liveness, nowMs, settings)) {
    const stalledSinceMs = liveness.stalledSinceMs ?? tickMs
    return { next: { heardMs: nowMs, tickMs: nowMs, contactMs, stalledSinceMs }, verdict: 'stalled' }
  }
  const lost = nowMs - heardMs > silenceMaxMs(settings)
  return { next: { heardMs, tickMs: nowMs, contactMs, stalledSinceMs: null }, verdict: lost ? 'lost' : 'alive' }
}

function isStalled({ tickMs }: Liveness, nowMs: number, settings: HeartbeatSettings): boolean {
  return nowMs - tickMs > settings.heartbeatMs + settings.heartbeatSlackMs
}
