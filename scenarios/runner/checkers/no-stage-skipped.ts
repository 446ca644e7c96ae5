/**
 * SP1 and SP10 seen from outside: by the order of dials. A dial of a later stage, or a pass that ends with nothing, accuses an
 * agent where an appliance of an earlier stage surely served, could be reached all the while and was not tried. One that was
 * tried may have answered too late for the agent, which is *unavailable* (SP6); an open link counts as tried. Where the answer
 * to a login went is judged by `new-sessions-go-home`. Each address of an agent of profile `list` is a stage of its own, and a
 * timer move has the home site alone (FB4).
 */
import { type Checker, type Finding, type History } from '../history.ts'
import { type AgentEvidence, clockSlackMs, type PassSeen, singleAgents, whyNoSockets } from './evidence.ts'
import { type EnterpriseMap, mapOf, placeOf, stagesOf, topologiesOf, type Place } from './enterprise-map.ts'
import { servingBefore } from './serving-before.ts'
import { type Truth, truthOf } from './truth.ts'
import { type Endpoint, type SiteId } from '#shared/ids.ts'
import { type Topology } from '#shared/topology/model.ts'

export const noStageSkipped: Checker = {
  name: 'no-stage-skipped',
  rules: ['SP1', 'SP10', 'FB4'],
  invariant: 'No pass goes beyond a stage without trying the appliances of it that serve and can be reached.',
  check(history) {
    const agents = singleAgents(history)
    const why = whyNoSockets(history, agents)
    if (why !== null) return { verdict: 'unknown', why }
    const judge = judgeOf(history)
    const findings: Finding[] = []
    let checked = 0
    for (const evidence of agents) {
      const walks = evidence.passes.flatMap((pass) => judge.walkOf(evidence, pass) ?? [])
      checked += walks.filter((walk) => judge.couldSkip(walk)).length
      findings.push(...evidence.sockets.flatMap((dial) => judge.skippedBy(walks, dial)))
      findings.push(...walks.flatMap((walk) => judge.skippedAtEnd(walk)))
    }
    return findings.length === 0 ? { verdict: 'holds', checked } : { verdict: 'broken', checked, findings }
  },
}

/** What one topology demands of a pass: `rank` of an endpoint that is dialled, and the appliances with theirs. */
type Plan = {
  readonly rank: ReadonlyMap<Endpoint, number>
  readonly members: readonly (Place & { readonly rank: number })[]
}
type Walk = {
  readonly evidence: AgentEvidence
  readonly pass: PassSeen
  readonly until: number
  /** One per topology that may have been in use; an accusation must hold under each. */
  readonly plans: readonly Plan[]
}
type Dial = { readonly dialledAt: number; readonly endpoint: Endpoint }

const ranks = { serving: 0, home: 1, primary: 2, secondary: 3, lastResort: 4 } as const

function judgeOf(history: History) {
  const map = mapOf(history)
  const truth = truthOf(history, map)
  const end = history.events.at(-1)?.at ?? 0
  return {
    /** `undefined` for a pass that walks no stages, or whose map cannot be known from outside. */
    walkOf(evidence: AgentEvidence, pass: PassSeen): Walk | undefined {
      if (pass.purpose === 'bootstrap') return undefined
      const serving = [...servingBefore(map, evidence, pass)]
      const isList = map.profileOf(evidence.agent) === 'list'
      const topologies = isList ? [history.enterprise.topology] : topologiesOf(map, evidence, pass)
      const plans = topologies.map((topology) =>
        isList ? listOf(map, evidence, topology) : planOf(map, evidence, pass, topology, serving),
      )
      if (plans.length === 0 || plans.includes(undefined)) return undefined
      return { evidence, pass, until: Math.min(pass.endedAt, end), plans: plans.filter((plan) => plan !== undefined) }
    },
    couldSkip({ evidence, pass, until, plans }: Walk): boolean {
      return plans.every(({ members }) =>
        members.some((place) => truth.surelyServed(evidence.agent, place, pass.beganAt, until)),
      )
    },
    /** Accused only where every pass that may have made the dial skipped somebody by it: passes overlap. */
    skippedBy(walks: readonly Walk[], dial: Dial): readonly Finding[] {
      const possible = walks.filter(
        ({ pass }) => pass.beganAt - clockSlackMs <= dial.dialledAt && dial.dialledAt <= pass.endedAt + clockSlackMs,
      )
      const skipped = possible.map((walk) =>
        skippedPlaces(map, truth, walk, dial.dialledAt, map.canonical(dial.endpoint)),
      )
      const [walk, place] = [possible[0], skipped[0]?.[0]]
      if (walk === undefined || place === undefined || skipped.some((places) => places.length === 0)) return []
      return [finding(walk, place, dial.dialledAt, `dialled ${dial.endpoint} before ${place.appliance}`)]
    },
    skippedAtEnd(walk: Walk): readonly Finding[] {
      if (walk.pass.decision?.outcome !== 'exhausted') return []
      const [place] = skippedPlaces(map, truth, walk, walk.until, null)
      return place === undefined
        ? []
        : [finding(walk, place, walk.until, `ended with nothing and without ${place.appliance}`)]
    },
  }
}

