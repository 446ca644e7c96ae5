/**
 * What the appliances say of their records at their control doors: from time to time while the torture lasts, and at its
 * end. An appliance that does not answer has nothing to say, and that is no finding.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { type ApplianceId } from '#shared/ids.ts'
import { wallMs } from '../wall-clock.ts'
import { type ApplianceProcess } from '../world/appliances.ts'
import { type World } from '../world/world.ts'

export type Listed = {
  readonly session: string
  readonly user: string
  readonly agent: string
  readonly state: string
  readonly appliance: string
}

/** One look at one appliance. Wall ms: what it says was true between the two. */
export type Reading = {
  readonly askedAt: number
  readonly answeredAt: number
  readonly appliance: ApplianceId
  readonly role: 'database' | 'service'
  /** The database that a service appliance works through. */
  readonly affinity: string | null
  /** Content hash, where the status has one. */
  readonly hash: string | null
  /** Database role: all sessions that have not ended. */
  readonly sessions: readonly Listed[]
}

type Status = { readonly affinity: string | null; readonly hash?: string | null }

const everyMs = 500
const answerWithinMs = 1_000

/** Looks at every appliance from time to time until `signal` aborts. */
export async function readWhile(world: World, signal: AbortSignal): Promise<Reading[]> {
  const readings: Reading[] = []
  while (!signal.aborted) {
    readings.push(...(await readAll(world)))
    await delay(everyMs, undefined, { signal }).catch(() => {})
  }
  return readings
}

/** One look at every appliance that answers. */
export async function readAll(world: World): Promise<Reading[]> {
  const looks = await Promise.all([...world.appliances.values()].map(readOne))
  return looks.flatMap((look) => look ?? [])
}

async function readOne({ appliance, door, isRunning }: ApplianceProcess): Promise<Reading | undefined> {
  if (!isRunning) return undefined
  const askedAt = wallMs()
  const { id, role } = appliance
  try {
    const status = (await door.call('GET', '/status', undefined, answerWithinMs)).body as Status
    const listed = role === 'database' ? (await door.call('GET', '/sessions', undefined, answerWithinMs)).body : []
    const { affinity, hash = null } = status
    return { askedAt, answeredAt: wallMs(), appliance: id, role, affinity, hash, sessions: listed as Listed[] }
  } catch {
    return undefined
  }
}
