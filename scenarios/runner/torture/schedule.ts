/**
 * A torture schedule: which faults befall a lab, where, when and for how long. All of it is drawn before the lab starts,
 * from the seed and the schedule's number alone, so that the same two words bring the same faults.
 */
import { type ApplianceId, type SiteId } from '#shared/ids.ts'
import { randomStream, type RandomStream } from '#shared/random.ts'
import { type Topology } from '#shared/topology/model.ts'

export const processFaults = ['kill', 'pause', 'restart', 'fill'] as const
export const linkFaults = ['refuse', 'reset', 'silence'] as const
export const faultClasses = [...processFaults, ...linkFaults] as const
export type FaultClass = (typeof faultClasses)[number]

/** The links of one direction: from the agents of a site, or from an appliance that dials its peer. */
export type LinkEnds =
  | { readonly kind: 'agents'; readonly from: SiteId; readonly to: ApplianceId }
  | { readonly kind: 'peers'; readonly from: ApplianceId; readonly to: ApplianceId }

/** Ms since the schedule began; `forMs` until the lab begins to undo it. */
type Window = { readonly atMs: number; readonly forMs: number }
export type ProcessFault = Window & { readonly class: (typeof processFaults)[number]; readonly appliance: ApplianceId }
export type LinksFault = Window & { readonly class: (typeof linkFaults)[number]; readonly links: readonly LinkEnds[] }
export type Fault = ProcessFault | LinksFault

export type Schedule = {
  readonly seed: string
  readonly number: number
  readonly seconds: number
  /** In order of their beginning. */
  readonly faults: readonly Fault[]
}

export type SchedulePlan = {
  readonly seed: string
  /** From 1. */
  readonly number: number
  readonly seconds: number
  readonly topology: Topology
}

/** People are at work before the first fault, and again after the last. */
const warmUpMs = 1_500
const calmMs = 1_500
const faultMs = { min: 400, max: 4_000 } as const
/** An appliance is given this long between two faults of its own. */
const breatherMs = 1_500
const faultEveryMs = 3_000
const triesMax = 30

/** Draws schedule `number` of `seed`. Odd schedules part the databases, so that at least half of them overlap faults. */
export function drawSchedule({ seed, number, seconds, topology }: SchedulePlan): Schedule {
  const random = randomStream(seed, `torture/${number}`)
  const span = { from: warmUpMs, until: seconds * 1_000 - calmMs }
  const draw: Draw = { random, topology, span }
  const faults: Fault[] = number % 2 === 1 || random.below(2) === 0 ? drawPartition(draw) : []
  // In every second of the odd ones both databases work through their partition, so that there is something to merge.
  const [partition] = number % 4 === 1 ? faults : []
  const drawn = Math.max(2, Math.round((span.until - span.from) / faultEveryMs))
  for (let index = 0; index < drawn; index += 1) {
    // The first two go round the classes, so that a few schedules meet all of them.
    const turn = faultClasses[(2 * (number - 1) + index) % faultClasses.length]
    const fault = drawFault(draw, index < 2 && turn !== undefined ? turn : pick(random, faultClasses), {
      faults,
      partition,
    })
    if (fault !== undefined) faults.push(fault)
  }
  return { seed, number, seconds, faults: faults.toSorted((a, b) => a.atMs - b.atMs) }
}

/** Whether two faults of the schedule are in force at once. */
export function overlaps({ faults }: Schedule): boolean {
  return faults.some((fault, index) => faults.slice(index + 1).some((later) => later.atMs < fault.atMs + fault.forMs))
}

