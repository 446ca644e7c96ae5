/**
 * What an agent says about itself: decision records (SP9) and its status. They cross the control API, so that the lab
 * and an agent written by others speak of the same things.
 */
import {
  type AgentId,
  type ApplianceId,
  type Endpoint,
  type SessionId,
  type SiteId,
  type UserName,
} from '#shared/ids.ts'
import { type AgentProfile } from '#shared/profile.ts'
import { type PauseCause } from '#shared/wire/agent-link.schema.ts'

/**
 * One step of a pass. `serving` is the site that served when an appliance was lost (LO1), `list` the addresses of an agent
 * that knows no topology (FB4).
 */
export type Stage = 'bootstrap' | 'serving' | 'home' | 'primary' | 'secondary' | 'last-resort' | 'list'

export type Purpose = 'bootstrap' | 'online' | 'login' | 'unlock' | 'failover' | 'background' | 'timer'

/** How one candidate of a pass ended. All but `answered`, `rejected` and `busy` mean *unavailable* (SP6). */
export type CandidateOutcome =
  | 'answered'
  | 'rejected'
  | 'busy'
  | 'refused'
  | 'reset'
  | 'timed-out'
  | 'tls-failed'
  | 'unavailable'
  | 'no-address'
  /** Never dialled: its endpoint was tried before in this pass (SP3). */
  | 'skipped'

export type TriedCandidate = {
  readonly appliance: ApplianceId | null
  readonly site: SiteId | null
  readonly endpoint: Endpoint
  readonly stage: Stage
  readonly outcome: CandidateOutcome
  readonly detail?: string | undefined
  readonly ms: number
}

/** The home site and why: a range holds an address (HS1), or a route touches a range (HS2), or none (HS6). */
export type HomeRecord =
  | { readonly site: SiteId; readonly by: 'range'; readonly address: string; readonly range: string }
  | { readonly site: SiteId; readonly by: 'route'; readonly route: string; readonly range: string }
  | { readonly site: null; readonly by: 'none' }

export type Decision = {
  readonly number: number
  readonly agent: AgentId
  readonly profile: AgentProfile
  readonly purpose: Purpose
  readonly sessions: readonly SessionId[]
  readonly beganAtMs: number
  readonly endedAtMs: number
  readonly home: HomeRecord
  /** Epoch of the topology in use; 0 for none. */
  readonly epoch: number
  readonly candidates: readonly TriedCandidate[]
  readonly outcome: 'found' | 'rejected' | 'busy' | 'exhausted'
  readonly appliance: ApplianceId | null
  readonly stage: Stage | null
  /** Rule IDs that applied, in order. */
  readonly rules: readonly string[]
  /** One sentence in plain words. */
  readonly reason: string
}

export type Binding = {
  readonly appliance: ApplianceId
  readonly site: SiteId
  readonly stage: Stage
  /** Bound through the last resort to a site outside home and failover. */
  readonly temporary: boolean
}

export type SessionStatus = {
  readonly session: SessionId
  readonly user: UserName
  readonly state: 'active' | 'locked' | 'paused'
  /** `null`: offline, or between two appliances (`moving`). */
  readonly binding: Binding | null
  readonly moving: boolean
  /** Started offline, and not yet validated by an appliance (OF6). */
  readonly offline?: true | undefined
  /** Which challenge is open while the session is paused; `unknown-session`: LO5. */
  readonly paused?: PauseCause | 'unknown-session' | undefined
  /** Why it was challenged, in words. */
  readonly pausedWhy?: string | undefined
  /** Who answered the last challenge of a session that is paused no more. */
  readonly answeredBy?: UserName | undefined
}

export type AgentStatus = {
  readonly agent: AgentId
  readonly profile: AgentProfile
  /** An agent is offline when it has no link. */
  readonly online: boolean
  readonly home: HomeRecord
  readonly topology: { readonly inUse: number; readonly received: number }
  readonly pin: { readonly appliance: ApplianceId; readonly ageMs: number } | null
  readonly links: readonly ApplianceId[]
  readonly sessions: readonly SessionStatus[]
  /** Purposes of the passes under way. */
  readonly passes: readonly Purpose[]
}
