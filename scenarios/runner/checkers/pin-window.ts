/**
 * PN1, PN2 and PN5 seen from outside: from the appliances to which new sessions were bound, and from the truth about
 * appliances and links, follows which appliance an agent must have pinned (`pin-belief.ts`). A login is judged only where that
 * is certain: no disturbance of the pinned appliance, restart or change of the home site since, and no other pass beside it.
 * Policy time is real time × `timeScale`.
 */
import { type Checker, type Finding, type History } from '../history.ts'
import { type AgentEvidence, clockSlackMs, evidenceOf, type PassSeen, statusAt } from './evidence.ts'
import { type EnterpriseMap, mapOf, stagesOf, topologiesOf, type Place } from './enterprise-map.ts'
import { ageOf, answered, type Belief, doubt, noPin, type Span } from './pin-belief.ts'
import { type Truth, truthOf } from './truth.ts'
import { assertNever } from '#shared/assert.ts'
import { type ApplianceId } from '#shared/ids.ts'

export const pinWindow: Checker = {
  name: 'pin-window',
  rules: ['PN1', 'PN2', 'PN5'],
  invariant:
    'A new session uses the pinned appliance within the pin window, and another one after it where one serves.',
  check(history) {
    const agents = evidenceOf(history)
    const blind = agents.find(
      ({ asks, passes, statuses }) => asks.length > 0 && (passes.length === 0 || statuses.length === 0),
    )
    if (blind !== undefined) return { verdict: 'unknown', why: `no pass or no status line of ${blind.agent} was seen` }
    const map = mapOf(history)
    const truth = truthOf(history, map)
    const walks = agents.map((evidence) => follow({ history, map, truth, evidence }))
    const findings = walks.flatMap((walk) => walk.findings)
    const checked = walks.reduce((sum, walk) => sum + walk.checked, 0)
    return findings.length === 0 ? { verdict: 'holds', checked } : { verdict: 'broken', checked, findings }
  },
}

type Ground = {
  readonly history: History
  readonly map: EnterpriseMap
  readonly truth: Truth
  readonly evidence: AgentEvidence
}

/** Walks through the passes of one agent in the order in which they ended. */
function follow(ground: Ground): { readonly checked: number; readonly findings: readonly Finding[] } {
  const { passes, restarts } = ground.evidence
  const findings: Finding[] = []
  let checked = 0
  let belief: Belief = noPin
  let walkedUntil = -Infinity
  let seen = 0
  for (const pass of passes.filter(({ endedAt }) => endedAt !== Infinity).sort((a, b) => a.endedAt - b.endedAt)) {
    const { endedAt, number } = pass
    const startedAt = restarts.findLast((at) => at > walkedUntil && at <= endedAt)
    if (startedAt !== undefined) [belief, seen] = [noPin, 0]
    // Passes are numbered from 1: one that nobody saw may have pinned an appliance.
    seen += 1
    if (number > seen && belief.kind === 'none') belief = { kind: 'unsure', earliest: startedAt ?? -Infinity }
    walkedUntil = endedAt
    if (pass.purpose === 'bootstrap' || pass.decision === undefined) continue
    belief = unlessDisturbed(ground, belief, pass)
    const verdict = newSessionAt(ground, pass) === undefined ? undefined : judge(ground, belief, pass)
    checked += verdict === undefined ? 0 : 1
    if (verdict?.finding !== undefined) findings.push(verdict.finding)
    belief = after(ground, belief, pass)
  }
  return { checked, findings }
}

function spanOf({ beganAt, endedAt }: PassSeen): Span {
  return { from: beganAt - clockSlackMs, to: endedAt + clockSlackMs }
}

/** The pin window in real ms. */
function windowOf({ history }: Ground): number {
  const { pinWindowMs, timeScale } = history.enterprise.topology.settings
  return pinWindowMs / timeScale
}

/** Home appliances of the pass; `undefined` where the map in use or the home site is not sure. */
function homePlaces({ map, evidence }: Ground, pass: PassSeen): readonly Place[] | undefined {
  const perTopology = topologiesOf(map, evidence, pass).map((topology) => {
    const home = map.homeOf(evidence.agent, topology)
    return home === undefined ? [] : (stagesOf(topology, home).find(({ stage }) => stage === 'home')?.places ?? [])
  })
  const [first] = perTopology
  const same = perTopology.every((places) => idsOf(places) === idsOf(first ?? []))
  return same && first !== undefined && first.length > 0 ? first : undefined
}

function idsOf(places: readonly Place[]): string {
  return places.map(({ appliance }) => appliance).join(' ')
}

