/** Whether what is seen is what a scenario expects. Each function says what does not fit, or `null`. */
import { type Decision, type SessionStatus, type TriedCandidate } from '#shared/decision.ts'
import { type BindingExpectation, type CandidateExpectation, type DecisionExpectation } from '../scenario.ts'
import { sessionPlace } from '../timeline.ts'
import { type KeptAudit } from '../world/appliances.ts'

/** Whether `kept` holds the records of that agent: these, numbered from 1 in this order, under one incarnation. */
export function auditMismatch(kept: readonly KeptAudit[], agent: string, expected: readonly string[]): string | null {
  const own = kept.filter(({ by, source }) => by === 'agent' && source === agent).toSorted((a, b) => a.seq - b.seq)
  if (new Set(own.map(({ incarnation }) => incarnation)).size > 1) return 'its queue began anew'
  const doubled = own.find(({ seq }, index) => own[index - 1]?.seq === seq)
  if (doubled !== undefined) return `record ${doubled.seq} is there twice`
  const missing = expected.findIndex((_, index) => own[index]?.seq !== index + 1)
  if (missing !== -1) return `record ${missing + 1} is missing, ${expected[missing] ?? ''}`
  const is = own.map(({ kind, user, detail }) => {
    return `${kind} of ${user ?? 'nobody'}${detail === undefined ? '' : `: ${detail}`}`
  })
  const wrong = expected.findIndex((text, index) => is[index] !== text)
  if (wrong !== -1) return `record ${wrong + 1} is ${is[wrong] ?? ''}, not ${expected[wrong] ?? ''}`
  return is.length === expected.length ? null : `there is ${is[expected.length] ?? ''} as well`
}

/** `expected` of a session that is or is not there. */
export function bindingMismatch(session: SessionStatus | undefined, expected: BindingExpectation): string | null {
  if (session === undefined) return 'it is not there'
  const { binding } = session
  if (binding === null) return session.moving ? 'it is moving' : 'it is offline'
  const where = `it is bound to ${sessionPlace(session)}`
  const fits =
    isOneOf(expected.appliance, binding.appliance) &&
    (expected.site === undefined || expected.site === binding.site) &&
    isOneOf(expected.stage, binding.stage) &&
    (expected.temporary === undefined || expected.temporary === binding.temporary) &&
    (expected.state === undefined || expected.state === session.state) &&
    (expected.paused === undefined || expected.paused === session.paused) &&
    expected.notTo?.includes(binding.appliance) !== true
  return fits ? null : where
}

/** The first field of `expected` that does not fit. */
export function decisionMismatch(decision: Decision, expected: DecisionExpectation): string | null {
  const fields: readonly (readonly [string, unknown, unknown])[] = [
    ['purpose', expected.purpose, decision.purpose],
    ['outcome', expected.outcome, decision.outcome],
    ['appliance', expected.appliance, decision.appliance],
    ['stage', expected.stage, decision.stage],
    ['home', expected.home, decision.home.site],
    ['homeBy', expected.homeBy, decision.home.by],
    ['epoch', expected.epoch, decision.epoch],
  ]
  const wrong = fields.find(([, wanted, is]) => wanted !== undefined && wanted !== is)
  if (wrong !== undefined) return `${wrong[0]} is ${String(wrong[2])}`
  const missing = expected.rules?.find((rule) => !decision.rules.includes(rule))
  if (missing !== undefined) return `${missing} is not among its rules`
  const present = expected.notRules?.find((rule) => decision.rules.includes(rule))
  if (present !== undefined) return `${present} is among its rules`
  const tried = expected.tried ?? expected.triedInAnyOrder
  if (tried === undefined) return null
  const fits =
    expected.tried === undefined ? fitInAnyOrder(decision.candidates, tried) : fitInOrder(decision.candidates, tried)
  return fits ? null : 'its candidates are others'
}

function fitInOrder(candidates: readonly TriedCandidate[], expected: readonly CandidateExpectation[]): boolean {
  if (candidates.length !== expected.length) return false
  return expected.every((wanted, index) => candidateFits(candidates[index], wanted))
}

/** Some order of the candidates fits; there are few, so all are looked at. */
function fitInAnyOrder(candidates: readonly TriedCandidate[], expected: readonly CandidateExpectation[]): boolean {
  const [wanted, ...rest] = expected
  if (wanted === undefined) return candidates.length === 0
  return candidates.some(
    (candidate, index) => candidateFits(candidate, wanted) && fitInAnyOrder(candidates.toSpliced(index, 1), rest),
  )
}

function candidateFits(candidate: TriedCandidate | undefined, wanted: CandidateExpectation): boolean {
  return (
    candidate !== undefined &&
    (wanted.appliance === undefined || wanted.appliance === candidate.appliance) &&
    (wanted.endpoint === undefined || wanted.endpoint === candidate.endpoint) &&
    isOneOf(wanted.stage, candidate.stage) &&
    isOneOf(wanted.outcome, candidate.outcome)
  )
}

function isOneOf<Value extends string>(wanted: Value | readonly Value[] | undefined, is: Value): boolean {
  if (wanted === undefined) return true
  return typeof wanted === 'string' ? wanted === is : wanted.includes(is)
}
