/**
 * The plan of a pass: whom to try, in which order, and why.
 *
 * A pass from home walks home, primary, secondary, last resort (SP1), each site in random order (SP2), home under the
 * pin (PN1, PN2). A pass after a loss first tries the other appliances of the site that served, then the lost one once
 * more, then goes from home with a live pin first (LO1). A home that is none has only the last resort (HS6).
 */
import { type Candidate, type Group } from './pass.ts'
import { homeOrder, isLive, type Pin } from './pin.ts'
import { type Stage } from '#shared/decision.ts'
import { type ApplianceId, Endpoint, type SiteId } from '#shared/ids.ts'
import { type RandomStream, shuffled } from '#shared/random.ts'
import { type Appliance, type Topology } from '#shared/topology/model.ts'
import { appliancesOf, stagesOf } from '#shared/topology/stages.ts'

export type HostPort = { readonly host: string; readonly port: number }

export type Ground = {
  readonly topology: Topology
  readonly home: SiteId | null
  readonly primServer: HostPort
  readonly addresses: ReadonlyMap<string, string>
  readonly random: RandomStream
  readonly pin: Pin | undefined
  readonly policyMs: number
}

/** The place that was lost: its candidate as it was dialled. */
export type LostPlace = { readonly appliance: ApplianceId; readonly site: SiteId } & HostPort

/** A name counts as the address it was resolved to (SPEC.md section 1, *endpoint*). */
function endpointOf({ host, port }: HostPort, addresses: ReadonlyMap<string, string>): Endpoint {
  return Endpoint(addresses.get(host) ?? host.toLowerCase(), port)
}

function candidate(appliance: Appliance, stage: Stage, addresses: ReadonlyMap<string, string>): Candidate {
  const { id, site, host, port } = appliance
  return { stage, appliance: id, site, host, port, endpoint: endpointOf(appliance, addresses) }
}

/** Who of the topology stands at the bootstrap address; `null` where nobody does (ST8, SP3). */
function unnamed(place: HostPort, stage: Stage, ground: Pick<Ground, 'topology' | 'addresses'>): Candidate {
  const endpoint = endpointOf(place, ground.addresses)
  const known = ground.topology.appliances.find((appliance) => endpointOf(appliance, ground.addresses) === endpoint)
  return { stage, appliance: known?.id ?? null, site: known?.site ?? null, ...place, endpoint }
}

/** `IPTXPrimServer`, then `IPTXALTSERVERS` in order (BT1, BT2). */
export function bootstrapPlan(servers: readonly HostPort[], addresses: ReadonlyMap<string, string>): readonly Group[] {
  return inOrder('bootstrap', servers, addresses)
}

/** The addresses of an agent without a topology, in the order written, whatever the pass is for (FB4). */
export function listPlan(servers: readonly HostPort[], addresses: ReadonlyMap<string, string>): readonly Group[] {
  return inOrder('list', servers, addresses)
}

function inOrder(stage: Stage, servers: readonly HostPort[], addresses: ReadonlyMap<string, string>): readonly Group[] {
  const candidates = servers.map((place) => ({
    stage,
    appliance: null,
    site: null,
    ...place,
    endpoint: endpointOf(place, addresses),
  }))
  return [{ candidates, leftWhenBusy: false }]
}

/** One walk from home (SP1, SP2, PN1, PN2). */
export function homePlan(ground: Ground): readonly Group[] {
  const groups = stagesOf(ground.topology, ground.home).map(({ stage, appliances }) => {
    const random = shuffled(appliances, ground.random)
    const ordered =
      stage === 'home' ? homeOrder(random, ground.pin, ground.policyMs, ground.topology.settings.pinWindowMs) : random
    return { candidates: ordered.map((one) => candidate(one, stage, ground.addresses)), leftWhenBusy: false }
  })
  return [...groups, { candidates: [unnamed(ground.primServer, 'last-resort', ground)], leftWhenBusy: false }]
}

/** The home site alone: a timer move goes home or nowhere (FB4). */
export function timerPlan(ground: Ground): readonly Group[] {
  return homePlan(ground).filter(({ candidates }) => candidates[0]?.stage === 'home')
}

/** After the loss of `lost` (LO1). Where the site that served is home, its stage is called home. */
export function failoverPlan(ground: Ground, lost: LostPlace): readonly Group[] {
  const stage: Stage = lost.site === ground.home ? 'home' : 'serving'
  const others = appliancesOf(ground.topology, lost.site).filter((appliance) => appliance.id !== lost.appliance)
  const lostOne: Candidate = {
    stage,
    appliance: lost.appliance,
    site: lost.site,
    host: lost.host,
    port: lost.port,
    endpoint: endpointOf(lost, ground.addresses),
  }
  const serving = [
    ...shuffled(others, ground.random).map((appliance) => candidate(appliance, stage, ground.addresses)),
    lostOne,
  ]
  const pin = isLive(ground.pin, ground.policyMs, ground.topology.settings.pinWindowMs) ? ground.pin : undefined
  return [{ candidates: serving, leftWhenBusy: stage === 'serving' }, ...homePlan({ ...ground, pin })]
}
