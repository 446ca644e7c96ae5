/** Names and numbers that must not be mixed up. Each brand has a constructor of the same name. */

declare const brand: unique symbol
type Brand<Base, Name extends string> = Base & { readonly [brand]: Name }

export type ApplianceId = Brand<string, 'ApplianceId'>
export type SiteId = Brand<string, 'SiteId'>
export type AgentId = Brand<string, 'AgentId'>
export type SessionId = Brand<string, 'SessionId'>
export type UserName = Brand<string, 'UserName'>
/** `host:port` as dialled, the host resolved to an address where it could be (SPEC.md section 1, *endpoint*). */
export type Endpoint = Brand<string, 'Endpoint'>
/** Numbers a dial and the link that comes of it; never reused within an agent or appliance process. */
export type DialId = Brand<number, 'DialId'>
/** Numbers a selection pass of one agent. */
export type PassId = Brand<number, 'PassId'>
/** Numbers a request on the wire; unique within one agent or peer process lifetime. */
export type RequestId = Brand<number, 'RequestId'>

export const ApplianceId = (text: string): ApplianceId => text as ApplianceId
export const SiteId = (text: string): SiteId => text as SiteId
export const AgentId = (text: string): AgentId => text as AgentId
export const SessionId = (text: string): SessionId => text as SessionId
export const UserName = (text: string): UserName => text as UserName
export const DialId = (number: number): DialId => number as DialId
export const PassId = (number: number): PassId => number as PassId
export const RequestId = (number: number): RequestId => number as RequestId

/** Builds an endpoint; an IPv6 host is bracketed. */
export function Endpoint(host: string, port: number): Endpoint {
  return (host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`) as Endpoint
}
