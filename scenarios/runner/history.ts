/**
 * The history of a run, seen from outside: what each client asked and was answered, which sockets were opened, what the
 * lab did to appliances and links. Checkers judge this and nothing else. What the agents say of themselves (status,
 * decisions) is in it as *what a client was answered*; where a checker uses it, its header says for what.
 */
import { type CommandAnswer } from '../../agent/core/events.ts'
import { type AgentStatus, type Decision, type Purpose } from '#shared/decision.ts'
import { type AgentId, type ApplianceId, type Endpoint, type SessionId, type SiteId } from '#shared/ids.ts'
import { type Enterprise, type Topology } from '#shared/topology/model.ts'

/** Unix ms with fractions, one machine's clock. */
type At = { readonly at: number }

export type HistoryEvent =
  /** A client asked over the control door; `ask` numbers it within the run. */
  | (At & {
      readonly type: 'asked'
      readonly ask: number
      readonly agent: AgentId
      readonly operation: 'login' | 'lock' | 'unlock' | 'logout'
      readonly session: SessionId | null
      readonly user: string | null
    })
  | (At & { readonly type: 'answered'; readonly ask: number; readonly agent: AgentId; readonly answer: CommandAnswer })
  /** The socket tap saw an agent process dial; `endpoint` as in the topology, mapped back from the proxy's port. */
  | (At & {
      readonly type: 'socket.dialled'
      readonly agent: AgentId
      readonly socket: number
      readonly endpoint: Endpoint
    })
  | (At & { readonly type: 'socket.connected'; readonly agent: AgentId; readonly socket: number })
  /** `by`: who ended it. `remote` covers refusals, resets and an orderly end by the other side. */
  | (At & {
      readonly type: 'socket.closed'
      readonly agent: AgentId
      readonly socket: number
      readonly by: 'local' | 'remote'
    })
  /** From the agents' `/watch`. */
  | (At & { readonly type: 'status'; readonly agent: AgentId; readonly status: AgentStatus })
  | (At & { readonly type: 'pass.began'; readonly agent: AgentId; readonly number: number; readonly purpose: Purpose })
  | (At & { readonly type: 'pass.ended'; readonly agent: AgentId; readonly decision: Decision })
  /** Truth about an appliance: `serving` is recorded when its health door says so, `not-serving` just before the lab acts (and when its health door says so by itself). */
  | (At & { readonly type: 'appliance.serving'; readonly appliance: ApplianceId })
  | (At & { readonly type: 'appliance.not-serving'; readonly appliance: ApplianceId; readonly cause: string })
  /** For people: what a database says should be done about a lost database or a single one (ST8). */
  | (At & { readonly type: 'appliance.advises'; readonly appliance: ApplianceId; readonly advice: readonly string[] })
  /** Truth about a link from the agents of a site (`null`: agents without a home site) to an endpoint. `cut` is recorded before the fault, `healed` after it. */
  | (At & {
      readonly type: 'link.cut'
      readonly from: SiteId | null
      readonly endpoint: Endpoint
      readonly fault: string
    })
  | (At & { readonly type: 'link.healed'; readonly from: SiteId | null; readonly endpoint: Endpoint })
  /** An edit of the topology that the enterprise accepted. Epoch 1 stands in `History.enterprise`. */
  | (At & { readonly type: 'topology.edited'; readonly topology: Topology })
  | (At & { readonly type: 'agent.started'; readonly agent: AgentId })
  | (At & { readonly type: 'agent.stopped'; readonly agent: AgentId })
  /** The agent's machine sleeps: recorded just before, and its waking too. It says and does nothing meanwhile. */
  | (At & { readonly type: 'agent.slept'; readonly agent: AgentId })
  | (At & { readonly type: 'agent.woke'; readonly agent: AgentId })
  /** A person's line in the timeline. */
  | (At & { readonly type: 'told'; readonly text: string })

export type History = {
  readonly enterprise: Enterprise
  /** Group of each agent for link faults: the site whose proxies it dials through. */
  readonly linkSites: ReadonlyMap<AgentId, SiteId | null>
  /** Agents in fleets: their sockets are not told apart, so socket events name only single agents. */
  readonly fleetAgents: ReadonlySet<AgentId>
  /** In order of time. */
  readonly events: readonly HistoryEvent[]
}

/** What a checker says. `unknown` is not a pass. `checked` counts the occasions on which the rule could have been broken. */
export type Verdict =
  | { readonly verdict: 'holds'; readonly checked: number }
  | { readonly verdict: 'broken'; readonly checked: number; readonly findings: readonly Finding[] }
  | { readonly verdict: 'unknown'; readonly why: string }

export type Finding = { readonly at: number; readonly agent: AgentId; readonly rule: string; readonly text: string }

export type Checker = {
  /** kebab-case, also its file's name. */
  readonly name: string
  readonly rules: readonly string[]
  /** One sentence: the invariant. */
  readonly invariant: string
  /** An occasion that never arises in a run is `holds` with `checked: 0`; the runner reports it so. `unknown` is for a history that lacks what the checker needs. */
  check(history: History): Verdict
}
