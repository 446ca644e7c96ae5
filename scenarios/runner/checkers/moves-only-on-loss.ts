/**
 * BD1, BD3 and FB3 seen from outside: the status lines say to which appliance a client's session was bound; a session that
 * leaves its appliance needs a reason in what the lab did or in what the client asked. Reasons: the appliance or the way to
 * it was disturbed, it closed the link, it left a question unanswered for the whole `requestTimeout` (SP6), the session was
 * unlocked while bound outside its home site, or an agent of profile `timer` took it home after `failoverSiteTimeout` (FB4).
 */
import { type Checker, type Finding, type History } from '../history.ts'
import { type AgentEvidence, clockSlackMs, evidenceOf, type StatusSeen } from './evidence.ts'
import { type EnterpriseMap, mapOf, placeOf } from './enterprise-map.ts'
import { type Truth, truthOf } from './truth.ts'
import { type Binding } from '#shared/decision.ts'
import { type ApplianceId, type SessionId, type SiteId } from '#shared/ids.ts'
import { silenceMaxMs } from '#shared/wire/liveness.ts'

export const movesOnlyOnLoss: Checker = {
  name: 'moves-only-on-loss',
  rules: ['BD1', 'BD3', 'FB3', 'FB4'],
  invariant:
    'A running session leaves its appliance only when that is lost, by an unlock away from home, or by a timer.',
  check(history) {
    const agents = evidenceOf(history)
    const silent = agents.find(({ asks, statuses }) => asks.length > 0 && statuses.length === 0)
    if (silent !== undefined) return { verdict: 'unknown', why: `no status line of ${silent.agent} was seen` }
    if (agents.every(({ statuses }) => statuses.length === 0))
      return { verdict: 'unknown', why: 'no status line was seen' }
    const map = mapOf(history)
    const ground: Ground = { history, map, truth: truthOf(history, map) }
    const findings: Finding[] = []
    let checked = 0
    for (const evidence of agents) {
      const leaves = leavesOf(evidence)
      checked += leaves.length + temptations(evidence)
      findings.push(
        ...leaves.filter((leave) => !hasReason(ground, evidence, leave)).map((leave) => accuse(evidence, leave)),
      )
    }
    return findings.length === 0 ? { verdict: 'holds', checked } : { verdict: 'broken', checked, findings }
  },
}

type Ground = { readonly history: History; readonly map: EnterpriseMap; readonly truth: Truth }
/** Between two status lines the session was no longer bound where it had been. */
type Leave = {
  readonly session: SessionId
  readonly from: Binding
  readonly to: Binding | null
  readonly lastSeenAt: number
  readonly at: number
}

function leavesOf({ statuses, restarts }: AgentEvidence): readonly Leave[] {
  const leaves: Leave[] = []
  const bound = new Map<SessionId, { readonly binding: Binding; readonly at: number }>()
  for (const { at, status } of statuses) {
    for (const { session, binding } of status.sessions) {
      const last = bound.get(session)
      if (last !== undefined && last.binding.appliance !== binding?.appliance) {
        const restarted = restarts.some((restart) => restart >= last.at && restart <= at)
        if (!restarted) leaves.push({ session, from: last.binding, to: binding, lastSeenAt: last.at, at })
      }
      if (binding === null) bound.delete(session)
      else bound.set(session, { binding, at })
    }
  }
  return leaves
}

/** Passes that found another appliance while a session was bound and stayed so: there it could have moved wrongly. */
function temptations(evidence: AgentEvidence): number {
  return evidence.passes.filter(({ decision, endedAt }) => {
    const found = decision?.outcome === 'found' ? decision.appliance : null
    const status = evidence.statuses.findLast(({ at }) => at <= endedAt)?.status
    return (
      found !== null && status?.sessions.some(({ binding }) => binding !== null && binding.appliance !== found) === true
    )
  }).length
}

function hasReason(ground: Ground, evidence: AgentEvidence, leave: Leave): boolean {
  const { history, map } = ground
  return (
    wasDisturbed(ground, evidence, leave) ||
    wasClosed(map, evidence, leave) ||
    wasSlow(history, evidence, leave) ||
    wasUnlockedAway(map, evidence, leave) ||
    wasTakenHome(history, map, evidence, leave)
  )
}

/** The loss may be older than the move by the time that it takes to notice silence. */
function wasDisturbed(
  { history, map, truth }: Ground,
  { agent }: AgentEvidence,
  { from, lastSeenAt, at }: Leave,
): boolean {
  const settings = history.enterprise.topology.settings
  const since = Math.min(lastSeenAt, at - 2 * silenceMaxMs(settings) - settings.requestTimeoutMs)
  return placesOf(map, from.appliance).some((place) => !truth.surelyServed(agent, place, since, at))
}

