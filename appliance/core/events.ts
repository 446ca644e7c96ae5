/**
 * What an appliance hears (facts, past tense) and what it wants done (imperatives). The shell turns sockets, timers,
 * hashing and the control door into events, and performs effects in the order given.
 */
import { type StoreEntry } from './store.ts'
import { type ApplianceId } from '#shared/ids.ts'
import { type Topology } from '#shared/topology/model.ts'
import { type AgentMessage, type ApplianceMessage, type Replicated } from '#shared/wire/agent-link.schema.ts'
import { type CloseName } from '#shared/wire/close-codes.ts'
import { type ValuesOf } from '#shared/wire/enterprise-data.schema.ts'
import { type PeerMessage } from '#shared/wire/peer-link.schema.ts'

declare const brand: unique symbol
/** Numbers a link of either kind, accepted or dialled; given by the shell and never reused within a process. */
export type LinkId = number & { readonly [brand]: 'LinkId' }
export const LinkId = (number: number): LinkId => number as LinkId

/** A ticket made by the shell's dice, with its SHA-256 in lower-case hex. */
export type FreshTicket = { readonly ticket: string; readonly hash: string }

/** An administrative act on enterprise data. */
export type Administration =
  /** Adds or changes a user; `verifier` is of a new password, argon2id in PHC form. */
  | {
      readonly op: 'set-user'
      readonly user: string
      readonly verifier?: string
      readonly disabled?: boolean
      /** Ends a lockout. */
      readonly locked?: false
      readonly policy?: string
    }
  | { readonly op: 'delete-user'; readonly user: string }
  /** Gives an agent a token to enrol with, once; its SHA-256 in lower-case hex. */
  | { readonly op: 'issue-enrolment'; readonly agent: string; readonly tokenHash: string }
  /** Adds or changes a user policy; a field that was never set is as in the default policy. */
  | { readonly op: 'set-policy'; readonly policy: string; readonly fields: ValuesOf<'user-policy'> }
  /** Bounds the store of this database, in pages of its file; `null`: its disk does. The shell does it. */
  | { readonly op: 'limit-store'; readonly pages: number | null }

/** Where a stop was asked: at the control door, or of the process by a signal. */
export type StopAsked = 'control door' | 'process'

export type ApplianceEvent =
  /** The process started; `entries` is what its store holds, `incarnation` names this run and no other. */
  | { readonly type: 'started'; readonly entries: readonly StoreEntry[]; readonly incarnation: string }
  | { readonly type: 'agent.opened'; readonly link: LinkId }
  | {
      readonly type: 'agent.received'
      readonly link: LinkId
      readonly message: AgentMessage
      /** With a `login` or `resume-offline`: the ticket it gets when it is accepted. */
      readonly freshTicket?: FreshTicket | undefined
      /** With a message that carries a ticket, and with an enrolment's token: its hash. */
      readonly ticketHash?: string | undefined
    }
  | { readonly type: 'agent.lost'; readonly link: LinkId; readonly reason: string }
  /** Another appliance dialled in; its certificate, of the enterprise's authority, carries `names` (SC1). */
  | { readonly type: 'peer.opened'; readonly link: LinkId; readonly names: readonly string[] }
  | { readonly type: 'dial.opened'; readonly dial: number; readonly link: LinkId }
  | { readonly type: 'dial.failed'; readonly dial: number; readonly reason: string }
  | { readonly type: 'peer.received'; readonly link: LinkId; readonly message: PeerMessage }
  | { readonly type: 'peer.lost'; readonly link: LinkId; readonly reason: string }
  /** So many bytes wait in the socket of a peer that nothing more should be pushed, until it has drained. */
  | { readonly type: 'link.filled'; readonly link: LinkId }
  | { readonly type: 'link.drained'; readonly link: LinkId }
  | { readonly type: 'timer.fired'; readonly key: string; readonly number: number }
  | { readonly type: 'password.verified'; readonly job: number; readonly ok: boolean }
  | { readonly type: 'proof.verified'; readonly link: LinkId; readonly ok: boolean }
  /** Answer to the effect `soon`: what the last turn changed is committed now. */
  | { readonly type: 'soon' }
  /** The control door brings an edited topology; its epoch is still to be assigned. */
  | { readonly type: 'topology.edited'; readonly call: number; readonly topology: Omit<Topology, 'epoch'> }
  /** The control door of a database brings an administrative act. */
  | { readonly type: 'administered'; readonly call: number; readonly act: Administration }
  | { readonly type: 'stop.asked'; readonly at: StopAsked }

export type EditAnswer =
  { readonly ok: true; readonly epoch: number } | { readonly ok: false; readonly code: string; readonly text: string }

export type AdministrationAnswer =
  | { readonly ok: true; readonly replicated: Replicated }
  | { readonly ok: false; readonly code: string; readonly text: string }
/** Of a call at the control door. */
export type ControlAnswer = EditAnswer | AdministrationAnswer

export type ApplianceEffect =
  /** Committed before any other effect of the turn is performed. */
  | { readonly type: 'persist'; readonly entry: StoreEntry }
  | { readonly type: 'send'; readonly link: LinkId; readonly message: ApplianceMessage | PeerMessage }
  /** No event follows. */
  | { readonly type: 'close'; readonly link: LinkId; readonly code: CloseName }
  /** Opens a WebSocket to `/peer` of that appliance within `timeoutMs`. */
  | {
      readonly type: 'dial'
      readonly dial: number
      readonly appliance: ApplianceId
      readonly host: string
      readonly port: number
      readonly timeoutMs: number
    }
  /** Gives up a dial; no event follows. */
  | { readonly type: 'hang-up'; readonly dial: number }
  /** Arms or re-arms the timer of that key, in wire time; an earlier one of the same key is void. */
  | { readonly type: 'set-timer'; readonly key: string; readonly number: number; readonly afterMs: number }
  | { readonly type: 'clear-timer'; readonly key: string }
  /** Looks at an agent's signature over its own connection; brings `proof.verified`. */
  | {
      readonly type: 'verify-proof'
      readonly link: LinkId
      readonly agent: string
      readonly publicKey: string
      readonly proof: string
    }
  | { readonly type: 'verify-password'; readonly job: number; readonly verifier: string; readonly password: string }
  /** Brings the event `soon` in a turn after this one. */
  | { readonly type: 'soon' }
  | { readonly type: 'answer-edit'; readonly call: number; readonly answer: EditAnswer }
  | { readonly type: 'answer-administration'; readonly call: number; readonly answer: AdministrationAnswer }
  /** Everything is said and closed: the process may exit. */
  | { readonly type: 'exit' }
  /** The only way a core speaks to people. */
  | {
      readonly type: 'note'
      readonly kind: string
      readonly level: 'info' | 'warn'
      readonly rules: readonly string[]
      readonly text: string
      readonly data?: Readonly<Record<string, unknown>> | undefined
    }

/** How the parts of an appliance's core put out their effects; the machine collects them for its step. */
export type Emit = (effect: ApplianceEffect) => void
