/**
 * The state of one agent's machine and the few primitives that every part of it uses: emitting effects, timers, notes.
 * Mutable and private to the machine; determinism is what matters (same state, same event, same effects).
 */
import { type AgentEffect } from './events.ts'
import { type Contact } from './challenge.ts'
import { type Candidate, type Pass } from './pass.ts'
import { type Pin } from './pin.ts'
import { type OfflineData } from './offline-data.ts'
import { type HostPort } from './plan.ts'
import { type Slots } from './topology-slots.ts'
import { type Seen } from './trusted-time.ts'
import { type Instant, type TimeBase } from '#shared/clock.ts'
import { type HomeRecord, type Purpose, type Stage } from '#shared/decision.ts'
import {
  type AgentId,
  type ApplianceId,
  type DialId,
  type Endpoint,
  type PassId,
  type RequestId,
  type SessionId,
  type SiteId,
  type UserName,
} from '#shared/ids.ts'
import { type EffectivePolicy } from '#shared/policy/policy.ts'
import { type AgentProfile } from '#shared/profile.ts'
import { type Settings } from '#shared/policy/settings.ts'
import { type RandomStream } from '#shared/random.ts'
import { type PauseCause, type Replicated } from '#shared/wire/agent-link.schema.ts'
import { type RequestType } from '#shared/wire/answers.ts'

export type Place = { readonly appliance: ApplianceId; readonly site: SiteId } & HostPort

/** One dial and the link that comes of it. `waiters` are passes that want its answer. */
export type Link =
  | {
      readonly phase: 'dialing'
      readonly endpoint: Endpoint
      readonly candidate: Candidate
      readonly waiters: Set<PassId>
    }
  | { readonly phase: 'open'; readonly endpoint: Endpoint; readonly place: Place; readonly stage: Stage }

/** Where a session is: bound over a link, between two appliances, or offline. */
export type Whereabouts =
  | { readonly at: 'bound'; readonly dial: DialId; readonly stage: Stage; readonly place: Place }
  | { readonly at: 'moving' }
  | { readonly at: 'offline' }

export type Session = {
  readonly id: SessionId
  readonly user: UserName
  /** Empty while no appliance has validated a session that was started offline (OF6). */
  ticket: string
  state: 'active' | 'locked' | 'paused'
  where: Whereabouts
  /** As last downloaded (CH6). */
  policy: EffectivePolicy
  /** The challenge that is open while it is paused. */
  paused: PauseCause | undefined
  /** Why it was challenged last, in words; kept while it is paused. */
  pausedWhy: string | undefined
  /** Who answered that challenge. */
  answeredBy: UserName | undefined
  /** Its lost contact, until it is bound again. */
  contact: Contact | undefined
  /** LO5: the appliance it is bound to does not know it; its own user must log in there. */
  unknownThere: boolean
  /** When its user proved identity here without an appliance, Unix ms: the appliance that is found must validate it (OF6). */
  offlineProofMs: number | undefined
  /** What the last acknowledgement said. */
  replicated: Replicated | null
}

/** A session that was ended here, until an appliance has confirmed it. One that was started offline has no ticket. */
export type Ending =
  | { readonly kind: 'ticket'; readonly ticket: string }
  | {
      readonly kind: 'started-offline'
      readonly user: UserName
      readonly startedAtMs: number
      readonly policy: EffectivePolicy
    }

export type Task =
  | { readonly kind: 'bootstrap'; readonly waiting: Task[] }
  | { readonly kind: 'online'; readonly purpose: 'online' | 'background' }
  | {
      readonly kind: 'login'
      readonly call: number
      readonly session: SessionId
      readonly user: UserName
      readonly password: string
      readonly giveUpAtMs: number
    }
  | {
      readonly kind: 'unlock'
      readonly call: number
      readonly session: SessionId
      readonly user: UserName
      readonly password: string
      readonly giveUpAtMs: number
    }
  | {
      readonly kind: 'failover'
      readonly sessions: Set<SessionId>
      readonly moved: Set<SessionId>
      readonly lost: Place
    }
  /** Sessions on their way home, with the link that they were bound over, and those that have arrived (FB4). */
  | { readonly kind: 'timer'; readonly from: Map<SessionId, DialId>; readonly moved: Set<SessionId> }

export type LoginTask = Task & { kind: 'login' }
export type UnlockTask = Task & { kind: 'unlock' }
export type TimerTask = Task & { kind: 'timer' }

