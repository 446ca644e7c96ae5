/** What an appliance's own doors say of it, looked at again and again: whether it serves, and what it advises. */
import { type Appliance } from '#shared/topology/model.ts'
import { type HistoryRecorder } from '../history-recorder.ts'
import { wallMs } from '../wall-clock.ts'
import { type Door } from './door.ts'

export interface HealthWatch {
  stop(): void
}

const healthEveryMs = 75
const healthWithinMs = 2_000
/** Advice is for people: it is asked for now and then, and told when it was the same twice. */
const adviceEveryMs = 750

/** Records each change of what the doors say, from `serving` on. An answer on its way when the lab acts is void. */
export function watchHealth({ id, role }: Appliance, door: Door, recorder: HistoryRecorder): HealthWatch {
  let stopped = false
  let serves: boolean | undefined
  const look = async (): Promise<void> => {
    const { status, body } = await door.call('GET', '/health', undefined, healthWithinMs)
    const now = status === 200
    if (stopped || now === serves) return
    serves = now
    const cause = (body as { reason?: string } | null)?.reason ?? 'unavailable'
    recorder.record(
      now
        ? { at: wallMs(), type: 'appliance.serving', appliance: id }
        : { at: wallMs(), type: 'appliance.not-serving', appliance: id, cause },
    )
  }
  let [told, last] = ['[]', '[]']
  const ask = async (): Promise<void> => {
    const { body } = await door.call('GET', '/status', undefined, healthWithinMs)
    const { advice } = body as { readonly advice: readonly string[] }
    const text = JSON.stringify(advice)
    const isSteady = text === last
    last = text
    if (stopped || !isSteady || text === told) return
    told = text
    recorder.record({ at: wallMs(), type: 'appliance.advises', appliance: id, advice })
  }
  const timers = [every(healthEveryMs, look), ...(role === 'database' ? [every(adviceEveryMs, ask)] : [])]
  return {
    stop() {
      stopped = true
      for (const timer of timers) clearInterval(timer)
    },
  }
}

/** One at a time. No answer says nothing: whether the process died is the supervisor's to tell. */
function every(ms: number, act: () => Promise<void>): NodeJS.Timeout {
  let acting = false
  return setInterval(() => {
    if (acting) return
    acting = true
    void act()
      .catch(() => {})
      .finally(() => (acting = false))
  }, ms)
}
