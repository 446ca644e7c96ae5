/**
 * Sessions that were changed on both sides of a partition, as seen from outside: while no database heard of the other,
 * something was acknowledged on one side, and something else, or a resumption, on the other.
 */
import { type ApplianceId } from '#shared/ids.ts'
import { type AskSeen } from '../checkers/evidence.ts'
import { replicatedOf, type SessionSeen, sessionsOf, type Tortured } from './evidence.ts'
import { type Inflicted } from './faults.ts'
import { type Fault } from './schedule.ts'

export type Merge = { readonly partition: Inflicted; readonly seen: SessionSeen }

/** Each session once for each partition. `direct`: those alone whose changes no service appliance passed on. */
export function mergesOf(tortured: Tortured, only?: 'direct'): readonly Merge[] {
  const databases = databasesOf(tortured)
  const sessions = sessionsOf(tortured)
  return tortured.inflicted
    .filter(({ fault }) => partsDatabases(fault, databases))
    .flatMap((partition) => {
      const within = { from: partition.beganAt + cutTakesMs, until: partition.endedAt }
      const sideAt = only === 'direct' ? directSide : sideOf
      return sessions
        .filter((seen) => sidesOf(tortured, seen, within, sideAt).size > 1)
        .map((seen) => ({ partition, seen }))
    })
}

/** Until a cut holds its links, changes may still cross it. */
const cutTakesMs = 300

function databasesOf({ history }: Tortured): readonly ApplianceId[] {
  return history.enterprise.topology.appliances.filter(({ role }) => role === 'database').map(({ id }) => id)
}

/** In both directions: then neither hears of the other's changes. */
function partsDatabases(fault: Fault, databases: readonly ApplianceId[]): boolean {
  if ('appliance' in fault) return false
  const isCut = (from: ApplianceId, to: ApplianceId): boolean =>
    from === to || fault.links.some((link) => link.kind === 'peers' && link.from === from && link.to === to)
  return databases.every((from) => databases.every((to) => isCut(from, to)))
}

type Window = { readonly from: number; readonly until: number }

/** The databases on which the session was changed: by what was acknowledged there, and by being resumed there. */
function sidesOf(
  tortured: Tortured,
  { session, agent, asks }: SessionSeen,
  { from, until }: Window,
  sideAt: typeof sideOf,
): Set<string> {
  const isWithin = (at: number): boolean => at >= from && at <= until
  const sides = new Set<string>()
  const add = (appliance: ApplianceId | undefined, at: number): void => {
    const side = appliance === undefined ? null : sideAt(tortured, appliance, at)
    if (side !== null) sides.add(side)
  }
  for (const ask of asks) {
    if (replicatedOf(ask) === 'one' && isWithin(ask.askedAt) && isWithin(ask.answeredAt))
      add(servedBy(ask), ask.answeredAt)
  }
  let before: ApplianceId | undefined
  for (const { at, status } of agent.statuses) {
    const shown = status.sessions.find((one) => one.session === session)
    const place = shown?.binding?.appliance
    if (place === undefined || place === before) continue
    // An appliance that does not know the session has changed nothing of it (LO5).
    if (before !== undefined && shown?.paused !== 'unknown-session' && isWithin(at)) add(place, at)
    before = place
  }
  return sides
}

function servedBy({ answer }: AskSeen): ApplianceId | undefined {
  return answer?.outcome === 'accepted' ? answer.binding?.appliance : undefined
}

/** The database behind an appliance at that time, as it was last seen. */
function sideOf(tortured: Tortured, appliance: ApplianceId, at: number): string | null {
  if (databasesOf(tortured).includes(appliance)) return appliance
  return tortured.readings.findLast((one) => one.appliance === appliance && one.answeredAt <= at)?.affinity ?? null
}

/** What a service appliance did is left out: the database behind it may have changed since it was last seen. */
function directSide(tortured: Tortured, appliance: ApplianceId): string | null {
  return databasesOf(tortured).includes(appliance) ? appliance : null
}
