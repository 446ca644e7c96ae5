/**
 * Small histories for the tests of the checkers. One enterprise: dallas (home of `ws-1`) fails over to chicago, chicago to
 * boston; the last resort is reno-1. Times are ms; `timeScale` is 1 and the pin window 100 s.
 */
import { type History, type HistoryEvent } from '../history.ts'
import { type Binding, type CandidateOutcome, type Decision, type Purpose } from '#shared/decision.ts'
import { AgentId, ApplianceId, Endpoint, SessionId, SiteId, UserName } from '#shared/ids.ts'
import { type AgentProfile } from '#shared/profile.ts'
import { normalSettings } from '#shared/policy/settings.ts'
import { type Site, type Topology } from '#shared/topology/model.ts'

export const agent = AgentId('ws-1')
export const session = SessionId('s-1')

const site = (id: string, range: string, primary?: string): Site => ({
  id: SiteId(id),
  name: id,
  type: 'active',
  ranges: range === '' ? [] : [{ start: `${range}.0`, end: `${range}.255` }],
  failover: primary === undefined ? {} : { primary: SiteId(primary) },
})

const siteOf = (id: string): SiteId => SiteId(id.slice(0, id.indexOf('-')))
const endpointOf = (id: string): Endpoint => Endpoint(`${id}.example`, 443)
const names = ['dallas-1', 'dallas-2', 'chicago-1', 'chicago-2', 'boston-1', 'reno-1']

export const topology: Topology = {
  epoch: 1,
  enterprise: 'small',
  generation: 'G4',
  sites: [
    site('dallas', '10.1.0', 'chicago'),
    site('chicago', '10.2.0', 'boston'),
    site('boston', '10.3.0'),
    site('reno', ''),
  ],
  appliances: names.map((id) => ({
    id: ApplianceId(id),
    site: siteOf(id),
    role: 'service',
    host: `${id}.example`,
    port: 443,
  })),
  settings: { ...normalSettings, pinWindowMs: 100_000 },
}

type Events = readonly HistoryEvent[]

/** A history of these events, in order of time. */
export function historyOf(...events: readonly Events[]): History {
  return {
    enterprise: {
      topology,
      userPolicies: [],
      computerPolicies: [],
      people: [],
      workstations: [
        {
          id: agent,
          network: { addresses: ['10.1.0.7'], routes: [] },
          primServer: 'reno-1.example:443',
          altServers: [],
          profile: 'windows',
        },
      ],
      fleets: [],
      hashCost: 'minimum',
    },
    linkSites: new Map([[agent, SiteId('dallas')]]),
    fleetAgents: new Set(),
    events: events.flat().sort((a, b) => a.at - b.at),
  }
}

/** The same with the agent installed otherwise: `list` has the appliances of `servers` as its list. */
export function installedAs(profile: AgentProfile, servers: readonly string[], history: History): History {
  const { enterprise } = history
  const [primServer = 'reno-1.example:443', ...altServers] = servers.map(endpointOf)
  const workstations = enterprise.workstations.map((one) => ({ ...one, profile, primServer, altServers }))
  return { ...history, enterprise: { ...enterprise, workstations } }
}

export const serving = (at: number, ...ids: readonly string[]): Events =>
  ids.map((id) => ({ at, type: 'appliance.serving', appliance: ApplianceId(id) }))

export const allServing = (at: number): Events => serving(at, ...names)

export const lost = (at: number, ...ids: readonly string[]): Events =>
  ids.map((id) => ({ at, type: 'appliance.not-serving', appliance: ApplianceId(id), cause: 'killed' }))

export const cut = (at: number, ...ids: readonly string[]): Events =>
  ids.map((id) => ({ at, type: 'link.cut', from: SiteId('dallas'), endpoint: endpointOf(id), fault: 'silence' }))

export const healed = (at: number, ...ids: readonly string[]): Events =>
  ids.map((id) => ({ at, type: 'link.healed', from: SiteId('dallas'), endpoint: endpointOf(id) }))

let sockets = 0

