/**
 * Kinds of agents (FB4). `windows` comes home when its people log in or unlock; `timer`, some thin clients, also by
 * itself every `failoverSiteTimeout`; `list` knows no topology and tries the addresses it was given, in that order. Thin
 * clients, both of them, keep nothing to log in with offline.
 */
export const agentProfiles = ['windows', 'timer', 'list'] as const

export type AgentProfile = (typeof agentProfiles)[number]