/** The other side ended the last link that was open to it, before the session left and not as it left. */
function wasClosed(map: EnterpriseMap, { sockets }: AgentEvidence, { from, at }: Leave): boolean {
  const endpoints = new Set(placesOf(map, from.appliance).map(({ endpoint }) => map.canonical(endpoint)))
  const link = sockets.findLast(({ endpoint, dialledAt }) => dialledAt < at && endpoints.has(map.canonical(endpoint)))
  return link?.closedBy === 'remote' && link.closedAt < at
}

/** A question of this agent was open for the whole `requestTimeout` just before: a slow appliance is unavailable (SP6). */
function wasSlow({ enterprise }: History, { asks }: AgentEvidence, { at }: Leave): boolean {
  const { requestTimeoutMs, connectTimeoutMs } = enterprise.topology.settings
  return asks.some(
    ({ askedAt, answeredAt }) =>
      answeredAt - askedAt >= requestTimeoutMs &&
      askedAt <= at &&
      answeredAt >= at - requestTimeoutMs - connectTimeoutMs,
  )
}

/** FB3: an unlock takes a session home, and one that is home already stays where it is. */
function wasUnlockedAway(map: EnterpriseMap, { agent, asks, statuses }: AgentEvidence, leave: Leave): boolean {
  const unlocked = asks.some(
    ({ operation, session, askedAt, answeredAt }) =>
      operation === 'unlock' &&
      session === leave.session &&
      askedAt <= leave.at + clockSlackMs &&
      answeredAt >= leave.lastSeenAt - clockSlackMs,
  )
  // Who tries a list has no home: an unlock begins with its first address wherever the session is bound (FB4).
  return unlocked && (map.profileOf(agent) === 'list' || isAway(map, agent, statuses, leave))
}

/** FB4: all sessions of a `timer` agent go home once one of them has been away for so long. */
function wasTakenHome(
  { enterprise }: History,
  map: EnterpriseMap,
  { agent, statuses }: AgentEvidence,
  leave: Leave,
): boolean {
  if (map.profileOf(agent) !== 'timer' || leave.to === null) return false
  const homes = homesAt(map, agent, statuses, leave)
  if (!homes.includes(leave.to.site) || homes.every((home) => home === leave.from.site)) return false
  const { failoverSiteTimeoutMs, timeScale } = enterprise.topology.settings
  const isOneAway = ({ status }: StatusSeen): boolean =>
    status.sessions.some(({ binding }) => binding !== null && homes.some((home) => home !== binding.site))
  const before = statuses.filter(({ at }) => at < leave.at)
  const since = before[before.findLastIndex((one) => !isOneAway(one)) + 1]
  return since !== undefined && leave.at - since.at >= failoverSiteTimeoutMs / timeScale - clockSlackMs
}

function isAway(
  map: EnterpriseMap,
  agent: AgentEvidence['agent'],
  statuses: readonly StatusSeen[],
  leave: Leave,
): boolean {
  return homesAt(map, agent, statuses, leave).some((home) => home === undefined || home !== leave.from.site)
}

/** The home site in every topology that may have been in use as the session left; `undefined`: cannot be known. */
function homesAt(
  map: EnterpriseMap,
  agent: AgentEvidence['agent'],
  statuses: readonly StatusSeen[],
  leave: Leave,
): readonly (SiteId | null | undefined)[] {
  const epochs = statuses
    .filter(({ at }) => at >= leave.lastSeenAt && at <= leave.at)
    .flatMap(({ status }) => [status.topology.inUse, status.topology.received])
  return [...new Set(epochs)].flatMap((epoch) => {
    const topology = map.epochs.get(epoch)
    return topology === undefined ? [] : [map.homeOf(agent, topology)]
  })
}

function placesOf(map: EnterpriseMap, appliance: ApplianceId): ReturnType<typeof placeOf>[] {
  return [...map.epochs.values()].flatMap(({ appliances }) =>
    appliances.filter(({ id }) => id === appliance).map(placeOf),
  )
}

function accuse({ agent }: AgentEvidence, { session, from, to, at }: Leave): Finding {
  const where = to === null ? 'nowhere' : to.appliance
  const text = `session ${session} left ${from.appliance} for ${where}, and ${from.appliance} was not lost`
  return { at, agent, rule: 'BD3', text }
}
