/**
 * Enterprise-wide settings with their defaults (SPEC.md section 2). All durations are milliseconds. *Policy* durations
 * run on the clock scaled by `timeScale`; *wire* durations run on real time.
 */
export type Settings = {
  /** Policy. Fixed from the moment of selection (PN1). */
  readonly pinWindowMs: number
  /** Policy. Topology, policy and audit ride on it (BT4). */
  readonly refreshIntervalMs: number
  /** Policy. Background attempts while offline (OF2), ±20 % when `offlineRetryJitter`. */
  readonly offlineRetryIntervalMs: number
  readonly offlineRetryJitter: boolean
  /** Policy. How long a session of an agent of profile `timer` stays away from home at a time (FB4). */
  readonly failoverSiteTimeoutMs: number
  readonly seamlessFailover: boolean
  /** Wire. One dial: socket, TLS, WebSocket and the appliance's first message. */
  readonly connectTimeoutMs: number
  /** Wire. One request to its answer. */
  readonly requestTimeoutMs: number
  /** Wire. */
  readonly heartbeatMs: number
  readonly heartbeatsMissedMax: number
  readonly heartbeatSlackMs: number
  /** Wire. Longest wait for the other database before an acknowledgement says `one` (RP2). */
  readonly replicationWaitMs: number
  readonly timeScale: number
  /** `demanded`: agents are served only with the key that they were enrolled with (SC4). */
  readonly enrolment: 'off' | 'demanded'
}

const second = 1000
const minute = 60 * second
const hour = 60 * minute

export const normalSettings: Settings = {
  pinWindowMs: 3 * hour,
  refreshIntervalMs: 10 * minute,
  offlineRetryIntervalMs: 5 * minute,
  offlineRetryJitter: true,
  failoverSiteTimeoutMs: 5 * minute,
  seamlessFailover: true,
  connectTimeoutMs: 2 * second,
  requestTimeoutMs: 5 * second,
  heartbeatMs: 5 * second,
  heartbeatsMissedMax: 2,
  heartbeatSlackMs: second,
  replicationWaitMs: second,
  timeScale: 1,
  enrolment: 'off',
}

/** Wire preset `fast`, for labs at a high `timeScale`; smaller values are refused, a busy machine stalls that long. */
export const fastWire = {
  connectTimeoutMs: 400,
  requestTimeoutMs: second,
  heartbeatMs: 500,
  heartbeatSlackMs: 250,
  replicationWaitMs: 250,
} as const satisfies Partial<Settings>

/** Preset `pie-default`: the long timeouts seen on Linux thin clients. */
export const pieDefaultWire = {
  connectTimeoutMs: 119 * second,
  requestTimeoutMs: 120 * second,
} as const satisfies Partial<Settings>