/** PN5: the pinned appliance may have been found unavailable, by what the lab did or because it answered too late. */
function unlessDisturbed(ground: Ground, belief: Belief, pass: PassSeen): Belief {
  if (belief.kind !== 'pin') return belief
  const place = homePlaces(ground, pass)?.find(({ appliance }) => appliance === belief.appliance)
  const span = spanOf(pass)
  if (place === undefined || timedOut(pass, place)) return doubt(belief, span)
  const served = ground.truth.surelyServed(ground.evidence.agent, place, belief.latest, span.to)
  return served && !ranBeside(ground, pass) ? belief : doubt(belief, span)
}

function timedOut({ decision }: PassSeen, { appliance }: Place): boolean {
  return decision?.candidates.some((one) => one.appliance === appliance && one.outcome === 'timed-out') === true
}

function ranBeside({ evidence }: Ground, pass: PassSeen): boolean {
  return evidence.passes.some(
    (other) =>
      other !== pass && other.purpose !== 'bootstrap' && other.beganAt < pass.endedAt && other.endedAt > pass.beganAt,
  )
}

/** The appliance to which the session that this pass was made for was bound, as the client was answered. */
function newSessionAt({ evidence }: Ground, { number, beganAt, endedAt, purpose }: PassSeen): ApplianceId | undefined {
  if (purpose !== 'login') return undefined
  const ask = evidence.asks.find(
    ({ operation, answer, askedAt, answeredAt }) =>
      operation === 'login' && answer?.decision === number && askedAt <= endedAt && answeredAt >= beganAt,
  )
  return ask?.answer?.outcome === 'accepted' ? ask.answer.binding?.appliance : undefined
}

/** `undefined` where nothing can be said of this login. */
function judge(ground: Ground, belief: Belief, pass: PassSeen): { readonly finding: Finding | undefined } | undefined {
  const home = homePlaces(ground, pass)
  const bound = newSessionAt(ground, pass)
  if (belief.kind !== 'pin' || !home?.some(({ appliance }) => appliance === bound)) return undefined
  const accuse = (rule: string, text: string): { readonly finding: Finding } => ({
    finding: { at: pass.endedAt, agent: ground.evidence.agent, rule, text: `${text} (pass ${pass.number})` },
  })
  const span = spanOf(pass)
  switch (ageOf(belief, span, windowOf(ground))) {
    case 'young':
      if (bound === belief.appliance) return { finding: undefined }
      return accuse(
        'PN1',
        `a new session went to ${bound} while the pin on ${belief.appliance} was younger than the window`,
      )
    case 'old': {
      const others = home.filter(({ appliance }) => appliance !== belief.appliance)
      const other = others.find(
        (place) =>
          ground.truth.surelyServed(ground.evidence.agent, place, span.from, span.to) && !timedOut(pass, place),
      )
      if (other === undefined) return undefined
      if (bound !== belief.appliance) return { finding: undefined }
      return accuse('PN2', `a new session stayed on ${bound} after the window, while ${other.appliance} served`)
    }
    default:
      return undefined
  }
}

function after(ground: Ground, belief: Belief, pass: PassSeen): Belief {
  const span = spanOf(pass)
  const { purpose, decision } = pass
  const atHome = homePlaces(ground, pass)
  const appliance = purpose === 'login' ? newSessionAt(ground, pass) : (decision?.appliance ?? undefined)
  const foundAtHome = decision?.outcome === 'found' && atHome?.some((place) => place.appliance === appliance) === true
  if (appliance === undefined || !foundAtHome) return decision?.outcome === 'busy' ? belief : doubt(belief, span)
  const pinned = belief.kind === 'pin' ? belief.appliance : undefined
  switch (purpose) {
    case 'login':
      return ranBeside(ground, pass) ? doubt(belief, span) : answered(belief, appliance, span, windowOf(ground))
    case 'online':
    case 'background':
      // PN7: coming online starts the pin. Whether one that was there is replaced cannot be seen.
      return belief.kind === 'none' ? answered(belief, appliance, span, windowOf(ground)) : doubt(belief, span)
    case 'failover': {
      // PN5: the loss of another appliance leaves the pin alone; the pinned one is certain to be fine while it has a link.
      const links = statusAt(ground.evidence, span.to)?.links ?? []
      return pinned !== undefined && links.includes(pinned) ? belief : doubt(belief, span)
    }
    case 'timer':
    case 'unlock':
      return pinned === appliance ? belief : doubt(belief, span)
    case 'bootstrap':
      return belief
    default:
      return assertNever(purpose)
  }
}
