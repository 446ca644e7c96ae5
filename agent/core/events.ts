/**
 * What an agent hears (facts, past tense) and what it wants done (imperatives). The shell turns sockets, timers, files
 * and the control door into events, and performs effects in the order given.
 */
import { type OfflineData } from './offline-data.ts'
import { type TimeBase } from '#shared/clock.ts'
import { type AgentStatus, type Binding, type CandidateOutcome, type Decision, type Purpose } from '#shared/decision.ts'
import { type FailureCode } from '#shared/failure.ts'
import { type HostNetwork } from '#shared/network.ts'
import {
  type AgentId,
  type ApplianceId,
  type DialId,
  type PassId,
  type SessionId,
  type SiteId,
  type UserName,
} from '#shared/ids.ts'
import { type Topology } from '#shared/topology/model.ts'
import { type CloseName } from '#shared/wire/close-codes.ts'
import {
  type AgentMessage,
  type ApplianceMessage,
  type RefusedReason,
  type Replicated,
  type UnavailableReason,
} from '#shared/wire/agent-link.schema.ts'

/** What the control door asks. `call` is the door's number for the answer. */
export type Command =
  | { readonly type: 'login'; readonly call: number; readonly user: UserName; readonly password: string }
  | { readonly type: 'lock'; readonly call: number; readonly session: SessionId }
  | {
      readonly type: 'unlock'
      readonly call: number
      readonly session: SessionId
      /** Absent: the session's own user. */
      readonly user?: UserName | undefined
      readonly password: string
    }
  | { readonly type: 'logout'; readonly call: number; readonly session: SessionId }
  /** Somebody used keyboard or mouse: an inactivity challenge is put off. */
  | { readonly type: 'activity'; readonly call: number; readonly session: SessionId }

export type CommandAnswer =
  | {
      readonly outcome: 'accepted'
      readonly session: SessionId
      readonly state: 'active' | 'locked' | 'paused' | 'ended'
      readonly binding: Binding | null
      readonly replicated: Replicated | null
      readonly decision: number | null
    }
  | {
      readonly outcome: 'failed'
      readonly code: FailureCode
      readonly text: string
      readonly retryAfterMs?: number | undefined
      readonly decision: number | null
    }

/** The appliance's first message, or how the dial ended without one. */
export type DialAnswer =
  /** The agent has not proven who it is; an answer (SP6). */
  | { readonly type: 'refused'; readonly reason: RefusedReason }
  | { readonly type: 'welcome'; readonly appliance: ApplianceId; readonly site: SiteId; readonly epoch: number }
  | { readonly type: 'unavailable'; readonly reason: UnavailableReason }
  | { readonly type: 'busy'; readonly retryAfterMs: number }

export type DialFailure = Extract<CandidateOutcome, 'refused' | 'reset' | 'timed-out' | 'tls-failed' | 'no-address'>

export type AgentEvent =
  /** The process started. `topology` comes from the cache (BT3), `offline` from the offline store, where it may be new. */
  | { readonly type: 'started'; readonly topology: Topology | undefined; readonly offline: OfflineData }
  | { readonly type: 'command'; readonly command: Command }
  /** Answer to `survey`: the host's network now, and the address of each host name that has one. */
  | {
      readonly type: 'surveyed'
      readonly pass: PassId
      readonly network: HostNetwork
      readonly addresses: ReadonlyMap<string, string>
    }
  /** The link is open and the appliance has spoken; after `unavailable` and `busy` the shell has closed it. */
  | { readonly type: 'dial.answered'; readonly dial: DialId; readonly answer: DialAnswer }
  | {
      readonly type: 'dial.failed'
      readonly dial: DialId
      readonly reason: DialFailure
      readonly detail?: string | undefined
    }
  | { readonly type: 'message.received'; readonly dial: DialId; readonly message: ApplianceMessage }
  /** An open link closed, reset, or fell silent. */
  | {
      readonly type: 'link.lost'
      readonly dial: DialId
      readonly reason: string
      /** Wire ms since the appliance was last heard for certain; the grace period counts from there (CH2). */
      readonly heardAgoMs: number
    }
  | { readonly type: 'timer.fired'; readonly key: string; readonly number: number }
  /** Answer to `verify-offline`. */
  | { readonly type: 'offline.verified'; readonly job: number; readonly ok: boolean }
  /** Answer to `make-verifier`. */
  | { readonly type: 'verifier.made'; readonly job: number; readonly verifier: string }

export type AgentEffect =
  | { readonly type: 'survey'; readonly pass: PassId; readonly hosts: readonly string[] }
  /**
   * Opens a WebSocket to `host:port`, sends `hello`, waits for the first message: all within `timeoutMs`, which starts
   * when the dial leaves the queue of dials in flight. The link keeps the dial's number.
   */
  | {
      readonly type: 'dial'
      readonly dial: DialId
      readonly host: string
      readonly port: number
      readonly hello: Extract<AgentMessage, { type: 'hello' }>
      readonly timeoutMs: number
    }
  /** Gives up a dial, or closes a link; no event follows. */
  | { readonly type: 'hang-up'; readonly dial: DialId; readonly code?: CloseName }
  | { readonly type: 'send'; readonly dial: DialId; readonly message: AgentMessage }
  /** Arms or re-arms the timer of that key; an earlier one of the same key is void. */
  | {
      readonly type: 'set-timer'
      readonly key: string
      readonly number: number
      readonly afterMs: number
      readonly base: TimeBase
    }
  | { readonly type: 'clear-timer'; readonly key: string }
  /** Writes the topology in use to the cache (BT3). */
  | { readonly type: 'persist'; readonly topology: Topology }
  /** Writes the offline data to their store, before any other effect of the turn is performed (OF4, OF5). */
  | { readonly type: 'persist-offline'; readonly data: OfflineData }
  /** Whether `password` matches: hashing takes long, so it is done off the loop. */
  | { readonly type: 'verify-offline'; readonly job: number; readonly verifier: string; readonly password: string }
  /** Computes the offline verifier of a password that an appliance has just accepted. */
  | { readonly type: 'make-verifier'; readonly job: number; readonly password: string }
  | { readonly type: 'answer'; readonly call: number; readonly answer: CommandAnswer }
  /** For `/watch`: the status changed. The shell asks the machine for it once a turn. */
  | { readonly type: 'status-changed' }
  | { readonly type: 'pass-began'; readonly number: number; readonly purpose: Purpose }
  | { readonly type: 'decided'; readonly decision: Decision }
  /** The only way a core speaks to people. */
  | {
      readonly type: 'note'
      readonly kind: string
      readonly level: 'info' | 'warn'
      readonly rules: readonly string[]
      readonly text: string
      readonly data?: Readonly<Record<string, unknown>> | undefined
    }

/** The machine of one agent, as shells and worlds see it (`agent/core/agent.ts`). */
export interface AgentMachine {
  readonly id: AgentId
  status(policyMs: number): AgentStatus
}
