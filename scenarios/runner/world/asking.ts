/** Calls at the agents' control doors, as a person at a workstation makes them; each is recorded as asked and answered. */
import { type CommandAnswer } from '../../../agent/core/events.ts'
import { type AgentId, type SessionId } from '#shared/ids.ts'
import { type HistoryRecorder } from '../history-recorder.ts'
import { LabFailed } from '../outcome.ts'
import { wallMs } from '../wall-clock.ts'
import { type AgentProcess } from './agents.ts'

/** What a client asks of an agent's door; `body` holds secrets and is not recorded. */
export type Ask = {
  readonly agent: AgentId
  readonly operation: 'login' | 'lock' | 'unlock' | 'logout'
  readonly session: string | null
  readonly user: string | null
  readonly password?: string | undefined
}

/** The caller of a world; calls are numbered in order. */
export function asking(
  agents: ReadonlyMap<string, AgentProcess>,
  recorder: HistoryRecorder,
): (ask: Ask) => Promise<CommandAnswer> {
  let asks = 0
  return async ({ agent, operation, session, user, password }) => {
    const process = [...agents.values()].find(({ agents: ids }) => ids.includes(agent))
    if (process === undefined) throw new LabFailed(`no agent process has ${agent}`)
    if (process.isAsleep) throw new LabFailed(`${agent} sleeps: wake it before somebody uses it`)
    asks += 1
    const ask = asks
    recorder.record({ at: wallMs(), type: 'asked', ask, agent, operation, session: session as SessionId | null, user })
    const path = session === null ? operation : `sessions/${session}/${operation}`
    const body = { ...(user === null ? {} : { user }), ...(password === undefined ? {} : { password }) }
    const { status, body: answer } = await process.door.call('POST', `/agents/${agent}/${path}`, body)
    if (status !== 200) throw new LabFailed(`${agent} answered ${operation} with ${status}: ${JSON.stringify(answer)}`)
    recorder.record({ at: wallMs(), type: 'answered', ask, agent, answer: answer as CommandAnswer })
    return answer as CommandAnswer
  }
}
