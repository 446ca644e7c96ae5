/** Protocol versions that this program speaks; each hello names a range, and both sides take the newest in common. */

/** Agent to appliance. */
export const agentProtocolVersion = 1
/** Appliance to appliance. */
export const peerProtocolVersion = 1
