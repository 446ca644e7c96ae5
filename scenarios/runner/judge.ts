/** What the checkers say of one run, and what that makes of it. Unknown is not a pass, and neither is nothing checked. */
import { checkers } from './checkers/all.ts'
import { type Checker, type Finding, type History, type Verdict } from './history.ts'
import { type RunVerdict } from './outcome.ts'

export type CheckerReport = {
  readonly name: string
  readonly rules: readonly string[]
  readonly verdict: Verdict['verdict']
  /** Occasions on which the rule could have been broken. */
  readonly checked: number
  readonly findings?: readonly Finding[]
  readonly why?: string
}

/** Runs every checker over the history. */
export function judge(history: History): readonly CheckerReport[] {
  return checkers.map((checker) => reportOf(checker, checker.check(history)))
}

function reportOf({ name, rules }: Checker, verdict: Verdict): CheckerReport {
  switch (verdict.verdict) {
    case 'holds':
      return { name, rules, verdict: 'holds', checked: verdict.checked }
    case 'broken':
      return { name, rules, verdict: 'broken', checked: verdict.checked, findings: verdict.findings }
    default:
      return { name, rules, verdict: 'unknown', checked: 0, why: verdict.why }
  }
}

/** How the play itself ended: `failed` is the lab's fault and says nothing about the rules. */
export type PlayEnd = 'done' | 'broken' | 'failed'

export function verdictOf(end: PlayEnd, reports: readonly CheckerReport[]): RunVerdict {
  if (end === 'failed') return 'failed'
  if (end === 'broken' || reports.some(({ verdict }) => verdict === 'broken')) return 'broken'
  const isUnknown = reports.some(({ verdict }) => verdict === 'unknown')
  const isEmpty = reports.every(({ checked }) => checked === 0)
  return isUnknown || isEmpty ? 'unknown' : 'pass'
}
