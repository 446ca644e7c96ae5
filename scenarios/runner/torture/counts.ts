/** What a torture has to have met before its silence means something. */
import { type AskSeen } from '../checkers/evidence.ts'
import { type ApplianceId } from '#shared/ids.ts'
import { replicatedOf, type SessionSeen, sessionsOf, type Tortured } from './evidence.ts'
import { type Fault, type FaultClass, faultClasses } from './schedule.ts'

export type Counts = {
  readonly acksBoth: number
  readonly acksOne: number
  /** Sessions that were changed on both sides of a partition, once for each partition. */
  readonly merges: number
  readonly faults: Readonly<Record<FaultClass, number>>
}

/** Of 30 schedules of 25 s; less for fewer and shorter ones, in proportion. */
const floors = { acksBoth: 10_000, merges: 20, faultsOfAClass: 5, ofSeconds: 30 * 25 } as const

export type Floor = { readonly name: string; readonly atLeast: number; readonly seen: number }

export function countsOf(tortured: Tortured): Counts {
  const acks = sessionsOf(tortured).flatMap(({ asks }) => asks.map(replicatedOf))
  const classes = tortured.inflicted.map(({ fault }) => fault.class)
  const count = (name: FaultClass): number => classes.filter((one) => one === name).length
  return {
    acksBoth: acks.filter((ack) => ack === 'both').length,
    acksOne: acks.filter((ack) => ack === 'one').length,
    merges: mergesOf(tortured),
    faults: Object.fromEntries(faultClasses.map((name) => [name, count(name)])) as Counts['faults'],
  }
}

export function sumOf(all: readonly Counts[]): Counts {
  const sum = (of: (counts: Counts) => number): number => all.reduce((total, counts) => total + of(counts), 0)
  return {
    acksBoth: sum(({ acksBoth }) => acksBoth),
    acksOne: sum(({ acksOne }) => acksOne),
    merges: sum(({ merges }) => merges),
    faults: Object.fromEntries(
      faultClasses.map((name) => [name, sum(({ faults }) => faults[name])]),
    ) as Counts['faults'],
  }
}

/** The floors that schedules of `seconds` together must reach. */
export function floorsOf(total: Counts, seconds: number): readonly Floor[] {
  const scaled = (floor: number): number => Math.floor((floor * seconds) / floors.ofSeconds)
  return [
    { name: 'acks both', atLeast: scaled(floors.acksBoth), seen: total.acksBoth },
    { name: 'merges', atLeast: scaled(floors.merges), seen: total.merges },
    ...faultClasses.map((name) => ({ name, atLeast: scaled(floors.faultsOfAClass), seen: total.faults[name] })),
  ]
}

/** Until a cut holds its links, changes may still cross it. */
const cutTakesMs = 300

function mergesOf(tortured: Tortured): number {
  const partitions = tortured.inflicted.filter(({ fault }) => partsDatabases(fault, databasesOf(tortured)))
  const sessions = sessionsOf(tortured)
  return partitions.reduce((total, { beganAt, endedAt }) => {
    const within = { from: beganAt + cutTakesMs, until: endedAt }
    return total + sessions.filter((seen) => sidesOf(tortured, seen, within).size > 1).length
  }, 0)
}

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
function sidesOf(tortured: Tortured, { session, agent, asks }: SessionSeen, { from, until }: Window): Set<string> {
  const isWithin = (at: number): boolean => at >= from && at <= until
  const sides = new Set<string>()
  const add = (appliance: ApplianceId | undefined, at: number): void => {
    const side = appliance === undefined ? null : sideOf(tortured, appliance, at)
    if (side !== null) sides.add(side)
  }
  for (const ask of asks) {
    if (replicatedOf(ask) === 'one' && isWithin(ask.askedAt) && isWithin(ask.answeredAt))
      add(servedBy(ask), ask.answeredAt)
  }
  let before: ApplianceId | undefined
  for (const { at, status } of agent.statuses) {
    const place = status.sessions.find((one) => one.session === session)?.binding?.appliance
    if (place === undefined || place === before) continue
    if (before !== undefined && isWithin(at)) add(place, at)
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
