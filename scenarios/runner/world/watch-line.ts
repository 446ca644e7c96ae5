/** The lines of an agent's `/watch` stream (docs/PROTOCOL.md) as events of a history. */
import { type AgentStatus, type Decision, type Purpose } from '#shared/decision.ts'
import { type AgentId } from '#shared/ids.ts'
import { type HistoryEvent } from '../history.ts'

type WatchLine =
  | { readonly at: number; readonly type: 'status'; readonly status: AgentStatus }
  | { readonly at: number; readonly type: 'decision'; readonly decision: Decision }
  | {
      readonly at: number
      readonly type: 'pass.began'
      readonly agent: AgentId
      readonly number: number
      readonly purpose: Purpose
    }

export function watchEvent(text: string): HistoryEvent {
  const line = JSON.parse(text) as WatchLine
  if (line.type === 'pass.began') return line
  if (line.type === 'status') return { ...line, agent: line.status.agent }
  return { at: line.at, type: 'pass.ended', agent: line.decision.agent, decision: line.decision }
}