/** A typed password on its way through the shell's hash: to be matched offline, or to become a verifier. */
export type OfflineJob =
  | { readonly kind: 'verify'; readonly task: LoginTask | UnlockTask; readonly decision: number }
  | { readonly kind: 'make'; readonly user: string; readonly version: number }

export type PassRun = {
  readonly id: PassId
  readonly purpose: Purpose
  readonly task: Task
  readonly beganAtMs: number
  home: HomeRecord
  pass: Pass | undefined
  /** Dials made by this pass so far: the exponent of the jitter (LO6). */
  dials: number
  /** The link that is being asked; news of any other link changes nothing. */
  asking: DialId | undefined
  /** The pin as it stood when the pass was planned, for the explanation. */
  pinWas: 'none' | 'live' | 'expired'
  readonly rules: Set<string>
}

export type RequestOwner =
  | { readonly kind: 'pass'; readonly pass: PassId; readonly session: SessionId | null }
  /** Asked of the appliance that a session is bound to. `again` is begun when the link is lost before the answer. */
  | {
      readonly kind: 'operation'
      readonly operation: 'lock' | 'logout' | 'unlock' | 'pause'
      readonly session: SessionId
      readonly call: number | null
      readonly decision: number | null
      readonly again: Task | null
    }
  | { readonly kind: 'rejoin'; readonly session: SessionId }
  | { readonly kind: 'topology' }
  | { readonly kind: 'audit' }

export type PendingRequest = {
  readonly dial: DialId
  readonly asked: RequestType
  /** Wire ms. */
  readonly askedMs: number
  readonly owner: RequestOwner
}

export type AgentState = {
  readonly id: AgentId
  readonly profile: AgentProfile
  readonly primServer: HostPort
  readonly altServers: readonly HostPort[]
  readonly random: RandomStream
  settings: Settings
  slots: Slots
  home: HomeRecord
  pin: Pin | undefined
  /** The link that is kept without sessions, for topology, policy and audit (PN7). */
  anchor: DialId | undefined
  readonly links: Map<DialId, Link>
  readonly sessions: Map<SessionId, Session>
  /** Ended here, and no appliance has confirmed it yet. */
  readonly endings: Map<SessionId, Ending>
  readonly passes: Map<PassId, PassRun>
  readonly requests: Map<RequestId, PendingRequest>
  /** Tasks that wait for a timer: a busy pass to begin anew, by timer key. */
  readonly retries: Map<string, Task>
  readonly timers: Map<string, number>
  readonly counters: { dial: number; pass: number; request: number; timer: number; job: number }
  /** What is kept across restarts; replaced, never changed in place. */
  offline: OfflineData
  readonly jobs: Map<number, OfflineJob>
  seen: Seen
  /** When any appliance was heard last, policy ms: sessions started offline count their grace from there (CH2, OF6). */
  heardMs: number
  now: Instant
  effects: AgentEffect[]
}

export function emit(state: AgentState, effect: AgentEffect): void {
  state.effects.push(effect)
}

/** Arms the timer `key`, voiding an earlier one of the same key. */
export function setTimer(state: AgentState, key: string, afterMs: number, base: TimeBase): void {
  state.counters.timer += 1
  state.timers.set(key, state.counters.timer)
  emit(state, { type: 'set-timer', key, number: state.counters.timer, afterMs, base })
}

export function clearTimer(state: AgentState, key: string): void {
  if (state.timers.delete(key)) emit(state, { type: 'clear-timer', key })
}

export function note(
  state: AgentState,
  kind: string,
  rules: readonly string[],
  text: string,
  data?: Readonly<Record<string, unknown>>,
): void {
  emit(state, { type: 'note', kind, level: 'info', rules, text, data })
}

export function warn(state: AgentState, kind: string, rules: readonly string[], text: string): void {
  emit(state, { type: 'note', kind, level: 'warn', rules, text })
}

/** The open link to `endpoint`, if there is one. */
export function openLinkTo(state: AgentState, endpoint: Endpoint): DialId | undefined {
  for (const [dial, link] of state.links) {
    if (link.phase === 'open' && link.endpoint === endpoint) return dial
  }
  return undefined
}

export function dialingLinkTo(state: AgentState, endpoint: Endpoint): (Link & { phase: 'dialing' }) | undefined {
  for (const link of state.links.values()) {
    if (link.phase === 'dialing' && link.endpoint === endpoint) return link
  }
  return undefined
}
