/**
 * The enterprise as data: sites, appliances and their map (the topology), and around it the people, policies and
 * workstations that a lab brings (ST1, ST2, ST5, ST7). Everything here is plain JSON, so that a topology travels as is.
 */
import { type AgentId, type ApplianceId, type SiteId, type UserName } from '#shared/ids.ts'
import { type Settings } from '#shared/policy/settings.ts'
import { type AgentProfile } from '#shared/profile.ts'
import { type ComputerPolicy, type UserPolicy } from '#shared/policy/policy.ts'

export type Generation = 'G4' | 'G3'
export type SiteType = 'active' | 'hot-standby'
export type Role = 'database' | 'service'

/** Inclusive pair of addresses of one family, canonical text (ST2). */
export type AddressRange = { readonly start: string; readonly end: string }

/** None, primary only, or primary and secondary (ST5); a secondary alone cannot be written. */
export type FailoverSites =
  | { readonly primary?: undefined; readonly secondary?: undefined }
  | { readonly primary: SiteId; readonly secondary?: SiteId | undefined }

export type Site = {
  readonly id: SiteId
  /** A label; never an identity (ST9). */
  readonly name: string
  readonly type: SiteType
  readonly ranges: readonly AddressRange[]
  readonly failover: FailoverSites
}

export type Appliance = {
  readonly id: ApplianceId
  readonly site: SiteId
  readonly role: Role
  /** What agents and peers dial, and the name its certificate must carry: a DNS name or an address. */
  readonly host: string
  readonly port: number
  /** The address that `host` resolves to, where the file states one. */
  readonly address?: string | undefined
  readonly dataCenter?: string | undefined
  readonly capacity?:
    { readonly sessions?: number | undefined; readonly loginsPerSecond?: number | undefined } | undefined
  /** Service role only: the one database it may work through (SV1). */
  readonly affinityLock?: ApplianceId | undefined
}

/** The map of sites and appliances; order is meaningful (ST4, HS1, HS2). */
export type Topology = {
  readonly epoch: number
  readonly enterprise: string
  readonly generation: Generation
  readonly sites: readonly Site[]
  readonly appliances: readonly Appliance[]
  readonly settings: Settings
}

export type Person = {
  readonly user: UserName
  readonly name: string
  /** A lab's own people have a password in the file; it never leaves the runner and the agents' control API. */
  readonly password: string
  readonly policy: string
}

/** One host on the network, as declared by a lab. Absent address and routes mean: read the real machine. */
export type DeclaredNetwork = {
  readonly addresses: readonly string[]
  readonly routes: readonly string[]
}

export type Workstation = {
  readonly id: AgentId
  readonly network: DeclaredNetwork | undefined
  /** `host:port` of `IPTXPrimServer`. */
  readonly primServer: string
  /** `host:port` each, of `IPTXALTSERVERS` (BT2). */
  readonly altServers: readonly string[]
  readonly profile: AgentProfile
  readonly computerPolicy?: string | undefined
}

/** Many workstations in one process: `count` agents named `<id>-0001` on, addresses in order from `addresses`. */
export type Fleet = {
  readonly id: string
  readonly count: number
  readonly addresses: AddressRange
  readonly primServer: string
  readonly altServers: readonly string[]
  readonly profile: AgentProfile
}

export type Enterprise = {
  readonly topology: Topology
  readonly userPolicies: readonly UserPolicy[]
  readonly computerPolicies: readonly ComputerPolicy[]
  readonly people: readonly Person[]
  readonly workstations: readonly Workstation[]
  readonly fleets: readonly Fleet[]
  /** Cost of password verifiers: the product default, or argon2's minimum for load labs. */
  readonly hashCost: 'product' | 'minimum'
}
