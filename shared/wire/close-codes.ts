/** WebSocket close codes of every link, with the name that logs and docs/PROTOCOL.md use. */
export const closeCodes = {
  /** The sender is done; nothing is wrong. */
  finished: 1000,
  /** The appliance stops gracefully: its agents fail over. */
  stopping: 4000,
  /** SP6: could not serve (no database, catching up, removed from the topology). */
  unavailable: 4001,
  /** LO6: serves, but not now. */
  busy: 4002,
  /** SC3: not JSON, not a known message, or a field out of bounds. */
  malformed: 4003,
  /** SC3: bytes that are no WebSocket frames. WebSocket's own code, as the next two. */
  notFrames: 1002,
  /** SC3: text that is not UTF-8. */
  notUtf8: 1007,
  /** SC3: a message in too many pieces. */
  inPieces: 1008,
  /** SC3: more bytes than `limits.ts` allows. WebSocket's own code. */
  oversized: 1009,
  /** A message out of order, such as a request before `hello`. */
  unexpected: 4004,
  /** No protocol version in common. */
  versionUnsupported: 4005,
  /** SC1: the peer's certificate name is not in the topology. */
  notAPeer: 4006,
  /** A newer link of the same agent or peer replaces this one. */
  replaced: 4007,
  /** Too many bytes waiting for a slow receiver. */
  tooSlow: 4008,
  /** SC4: the agent has not proven who it is. */
  notEnrolled: 4009,
} as const

export type CloseName = keyof typeof closeCodes

/** The name of a close code, or `undefined` for one that is not ours. */
export function closeName(code: number): CloseName | undefined {
  return (Object.keys(closeCodes) as CloseName[]).find((name) => closeCodes[name] === code)
}
