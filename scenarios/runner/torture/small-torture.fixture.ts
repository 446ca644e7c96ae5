/**
 * Small tortures for the tests of their checkers: one agent with one session, on the topology of the lab `torture`
 * (databases west1 and east1, service west2). Times are ms; each ask takes 10 ms.
 */
import { type CommandAnswer } from '../../../agent/core/events.ts'
import { type Binding, type Purpose } from '#shared/decision.ts'
import { AgentId, ApplianceId, Endpoint, SessionId, SiteId, UserName } from '#shared/ids.ts'
import { type CandidateOutcome, type Decision } from '#shared/decision.ts'
import { type History, type HistoryEvent } from '../history.ts'
import { loadLab } from '../lab-file.ts'
import { type Tortured } from './evidence.ts'
import { type Inflicted } from './faults.ts'
import { type Listed, type Reading } from './readings.ts'
import { type Fault } from './schedule.ts'

const { enterprise } = loadLab('torture', undefined)
const agent = AgentId('west-ward-0001')
const session = SessionId('s-1')
const answerTakesMs = 10

export const torturedTopology = enterprise.topology

type Operation = Extract<HistoryEvent, { type: 'asked' }>['operation']
type Replicated = Extract<CommandAnswer, { outcome: 'accepted' }>['replicated']
type Events = readonly HistoryEvent[]

let asks = 0

/** Asked at `at` and accepted by `appliance` as durable on that many databases; `decision` names its pass. */
export function accepted(
  at: number,
  operation: Operation,
  replicated: Replicated,
  { by = 'west1', decision = null }: { readonly by?: string; readonly decision?: number | null } = {},
): Events {
  const state = ({ login: 'active', unlock: 'active', lock: 'locked', logout: 'ended' } as const)[operation]
  const answer = { outcome: 'accepted', session, state, binding: bindingTo(by), replicated, decision } as const
  return [asked(at, operation), { at: at + answerTakesMs, type: 'answered', ask: asks, agent, answer }]
}

/** Asked at `at`, and nobody knows whether it was done. */
export function uncertain(at: number, operation: Operation): Events {
  const answer = { outcome: 'failed', code: 'timed-out', text: '', decision: null } as const
  return [asked(at, operation), { at: at + answerTakesMs, type: 'answered', ask: asks, agent, answer }]
}

/** Asked at `at`, and never answered. */
export function asked(at: number, operation: Operation): HistoryEvent {
  asks += 1
  return {
    at,
    type: 'asked',
    ask: asks,
    agent,
    operation,
    session: operation === 'login' ? null : session,
    user: 'user0001',
  }
}

/** The session is seen bound to that appliance, which may not know it (LO5). */
export function seenAt(at: number, appliance: string, paused?: 'unknown-session'): Events {
  const held = {
    session,
    user: UserName('user0001'),
    state: paused === undefined ? 'active' : 'paused',
    binding: bindingTo(appliance),
    moving: false,
    paused,
  } as const
  const status = {
    agent,
    profile: 'windows',
    online: true,
    home: { site: null, by: 'none' },
    topology: { inUse: 1, received: 1 },
    pin: null,
    links: [],
    sessions: [held],
    passes: [],
  } as const
  return [{ at, type: 'status', agent, status }]
}

/** A pass of the agent, with how its candidates ended. */
export function pass(at: number, number: number, purpose: Purpose, ...outcomes: readonly CandidateOutcome[]): Events {
  const candidates = outcomes.map((outcome) => ({
    appliance: ApplianceId('west1'),
    site: SiteId('west'),
    endpoint: Endpoint('10.60.0.11', 443),
    stage: 'home' as const,
    outcome,
    ms: 1,
  }))
  const decision: Decision = {
    number,
    agent,
    profile: 'windows',
    purpose,
    sessions: [],
    beganAtMs: at,
    endedAtMs: at + 1,
    home: { site: null, by: 'none' },
    epoch: 1,
    candidates,
    outcome: 'found',
    appliance: ApplianceId('west1'),
    stage: 'home',
    rules: [],
    reason: '',
  }
  return [
    { at, type: 'pass.began', agent, number, purpose },
    { at: at + 1, type: 'pass.ended', agent, decision },
  ]
}

/** What an appliance says of its records at `at`; `state` of the one session, `null` where it is not listed. */
export function reading(at: number, appliance: string, state: string | null, hash: string | null = null): Reading {
  const listed: Listed = { session, user: 'user0001', agent, state: state ?? '', appliance: 'west1' }
  const isService = appliance === 'west2'
  return {
    askedAt: at,
    answeredAt: at,
    appliance: ApplianceId(appliance),
    role: isService ? 'service' : 'database',
    affinity: isService ? 'west1' : null,
    hash,
    sessions: state === null ? [] : [listed],
    audit: isService ? null : [],
    merges: isService ? null : [],
  }
}

/** What both databases list at the end. */
export function finals(west1: string | null, east1: string | null = west1): Pick<Tortured, 'finals'> {
  return { finals: [reading(90_000, 'west1', west1), reading(90_000, 'east1', east1)] }
}

export function inflicted(beganAt: number, endedAt: number, fault: Fault): Inflicted {
  return { beganAt, endedAt, fault }
}

export function tortured(events: readonly Events[], rest: Partial<Omit<Tortured, 'history'>>): Tortured {
  const history: History = {
    enterprise,
    linkSites: new Map(),
    fleetAgents: new Set([agent]),
    events: events.flat().toSorted((a, b) => a.at - b.at),
  }
  return { history, readings: [], finals: [], inflicted: [], ...rest }
}

function bindingTo(appliance: string): Binding {
  const site = SiteId(appliance.startsWith('west') ? 'west' : 'east')
  return { appliance: ApplianceId(appliance), site, stage: 'home', temporary: false }
}
