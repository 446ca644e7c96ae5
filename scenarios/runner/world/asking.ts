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
    const door = [...agents.values()].find((process) => process.agents.includes(agent))?.door
    if (door === undefined) throw new LabFailed(`no agent process has ${agent}`)
    asks += 1
    const ask = asks
    recorder.record({ at: wallMs(), type: 'asked', ask, agent, operation, session: session as SessionId | null, user })
    const path = session === null ? operation : `sessions/${session}/${operation}`
    const body = { ...(user === null ? {} : { user }), ...(password === undefined ? {} : { password }) }
    const { status, body: answer } = await door.call('POST', `/agents/${agent}/${path}`, body)
    if (status !== 200) throw new LabFailed(`${agent} answered ${operation} with ${status}: ${JSON.stringify(answer)}`)
    recorder.record({ at: wallMs(), type: 'answered', ask, agent, answer: answer as CommandAnswer })
    return answer as CommandAnswer
  }
}
