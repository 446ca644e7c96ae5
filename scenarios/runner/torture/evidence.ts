/** The torture as seen from outside: every session with what was asked of it and answered, in order. Nothing is judged here. */
import { type SessionId } from '#shared/ids.ts'
import { type AgentEvidence, type AskSeen, evidenceOf } from '../checkers/evidence.ts'
import { type History } from '../history.ts'
import { type Inflicted } from './faults.ts'
import { type Reading } from './readings.ts'

/** Everything that the checkers of a torture may look at. */
export type Tortured = {
  readonly history: History
  /** Taken while the torture lasted, in order of time. */
  readonly readings: readonly Reading[]
  /** Taken when everything was healed and at rest. */
  readonly finals: readonly Reading[]
  readonly inflicted: readonly Inflicted[]
}

export type SessionSeen = {
  readonly session: SessionId
  readonly agent: AgentEvidence
  /** In the order in which they were asked, one after the other. */
  readonly asks: readonly AskSeen[]
}

/** Every session that some login was accepted for, or that something was asked of. */
export function sessionsOf({ history }: Tortured): readonly SessionSeen[] {
  return evidenceOf(history).flatMap((agent) => {
    const bySession = new Map<SessionId, AskSeen[]>()
    for (const ask of agent.asks) {
      const session = ask.session ?? (ask.answer?.outcome === 'accepted' ? ask.answer.session : null)
      if (session === null) continue
      bySession.set(session, [...(bySession.get(session) ?? []), ask])
    }
    return [...bySession].map(([session, asks]) => ({ session, agent, asks }))
  })
}

/** Acknowledged as durable: on how many databases; `null` when it was refused, unanswered or done at the agent alone. */
export function replicatedOf({ answer }: AskSeen): 'both' | 'one' | null {
  return answer?.outcome === 'accepted' ? answer.replicated : null
}

/** Nothing of the operation can still be under way: one appliance was asked, and it answered. */
export function isClean({ agent }: SessionSeen, ask: AskSeen): boolean {
  if (replicatedOf(ask) !== 'both') return false
  const { decision } = ask.answer ?? { decision: null }
  const lost = agent.passes.some(
    ({ purpose, beganAt }) => purpose === 'failover' && beganAt >= ask.askedAt && beganAt <= ask.answeredAt,
  )
  const tried = agent.passes.find(({ number }) => number === decision)?.decision?.candidates ?? []
  return !lost && tried.every(({ outcome }) => outcome !== 'timed-out' && outcome !== 'reset')
}