function finding({ evidence, pass }: Walk, place: Place, at: number, what: string): Finding {
  const text = `pass ${pass.number} (${pass.purpose}) ${what}, which served and could be reached`
  return { at, agent: evidence.agent, rule: 'SP10', text: `${text} at ${place.endpoint}` }
}

/** Appliances that the walk had to try before it went to `endpoint`, or (`null`) before it ended. */
function skippedPlaces(
  map: EnterpriseMap,
  truth: Truth,
  { evidence, pass, plans }: Walk,
  at: number,
  endpoint: Endpoint | null,
): readonly Place[] {
  const perPlan = plans.map(({ rank, members }) => {
    const reached = endpoint === null ? Infinity : (rank.get(endpoint) ?? 0)
    return members.filter(
      (place) =>
        place.rank < reached &&
        !wasTried(map, evidence, pass, place, at) &&
        !wasBusy(pass, place) &&
        truth.surelyServed(evidence.agent, place, pass.beganAt, at),
    )
  })
  const [first = [], ...others] = perPlan
  return first.filter(({ appliance }) =>
    others.every((places) => places.some((place) => place.appliance === appliance)),
  )
}

function wasTried(map: EnterpriseMap, { sockets }: AgentEvidence, pass: PassSeen, place: Place, at: number): boolean {
  return sockets.some(
    ({ endpoint, dialledAt, closedAt }) =>
      map.canonical(endpoint) === map.canonical(place.endpoint) &&
      dialledAt <= at + clockSlackMs &&
      closedAt >= pass.beganAt - clockSlackMs,
  )
}

/** Over a link that was open it may have said so without a socket to be seen. */
function wasBusy({ decision }: PassSeen, { appliance }: Place): boolean {
  return decision?.candidates.some((one) => one.appliance === appliance && one.outcome === 'busy') === true
}

/** FB4: the addresses in the order written; whose they are is the map's to know. */
function listOf(map: EnterpriseMap, { agent }: AgentEvidence, { appliances }: Topology): Plan {
  const list = map.bootstrapOf(agent)
  const members = list.flatMap((endpoint, rank) => {
    const known = appliances.find((appliance) => map.canonical(placeOf(appliance).endpoint) === endpoint)
    return known === undefined ? [] : [{ appliance: known.id, endpoint, rank }]
  })
  return { rank: new Map(list.map((endpoint, rank) => [endpoint, rank] as const).toReversed()), members }
}

function planOf(
  map: EnterpriseMap,
  { agent }: AgentEvidence,
  pass: PassSeen,
  topology: Topology,
  serving: readonly SiteId[],
): Plan | undefined {
  const home = map.homeOf(agent, topology)
  if (home === undefined) return undefined
  const rank = new Map<Endpoint, number>()
  const lower = (endpoint: Endpoint, to: number): void => {
    const canonical = map.canonical(endpoint)
    rank.set(canonical, Math.min(rank.get(canonical) ?? Infinity, to))
  }
  const members: (Place & { readonly rank: number })[] = []
  for (const { stage, places } of stagesOf(topology, home)) {
    if (pass.purpose === 'timer' && stage !== 'home') continue
    for (const place of places) {
      members.push({ ...place, rank: ranks[stage] })
      lower(place.endpoint, ranks[stage])
    }
  }
  // LO1: the site that served comes first. Where several may have, its appliances may come first but nobody is accused for them.
  if (pass.purpose === 'failover') {
    for (const appliance of topology.appliances.filter(({ site }) => serving.includes(site) && site !== home)) {
      lower(placeOf(appliance).endpoint, ranks.serving)
      if (serving.length === 1) members.push({ ...placeOf(appliance), rank: ranks.serving })
    }
  }
  const [lastResort] = map.bootstrapOf(agent)
  if (lastResort !== undefined) lower(lastResort, ranks.lastResort)
  return { rank, members }
}