/** One fault in words: `4.2 s silence for 2.1 s: west1 > east1`. */
export function faultLine(fault: Fault): string {
  const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`
  const where = 'appliance' in fault ? fault.appliance : fault.links.map(linkText).join(', ')
  return `${seconds(fault.atMs).padStart(6)}  ${fault.class} for ${seconds(fault.forMs)}: ${where}`
}

function linkText({ kind, from, to }: LinkEnds): string {
  return kind === 'agents' ? `agents of ${from} > ${to}` : `${from} > ${to}`
}

type Span = { readonly from: number; readonly until: number }
type Draw = {
  readonly random: RandomStream
  readonly topology: Topology
  readonly span: Span
}

/**
 * The databases cannot hear each other; while that lasts, the agents of one site lose all appliances there, so that
 * sessions that were changed on one side go on on the other (RP8).
 */
function drawPartition({ random, topology, span }: Draw): Fault[] {
  const [one, other] = topology.appliances.filter(({ role }) => role === 'database')
  if (one === undefined || other === undefined) return []
  const length = Math.min(4_000 + random.below(3_000), span.until - span.from)
  const atMs = span.from + random.below(span.until - span.from - length + 1)
  const cut: LinksFault = {
    class: pick(random, linkFaults),
    links: [
      { kind: 'peers', from: one.id, to: other.id },
      { kind: 'peers', from: other.id, to: one.id },
    ],
    atMs,
    forMs: length,
  }
  const { site } = pick(random, [one, other])
  const moved: LinksFault = {
    class: pick(random, linkFaults),
    links: agentLinks(topology, site, ({ site: of }) => of === site),
    atMs: atMs + Math.round(length * 0.4),
    forMs: Math.round(length * 0.3),
  }
  return [cut, moved]
}

type Drawn = { readonly faults: readonly Fault[]; readonly partition: Fault | undefined }

function drawFault(draw: Draw, kind: FaultClass, { faults, partition }: Drawn): Fault | undefined {
  if (isLinkFault(kind)) return { class: kind, links: drawLinks(draw), ...drawWindow(draw) }
  const { random, topology } = draw
  const candidates = topology.appliances.filter((appliance) => kind !== 'fill' || isDatabase(appliance))
  for (let tries = 0; tries < triesMax; tries += 1) {
    const fault: ProcessFault = { class: kind, appliance: pick(random, candidates).id, ...drawWindow(draw) }
    const spoils = partition !== undefined && isDatabaseOf(topology, fault.appliance) && areClose(fault, partition)
    if (!spoils && faults.every((other) => !isOfOneAppliance(fault, other) || !areClose(fault, other))) return fault
  }
  return undefined
}

function isOfOneAppliance(fault: ProcessFault, other: Fault): boolean {
  return 'appliance' in other && other.appliance === fault.appliance
}

function areClose(a: Window, b: Window): boolean {
  return a.atMs < b.atMs + b.forMs + breatherMs && b.atMs < a.atMs + a.forMs + breatherMs
}

function isDatabaseOf(topology: Topology, id: ApplianceId): boolean {
  return topology.appliances.some((appliance) => appliance.id === id && isDatabase(appliance))
}

function drawWindow({ random, span }: Draw): Window {
  const forMs = faultMs.min + random.below(Math.min(faultMs.max, span.until - span.from) - faultMs.min)
  return { atMs: span.from + random.below(span.until - span.from - forMs + 1), forMs }
}

/** One link, everything between a site's agents and its appliances, or two appliances, in one direction or in both. */
function drawLinks({ random, topology }: Draw): LinkEnds[] {
  const sites = topology.sites.filter(({ type }) => type === 'active')
  // Nobody dials a service appliance but agents.
  const to = pick(random, topology.appliances.filter(isDatabase))
  const from = pick(
    random,
    topology.appliances.filter(({ id }) => id !== to.id),
  )
  const site = pick(random, sites).id
  const served = pick(random, topology.appliances)
  switch (random.below(4)) {
    case 0:
      return agentLinks(topology, site, ({ id }) => id === served.id)
    case 1:
      return agentLinks(topology, site, ({ site: of }) => of === site)
    case 2:
      return [{ kind: 'peers', from: from.id, to: to.id }]
    default:
      return [
        { kind: 'peers', from: from.id, to: to.id },
        ...(isDatabase(from) ? ([{ kind: 'peers', from: to.id, to: from.id }] as const) : []),
      ]
  }
}

type Appliance = Topology['appliances'][number]

function agentLinks(topology: Topology, from: SiteId, holds: (to: Appliance) => boolean): LinkEnds[] {
  return topology.appliances.filter(holds).map(({ id }) => ({ kind: 'agents', from, to: id }))
}

function isDatabase({ role }: Appliance): boolean {
  return role === 'database'
}

function isLinkFault(kind: FaultClass): kind is LinksFault['class'] {
  return (linkFaults as readonly FaultClass[]).includes(kind)
}

function pick<Item>(random: RandomStream, items: readonly [Item, ...Item[]] | readonly Item[]): Item {
  return items[random.below(items.length)] as Item
}