/** A dial, and its end where it ended. */
export function dial(at: number, id: string, closedAt?: number, by: 'local' | 'remote' = 'remote'): Events {
  const socket = (sockets += 1)
  const opened: HistoryEvent = { at, type: 'socket.dialled', agent, socket, endpoint: endpointOf(id) }
  return closedAt === undefined ? [opened] : [opened, { at: closedAt, type: 'socket.closed', agent, socket, by }]
}

type PassWords = {
  readonly found?: string
  readonly outcome?: Decision['outcome']
  /** Told in the decision record: `{ 'dallas-1': 'timed-out' }`. */
  readonly tried?: Readonly<Record<string, CandidateOutcome>>
}

/** A pass from `from` to `to`; `number` also names it in `login`. */
export function pass(number: number, purpose: Purpose, from: number, to: number, words: PassWords = {}): Events {
  const found = words.found === undefined ? null : ApplianceId(words.found)
  const tried = Object.entries(words.tried ?? { [words.found ?? 'dallas-1']: 'answered' as const })
  const decision: Decision = {
    number,
    agent,
    profile: 'windows',
    purpose,
    sessions: [],
    beganAtMs: from,
    endedAtMs: to,
    home: { site: null, by: 'none' },
    epoch: 1,
    candidates: tried.map(([id, outcome]) => ({
      appliance: ApplianceId(id),
      site: siteOf(id),
      endpoint: endpointOf(id),
      stage: 'home',
      outcome,
      ms: 1,
    })),
    outcome: words.outcome ?? (found === null ? 'exhausted' : 'found'),
    appliance: found,
    stage: null,
    rules: [],
    reason: '',
  }
  return [
    { at: from, type: 'pass.began', agent, number, purpose },
    { at: to, type: 'pass.ended', agent, decision },
  ]
}

const bindingTo = (id: string): Binding => ({
  appliance: ApplianceId(id),
  site: siteOf(id),
  stage: 'home',
  temporary: false,
})

type StatusWords = {
  readonly bound?: string | null
  readonly links?: readonly string[]
  readonly epochs?: [number, number]
}

/** A status line. `bound`: where the one session is; `epochs`: in use and received. */
export function status(at: number, { bound, links, epochs = [1, 1] }: StatusWords = {}): Events {
  const binding = bound === undefined || bound === null ? null : bindingTo(bound)
  const one = { session, user: UserName('ann'), state: 'active', binding, moving: false } as const
  return [
    {
      at,
      type: 'status',
      agent,
      status: {
        agent,
        profile: 'windows',
        online: true,
        home: { site: null, by: 'none' },
        topology: { inUse: epochs[0], received: epochs[1] },
        pin: null,
        links: (links ?? (binding === null ? [] : [binding.appliance])).map(ApplianceId),
        sessions: bound === undefined ? [] : [one],
        passes: [],
      },
    },
  ]
}

let asks = 0

function asked(
  from: number,
  to: number,
  operation: 'login' | 'unlock',
  bound: string | null,
  decision: number,
): Events {
  const ask = (asks += 1)
  const binding = bound === null ? null : bindingTo(bound)
  const of = operation === 'login' ? null : session
  return [
    { at: from, type: 'asked', ask, agent, operation, session: of, user: null },
    {
      at: to,
      type: 'answered',
      ask,
      agent,
      answer: { outcome: 'accepted', session, state: 'active', binding, replicated: null, decision },
    },
  ]
}

/** A login and its pass, which dialled `bound` and nobody else; `null`: offline. */
export function login(number: number, from: number, to: number, bound: string | null, words: PassWords = {}): Events {
  return [
    ...asked(from, to, 'login', bound, number),
    ...pass(number, 'login', from, to, bound === null ? words : { found: bound, ...words }),
  ]
}

export const unlock = (number: number, from: number, to: number, bound: string): Events => [
  ...asked(from, to, 'unlock', bound, number),
  ...pass(number, 'unlock', from, to, { found: bound }),
]

export const restarted = (at: number): Events => [{ at, type: 'agent.started', agent }]

export const edited = (at: number, next: Topology): Events => [{ at, type: 'topology.edited', topology: next }]
