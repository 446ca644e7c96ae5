/**
 * The history sorted by agent: passes with their windows, sockets, questions with their answers, status lines. Nothing is
 * judged here.
 */
import { type History, type HistoryEvent } from '../history.ts'
import { type AgentStatus, type Decision, type Purpose } from '#shared/decision.ts'
import { type AgentId, type Endpoint, type SessionId } from '#shared/ids.ts'

type Answer = Extract<HistoryEvent, { type: 'answered' }>['answer']
type Operation = Extract<HistoryEvent, { type: 'asked' }>['operation']

export type PassSeen = {
  readonly number: number
  readonly purpose: Purpose
  readonly beganAt: number
  /** `Infinity` where the history ends before the pass does. */
  endedAt: number
  decision: Decision | undefined
}

export type SocketSeen = {
  readonly socket: number
  readonly endpoint: Endpoint
  readonly dialledAt: number
  /** `Infinity` while open. */
  closedAt: number
  closedBy: 'local' | 'remote' | undefined
}

export type AskSeen = {
  readonly operation: Operation
  readonly session: SessionId | null
  readonly askedAt: number
  /** `Infinity` while unanswered. */
  answeredAt: number
  answer: Answer | undefined
}

export type StatusSeen = { readonly at: number; readonly status: AgentStatus }

/** What is known of one agent, each list in order of time. */
export type AgentEvidence = {
  readonly agent: AgentId
  readonly passes: PassSeen[]
  readonly sockets: SocketSeen[]
  readonly asks: AskSeen[]
  readonly statuses: StatusSeen[]
  /** When the agent was started or stopped: what it held in memory is gone. */
  readonly restarts: number[]
}

/**
 * Stamps of one machine's clock, taken in different processes and partly whole milliseconds: two facts closer than this
 * have no certain order.
 */
export const clockSlackMs = 5

/** Everything that the history holds of each agent; agents without any event have no entry. */
export function evidenceOf(history: History): readonly AgentEvidence[] {
  const found = new Map<AgentId, AgentEvidence>()
  const asks = new Map<number, AskSeen>()
  const of = (agent: AgentId): AgentEvidence => {
    const known = found.get(agent)
    if (known !== undefined) return known
    const fresh: AgentEvidence = { agent, passes: [], sockets: [], asks: [], statuses: [], restarts: [] }
    found.set(agent, fresh)
    return fresh
  }
  for (const event of history.events) {
    if ('agent' in event) take(of(event.agent), event, asks)
  }
  return [...found.values()]
}

/** Agents whose sockets are told apart, so that a silence of the socket tap means that nothing was dialled. */
export function singleAgents(history: History): readonly AgentEvidence[] {
  return evidenceOf(history).filter(({ agent }) => !history.fleetAgents.has(agent))
}

/**
 * Why a checker of dials cannot judge this history, or `null`: an agent whose pass tried somebody must have dialled, so
 * an agent with such a pass and without any socket was not watched. Fleets alone leave nothing to judge, which is no lack.
 */
export function whyNoSockets(history: History, agents: readonly AgentEvidence[]): string | null {
  const tried = agents.filter(({ passes }) => passes.some(dialledSomebody))
  if (tried.length === 0) return history.fleetAgents.size > 0 ? null : 'no pass of a single agent was seen'
  const unseen = tried.find(({ sockets }) => sockets.length === 0)
  return unseen === undefined ? null : `no socket of ${unseen.agent} was seen`
}

function dialledSomebody({ decision }: PassSeen): boolean {
  const tried = decision?.candidates ?? []
  return tried.some(({ outcome }) => outcome !== 'skipped' && outcome !== 'no-address')
}

/** The last status at or before `at`. */
export function statusAt({ statuses }: AgentEvidence, at: number): AgentStatus | undefined {
  return statuses.findLast((one) => one.at <= at)?.status
}

function take(
  evidence: AgentEvidence,
  event: Extract<HistoryEvent, { agent: AgentId }>,
  asks: Map<number, AskSeen>,
): void {
  switch (event.type) {
    case 'asked': {
      const { operation, session } = event
      const ask: AskSeen = { operation, session, askedAt: event.at, answeredAt: Infinity, answer: undefined }
      asks.set(event.ask, ask)
      evidence.asks.push(ask)
      return
    }
    case 'answered': {
      const ask = asks.get(event.ask)
      if (ask !== undefined) Object.assign(ask, { answeredAt: event.at, answer: event.answer })
      return
    }
    case 'socket.dialled':
      evidence.sockets.push({
        socket: event.socket,
        endpoint: event.endpoint,
        dialledAt: event.at,
        closedAt: Infinity,
        closedBy: undefined,
      })
      return
    case 'socket.connected':
    // Whoever sleeps does nothing that could be judged.
    case 'agent.slept':
    case 'agent.woke':
      return
    case 'socket.closed': {
      const socket = evidence.sockets.findLast((one) => one.socket === event.socket)
      if (socket !== undefined) Object.assign(socket, { closedAt: event.at, closedBy: event.by })
      return
    }
    case 'status':
      evidence.statuses.push({ at: event.at, status: event.status })
      return
    case 'pass.began': {
      const { number, purpose } = event
      evidence.passes.push({ number, purpose, beganAt: event.at, endedAt: Infinity, decision: undefined })
      return
    }
    case 'pass.ended': {
      const { decision } = event
      const pass = openPass(evidence, decision.number)
      if (pass !== undefined) {
        Object.assign(pass, { endedAt: event.at, decision })
        return
      }
      // It began before anybody watched.
      const { number, purpose, beganAtMs } = decision
      evidence.passes.push({ number, purpose, beganAt: beganAtMs, endedAt: event.at, decision })
      return
    }
    case 'agent.started':
    case 'agent.stopped':
      restart(evidence, event.at)
  }
}

/** Numbers begin anew with the process; what it had under way ended with it. */
function restart({ passes, restarts, sockets }: AgentEvidence, at: number): void {
  restarts.push(at)
  for (const pass of passes) pass.endedAt = Math.min(pass.endedAt, at)
  for (const socket of sockets) socket.closedAt = Math.min(socket.closedAt, at)
}

function openPass({ passes }: AgentEvidence, number: number): PassSeen | undefined {
  return passes.findLast((pass) => pass.number === number && pass.endedAt === Infinity)
}
