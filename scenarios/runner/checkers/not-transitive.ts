/**
 * SP4 seen from outside: whatever an agent dials in a pass belongs to its home site, to that site's own failover sites, to
 * the site that served when the pass began (LO1, LO2), or is one of its bootstrap addresses. The status lines say only
 * which topology was in use and where the agent had links and sessions.
 */
import { type Checker, type Finding } from '../history.ts'
import { type AgentEvidence, clockSlackMs, type PassSeen, singleAgents, whyNoSockets } from './evidence.ts'
import { type EnterpriseMap, mapOf, topologiesOf } from './enterprise-map.ts'
import { servingBefore } from './serving-before.ts'
import { type SiteId } from '#shared/ids.ts'
import { type Topology } from '#shared/topology/model.ts'

export const notTransitive: Checker = {
  name: 'not-transitive',
  rules: ['SP4'],
  invariant: "A pass dials nobody beyond home, home's own failover sites, the site that served and the last resort.",
  check(history) {
    const agents = singleAgents(history)
    const why = whyNoSockets(history, agents)
    if (why !== null) return { verdict: 'unknown', why }
    const map = mapOf(history)
    const findings: Finding[] = []
    let checked = 0
    for (const evidence of agents) {
      for (const pass of evidence.passes) {
        const judged = judge(map, evidence, pass)
        checked += judged.tempted ? 1 : 0
        findings.push(...judged.findings)
      }
    }
    return findings.length === 0 ? { verdict: 'holds', checked } : { verdict: 'broken', checked, findings }
  },
}

/** `tempted`: the pass left its home site, and there was a site to which it must not go. */
function judge(
  map: EnterpriseMap,
  evidence: AgentEvidence,
  pass: PassSeen,
): { readonly tempted: boolean; readonly findings: readonly Finding[] } {
  const homes = topologiesOf(map, evidence, pass).map((topology) => ({
    topology,
    home: map.homeOf(evidence.agent, topology),
  }))
  if (homes.length === 0 || homes.some(({ home }) => home === undefined)) return { tempted: false, findings: [] }
  const allowed = new Set(homes.flatMap(({ topology, home }) => ownSites(topology, home ?? null)))
  const beyond = homes.some(({ topology }) => topology.sites.some(({ id }) => !allowed.has(id)))
  const served = servingBefore(map, evidence, pass)
  const bootstrap = new Set(map.bootstrapOf(evidence.agent))
  const dials = evidence.sockets.filter(
    ({ dialledAt }) => dialledAt >= pass.beganAt - clockSlackMs && dialledAt <= pass.endedAt + clockSlackMs,
  )
  const homeSites = new Set(homes.map(({ home }) => home))
  const away = dials.filter(({ endpoint }) => ![...map.sitesOfEndpoint(endpoint)].some((site) => homeSites.has(site)))
  const foreign = away.filter(({ endpoint }) => {
    const sites = [...map.sitesOfEndpoint(endpoint)]
    return (
      sites.length > 0 &&
      !sites.some((site) => allowed.has(site) || served.has(site)) &&
      !bootstrap.has(map.canonical(endpoint))
    )
  })
  const findings = foreign.map(({ dialledAt, endpoint }) => ({
    at: dialledAt,
    agent: evidence.agent,
    rule: 'SP4',
    text: `dialled ${endpoint} of ${[...map.sitesOfEndpoint(endpoint)].join(', ')} in pass ${pass.number} (${pass.purpose})`,
  }))
  return { tempted: beyond && away.length > 0, findings }
}

/** A site and its own failover sites. */
function ownSites(topology: Topology, id: SiteId | null): readonly SiteId[] {
  const site = topology.sites.find((one) => one.id === id)
  if (site === undefined) return []
  return [site.id, site.failover.primary, site.failover.secondary].filter((one) => one !== undefined)
}
