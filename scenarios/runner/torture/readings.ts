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

/** An audit record as a database shows it: what of it tells who did what, and its identity. */
export type AuditShown = {
  readonly index: number
  readonly by: 'agent' | 'appliance'
  readonly source: string
  readonly incarnation: string
  readonly seq: number
  readonly kind: string
  readonly session?: string
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
  /** Database role, at the end alone: all audit records; `null` where they were not read. */
  readonly audit: readonly AuditShown[] | null
  /** Database role, at the end alone: sessions that it reports as changed apart since it started. */
  readonly merges: readonly string[] | null
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
    return {
      askedAt,
      answeredAt: wallMs(),
      appliance: id,
      role,
      affinity,
      hash,
      sessions: listed as Listed[],
      audit: null,
      merges: null,
    }
  } catch {
    return undefined
  }
}

/** A last look, with the audit records and the merge reports of the databases. */
export async function readFinally(world: World): Promise<Reading[]> {
  const readings = await readAll(world)
  return await Promise.all(
    readings.map(async (reading) => ({
      ...reading,
      audit: await readAudit(world, reading),
      merges: await readMerges(world, reading),
    })),
  )
}

type AuditPage = { readonly records: readonly AuditShown[]; readonly last: number }

async function readAudit(world: World, { appliance, role }: Reading): Promise<readonly AuditShown[] | null> {
  const door = world.appliances.get(appliance)?.door
  if (door === undefined || role !== 'database') return null
  const records: AuditShown[] = []
  let last = 0
  for (;;) {
    const { status, body } = await door.call('GET', `/audit?after=${last}`)
    if (status !== 200) return null
    const page = body as AuditPage
    if (page.records.length === 0) return records
    records.push(...page.records)
    last = page.last
  }
}

async function readMerges(world: World, { appliance, role }: Reading): Promise<readonly string[] | null> {
  const door = world.appliances.get(appliance)?.door
  if (door === undefined || role !== 'database') return null
  const { status, body } = await door.call('GET', '/merges')
  return status === 200
    ? (body as readonly { readonly session?: string }[]).flatMap(({ session }) => session ?? [])
    : null
}
