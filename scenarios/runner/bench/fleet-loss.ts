/**
 * What a fleet feels when one of the two appliances of its site is killed, against a bare reconnect storm of the same
 * size in the same run. Lost and resumed are read from the agents' watch streams, the kill from the lab.
 */
import { join } from 'node:path'
import { type HistoryEvent } from '../history.ts'
import { recordHistory } from '../history-recorder.ts'
import { loadLab } from '../lab-file.ts'
import { labOf } from '../play/lab.ts'
import { freePorts } from '../ports.ts'
import { cacheFolder, defaultRunsFolder, makeRunFolder } from '../run-folder.ts'
import { openWorld, type World } from '../world/world.ts'
import { bareStorm } from './bare-storm.ts'
import { type BenchOptions, judge, type Measured, repeat } from './bench.ts'
import { rounded, spread, type Spread, spreadText } from './spread.ts'
import { storeIn } from './store-facts.ts'
import { type AgentId, type ApplianceId, type SessionId } from '#shared/ids.ts'
import { labPki } from '#shared/pki/cache.ts'

export type FleetLoss = {
  readonly store: string
  readonly agents: number
  readonly fabric: string
  /** Sessions that the killed appliance served. */
  readonly lost: number
  readonly resumed: number
  /** Logins asked for after the kill, and sessions that were paused for one. */
  readonly loginsNeeded: number
  /** From the kill to an agent's knowing it, and to its session being served again. Real ms. */
  readonly detectionMs: Spread
  readonly resumedMs: Spread
  /** The baseline: `agents` bare TLS WebSockets, no fabric, same first jitter, same cap on dials. Real ms. */
  readonly bareStormMs: Spread
  /** p99 of resumed, less detection, over p99 of the bare storm. */
  readonly ratio: number
}

/** The bench `fleet-loss`: it is small in itself, so that neither `quick` nor `full` changes it. */
export async function fleetLossBench(options: BenchOptions): Promise<Measured<FleetLoss>> {
  const runs = await repeat(options, async () => await fleetLoss(options.seed, options.signal))
  const ratios = runs.map(({ ratio }) => ratio)
  const text = runs.flatMap((run) => [
    `${run.agents} agents, one of two appliances killed, ${run.fabric}: ${run.resumed} of ${run.lost} sessions resumed, ` +
      `logins needed: ${run.loginsNeeded}`,
    `  loss to detected ${spreadText(run.detectionMs)}`,
    `  loss to resumed  ${spreadText(run.resumedMs)}`,
    `  bare storm of ${run.agents} ${spreadText(run.bareStormMs)}; ratio ${rounded(run.ratio)}`,
  ])
  return {
    store: runs[0]?.store ?? 'unknown',
    runs,
    targets: [judge('(p99 resumed - p99 detected) over p99 of the bare storm', 'at most', 2, ratios)],
    notes: ['the bare storm has the same jitter and the same cap on dials, and no fabric'],
    text,
  }
}

const signInsInFlight = 32
const resumedWithinMs = 30_000

/** Runs the lab `fleet` once and the storm once. */
export async function fleetLoss(seed: string, signal: AbortSignal): Promise<FleetLoss> {
  const { enterprise } = loadLab('fleet', undefined)
  const [fleet] = enterprise.fleets
  const [victim] = enterprise.topology.appliances
  if (fleet === undefined || victim === undefined) throw new Error('the lab has a fleet and an appliance')
  const folder = makeRunFolder(defaultRunsFolder, 'bench-fleet-loss', seed)
  const recorder = recordHistory(join(folder, 'history.ndjson'))
  const world = await openWorld({ enterprise, seed, folder, cacheFolder, extraEndpoints: [], recorder, signal })
  try {
    await using played = labOf(world, signal, () => {})
    const { lab } = played
    await lab.fleet(fleet.id).signInAll(signInsInFlight)
    await lab.appliance(victim.id).kill()
    await allElsewhere(world, victim.id)
  } finally {
    await world.close()
  }
  const loss = readLoss(recorder.events(), victim.id)
  await recorder.close()
  const bareStormMs = spread(await storm(fleet.count))
  const [detectionMs, resumedMs] = [spread(loss.detectedMs), spread(loss.resumedMs)]
  return {
    store: storeIn(folder),
    agents: fleet.count,
    fabric: world.fabric.description,
    lost: loss.lost,
    resumed: loss.resumedMs.length,
    loginsNeeded: loss.loginsNeeded,
    detectionMs,
    resumedMs,
    bareStormMs,
    ratio: (resumedMs.p99 - detectionMs.p99) / bareStormMs.p99,
  }
}

/** Every session of the world is served, and none by the appliance that is gone. */
async function allElsewhere({ view, fleetAgents }: World, victim: ApplianceId): Promise<void> {
  const isElsewhere = (agent: AgentId): boolean =>
    view.status(agent)?.sessions.every(({ binding }) => binding !== null && binding.appliance !== victim) === true
  const waiting = (): AgentId[] => [...fleetAgents].filter((agent) => !isElsewhere(agent))
  const late = () => new Error(`after ${resumedWithinMs / 1000} s these are not resumed: ${waiting().join(', ')}`)
  await view.until(() => (waiting().length === 0 ? true : undefined), resumedWithinMs, late)
}

async function storm(count: number): Promise<readonly number[]> {
  const host = 'storm.test'
  const id = 'storm' as ApplianceId
  const pki = await labPki(join(cacheFolder, 'pki'), 'bare storm', [{ id, host }])
  const [first, second] = await freePorts(2)
  return await bareStorm(count, [first as number, second as number], { caFile: pki.caFile, ...pki.of(id), host })
}

type Loss = {
  readonly lost: number
  readonly detectedMs: readonly number[]
  readonly resumedMs: readonly number[]
  readonly loginsNeeded: number
}

function readLoss(events: readonly HistoryEvent[], victim: ApplianceId): Loss {
  const killedAt = events.find((event) => event.type === 'appliance.not-serving' && event.cause === 'killed')?.at
  if (killedAt === undefined) throw new Error('the history tells of the kill')
  const bound = new Map<SessionId, ApplianceId | undefined>()
  const lost = new Map<SessionId, { detectedMs?: number; resumedMs?: number }>()
  let loginsNeeded = 0
  for (const event of events) {
    if (event.type === 'asked' && event.at > killedAt && event.operation !== 'lock') loginsNeeded += 1
    if (event.type !== 'status') continue
    for (const { session, binding, state } of event.status.sessions) {
      if (event.at <= killedAt) {
        bound.set(session, binding?.appliance)
        continue
      }
      if (bound.get(session) !== victim) continue
      const seen = lost.get(session) ?? {}
      lost.set(session, seen)
      if (binding?.appliance !== victim) seen.detectedMs ??= event.at - killedAt
      if (binding === null || binding.appliance === victim) continue
      if (seen.resumedMs === undefined && state === 'paused') loginsNeeded += 1
      seen.resumedMs ??= event.at - killedAt
    }
  }
  const of = (key: 'detectedMs' | 'resumedMs') => [...lost.values()].flatMap((seen) => seen[key] ?? [])
  const served = [...bound.values()].filter((appliance) => appliance === victim)
  return { lost: served.length, detectedMs: of('detectedMs'), resumedMs: of('resumedMs'), loginsNeeded }
}
