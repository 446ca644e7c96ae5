/** Every bound of the wire, in one place; docs/PROTOCOL.md prints this table and a test compares the two. */
export const wireLimits = {
  /** Bytes of one message from an agent. */
  agentMessageBytesMax: 16 * 1024,
  /** Bytes of one message from an appliance to an agent (a topology is the largest). */
  applianceMessageBytesMax: 1024 * 1024,
  /** Bytes of one message between appliances (a replication batch is the largest). */
  peerMessageBytesMax: 4 * 1024 * 1024,
  /** Changes in one replication batch. */
  replicationBatchMax: 500,
  /** Unacknowledged changes on their way to the peer. */
  replicationWindowMax: 5_000,
  /** Bytes waiting in a socket to the other database before no more changes are pushed. */
  replicationBufferedBytesMax: 4 * 1024 * 1024,
  /** Bytes waiting in a socket before the slow peer is cut and catches up from the log. */
  bufferedBytesMax: 16 * 1024 * 1024,
  /** Good tickets of one session: a login that is asked again under its session id gives another. */
  ticketsMax: 64,
  /** Audit records in one upload of an agent. */
  auditRecordsMax: 50,
  /** Audit records that wait at one agent; with fewer already, logins and denials find no room. */
  auditQueueMax: 5_000,
  /** Requests of one agent link under way at once. */
  requestsInFlightMax: 256,
  /** Passwords that one agent, or whoever names one user, may try at once at an appliance before logins are `busy`. */
  loginBurstMax: 60,
  /** The same, a minute. */
  loginsPerMinuteMax: 120,
  /** Agents and user names whose tries are counted; who was not seen for longest is forgotten. */
  loginRatesKeptMax: 10_000,
  /** Password hashes waiting before logins are answered `busy`. */
  hashQueueMax: 1_000,
  /** Events waiting for one turn before a shell stops reading its sockets. */
  eventQueueMax: 100_000,
  /** TLS handshakes under way at one appliance; the rest wait in the backlog. */
  handshakesMax: 64,
  /** Dials in flight in one agent process. */
  dialsInFlightMax: 32,
  /** Length of ids, user names and host names. */
  nameLengthMax: 253,
  passwordLengthMax: 256,
  /** Length of the token of a control door: what makes guessing hopeless. */
  doorTokenLengthMin: 16,
  /** Wrong or missing tokens at one control door from one address before they are answered `too-many-attempts`. */
  doorWrongTokensPerMinuteMax: 60,
  /** Changes of users, policies, enrolments and the topology at one control door. */
  doorChangesPerMinuteMax: 600,
  /** Sites and appliances of one topology. */
  sitesMax: 200,
  appliancesMax: 200,
  rangesPerSiteMax: 500,
} as const
