/**
 * FB1 and SP10 seen from outside: by what a client asked and was answered. A login that was bound elsewhere, or failed for
 * want of an appliance, accuses the agent where an appliance of its home site surely served and could be reached from the
 * question to the answer. The one excuse is that each of these was tried and answered too late: the decision record, which
 * the client was told, says `timed-out`.
 */
import { type Checker, type Finding, type History } from '../history.ts'
import { type AgentEvidence, type AskSeen, evidenceOf, type PassSeen } from './evidence.ts'
import { type EnterpriseMap, mapOf, stagesOf, topologiesOf, type Place } from './enterprise-map.ts'
import { type Truth, truthOf } from './truth.ts'

export const newSessionsGoHome: Checker = {
  name: 'new-sessions-go-home',
  rules: ['FB1', 'SP10'],
  invariant: 'A new session is bound inside the home site whenever an appliance serves there.',
  check(history) {
    const agents = evidenceOf(history)
    const blind = agents.find(({ asks, statuses }) => asks.some(isLogin) && statuses.length === 0)
    if (blind !== undefined) return { verdict: 'unknown', why: `no status line of ${blind.agent} was seen` }
    const map = mapOf(history)
    const ground: Ground = { map, truth: truthOf(history, map), history }
    const occasions = agents.flatMap((evidence) =>
      evidence.asks.filter(isLogin).flatMap((ask) => judge(ground, evidence, ask) ?? []),
    )
    const findings = occasions.flatMap((occasion) => occasion.finding ?? [])
    const checked = occasions.length
    return findings.length === 0 ? { verdict: 'holds', checked } : { verdict: 'broken', checked, findings }
  },
}

type Ground = { readonly map: EnterpriseMap; readonly truth: Truth; readonly history: History }

function isLogin({ operation }: AskSeen): boolean {
  return operation === 'login'
}

/** `undefined` where the home site, or that somebody served there, is not sure. */
function judge(
  ground: Ground,
  evidence: AgentEvidence,
  ask: AskSeen,
): { readonly finding: Finding | undefined } | undefined {
  const { answer } = ask
  if (answer === undefined) return undefined
  const pass = passOf(evidence, ask, answer.decision)
  if (pass === undefined) return undefined
  const homes = topologiesOf(ground.map, evidence, pass).map((topology) => {
    const home = ground.map.homeOf(evidence.agent, topology)
    return { home, places: stagesOf(topology, home ?? null).find(({ stage }) => stage === 'home')?.places ?? [] }
  })
  const sites = new Set(homes.map(({ home }) => home))
  const [home] = sites
  if (sites.size !== 1 || home === undefined || home === null) return undefined
  const serving = homes
    .map(({ places }) => places.filter((place) => servedMeanwhile(ground.truth, evidence, place, ask)))
    .reduce((least, places) => (places.length < least.length ? places : least))
  if (serving.length === 0) return undefined
  const elsewhere = elsewhereText(answer, home)
  if (elsewhere === undefined || serving.every((place) => timedOut(pass, place))) return { finding: undefined }
  const names = serving.map(({ appliance }) => appliance).join(', ')
  const text = `a login ${elsewhere} while ${names} of the home site ${home} served and could be reached`
  return { finding: { at: ask.answeredAt, agent: evidence.agent, rule: 'FB1', text } }
}

/** The pass that the answer names, as far as it ran between question and answer. */
function passOf(
  { passes }: AgentEvidence,
  { askedAt, answeredAt }: AskSeen,
  number: number | null,
): PassSeen | undefined {
  const during = passes.filter(({ beganAt, endedAt }) => endedAt >= askedAt && beganAt <= answeredAt)
  return during.findLast((pass) => pass.number === number) ?? during.findLast(({ purpose }) => purpose === 'login')
}

function servedMeanwhile(
  truth: Truth,
  { agent }: AgentEvidence,
  place: Place,
  { askedAt, answeredAt }: AskSeen,
): boolean {
  return truth.surelyServed(agent, place, askedAt, answeredAt)
}

/** How the answer differs from a session at home; `undefined` for one, and for an answer that says nothing about it. */
function elsewhereText(answer: NonNullable<AskSeen['answer']>, home: string): string | undefined {
  if (answer.outcome === 'failed') return answer.code.startsWith('offline.') ? 'failed as offline' : undefined
  if (answer.binding === null) return 'was offline'
  return answer.binding.site === home ? undefined : `was bound to ${answer.binding.appliance} of ${answer.binding.site}`
}

function timedOut({ decision }: PassSeen, { appliance }: Place): boolean {
  return decision?.candidates.some((one) => one.appliance === appliance && one.outcome === 'timed-out') === true
}
