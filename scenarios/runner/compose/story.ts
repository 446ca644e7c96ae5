/** Watches a running lab of containers from its doors and gives what happens as events, for the timeline. */
import { setTimeout as delay } from 'node:timers/promises'
import { AgentId, ApplianceId } from '#shared/ids.ts'
import { type HistoryEvent } from '../history.ts'
import { wallMs } from '../wall-clock.ts'
import { type Door } from '../world/door.ts'
import { watchEvent } from '../world/watch-line.ts'

export type Tell = (event: HistoryEvent) => void

const askEveryMs = 500
const askWithinMs = 2_000

/** Reads the watch of an agent process, again and again as it is restarted, until `signal` aborts. */
export async function followAgents(name: string, door: Door, tell: Tell, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    let began = false
    await door.watch((line) => {
      if (!began) tell({ at: wallMs(), type: 'agent.started', agent: AgentId(name) })
      began = true
      tell(watchEvent(line))
    }, signal)
    if (began && !signal.aborted) tell({ at: wallMs(), type: 'agent.stopped', agent: AgentId(name) })
    await pause(signal)
  }
}

/** Tells each change of what an appliance's health door says; one that does not answer is unavailable. */
export async function followAppliance(name: string, door: Door, tell: Tell, signal: AbortSignal): Promise<void> {
  let before: string | undefined
  while (!signal.aborted) {
    const now = await stateOf(door)
    if (now !== before && !(before === undefined && now === silent)) {
      const appliance = ApplianceId(name)
      tell(
        now === serving
          ? { at: wallMs(), type: 'appliance.serving', appliance }
          : { at: wallMs(), type: 'appliance.not-serving', appliance, cause: now },
      )
      before = now
    }
    await pause(signal)
  }
}

const serving = 'serving'
const silent = 'no answer'

async function stateOf(door: Door): Promise<string> {
  try {
    const { status, body } = await door.call('GET', '/health', undefined, askWithinMs)
    return status === 200 ? serving : ((body as { reason?: string } | null)?.reason ?? 'unavailable')
  } catch {
    return silent
  }
}

async function pause(signal: AbortSignal): Promise<void> {
  await delay(askEveryMs, undefined, { signal }).catch(() => undefined)
}
