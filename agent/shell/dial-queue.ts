/**
 * A bounded number of dials in flight in one process; the rest wait in order. When a thousand agents come at once,
 * handshakes that interleave all pass their timeout together.
 *
 * Who has a link already goes first. Such an agent moves on, as from its bootstrap server to the appliance that it
 * picks, and holds both links until the dial has ended: behind a thousand first dials it would hold the server's place,
 * and the memory of a connection, until the last of them.
 */
export interface DialQueue {
  /** Runs `start` now or when a place is free. Answers how to leave the queue, which does nothing once it has run. */
  enter(start: () => void, who: 'without-link' | 'with-link'): () => void
  /** A started dial has ended. */
  free(): void
}

export function dialQueue(inFlightMax: number): DialQueue {
  const withLink = new Set<() => void>()
  const withoutLink = new Set<() => void>()
  let inFlight = 0

  const next = (): Set<() => void> => (withLink.size > 0 ? withLink : withoutLink)
  const pump = (): void => {
    for (let waiting = next(); waiting.size > 0 && inFlight < inFlightMax; waiting = next()) {
      const [start] = waiting
      if (start === undefined) return
      waiting.delete(start)
      inFlight += 1
      start()
    }
  }

  return {
    enter(start, who) {
      const waiting = who === 'with-link' ? withLink : withoutLink
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
