/** What a torture has to have met before its silence means something. */
import { replicatedOf, sessionsOf, type Tortured } from './evidence.ts'
import { mergesOf } from './merges.ts'
import { type FaultClass, faultClasses } from './schedule.ts'

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
    merges: mergesOf(tortured).length,
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
