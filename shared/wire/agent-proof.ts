/**
 * How an agent proves who it is (SC4): it signs keying material that TLS exports for this connection and the agent's id.
 * Nobody else can have it, so that a proof is worthless on any other connection, and no round trip is needed.
 */
export const agentProof = { label: 'EXPERIMENTAL-failover-lab-agent', bytes: 32 } as const
