/**
 * A bounded number of dials in flight in one process; the rest wait in order. When a thousand agents come at once,
 * handshakes that interleave all pass their timeout together.
 */
export interface DialQueue {
  /** Runs `start` now or when a place is free. Answers how to leave the queue, which does nothing once it has run. */
  enter(start: () => void): () => void
  /** A started dial has ended. */
  free(): void
}

export function dialQueue(inFlightMax: number): DialQueue {
  const waiting = new Set<() => void>()
  let inFlight = 0

  const pump = (): void => {
    for (const start of waiting) {
      if (inFlight >= inFlightMax) return
      waiting.delete(start)
      inFlight += 1
      start()
    }
  }

  return {
    enter(start) {
      const own = (): void => start()
      waiting.add(own)
      pump()
      return () => waiting.delete(own)
    },
    free() {
      inFlight -= 1
      setImmediate(pump)
    },
  }
}
