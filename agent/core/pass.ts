/**
 * A selection pass looks for one appliance that answers.
 *
 * Candidates come in groups, one a stage: home, primary failover site, secondary, last resort (SP1); after a loss the
 * site that served comes first (LO1). Each group is in the order the plan gave it (SP2). No endpoint is tried twice
 * (SP3). Only an unavailable appliance moves a pass on; a rejection is an answer (SP6). Busy ones are passed over
 * inside their group, and a group of which one was busy is not left, unless it is a serving site away from home (LO6,
 * SP10).
 */
import { assert } from '#shared/assert.ts'
import { type CandidateOutcome, type Stage, type TriedCandidate } from '#shared/decision.ts'
import { type ApplianceId, type Endpoint, type SiteId } from '#shared/ids.ts'

export type Candidate = {
  readonly stage: Stage
  /** Unknown for a bootstrap address that is no appliance of the topology. */
  readonly appliance: ApplianceId | null
  readonly site: SiteId | null
  readonly host: string
  readonly port: number
  readonly endpoint: Endpoint
}

export type Group = {
  readonly candidates: readonly Candidate[]
  /** A serving site that is not home is left also when all that serve there are busy (SP10). */
  readonly leftWhenBusy: boolean
}

type Progress = { readonly tried: readonly TriedCandidate[]; readonly retryAfterMs: number | undefined }

export type Trying = Progress & {
  readonly phase: 'trying'
  readonly trying: Candidate
  readonly sinceMs: number
  /** The rest of the current group, then the groups after it. */
  readonly rest: readonly Candidate[]
  readonly leftWhenBusy: boolean
  readonly groupBusy: boolean
  readonly later: readonly Group[]
}
export type Found = Progress & { readonly phase: 'found'; readonly candidate: Candidate }
export type Rejected = Progress & { readonly phase: 'rejected'; readonly candidate: Candidate }
export type Busy = Progress & { readonly phase: 'busy'; readonly retryAfterMs: number }
export type Exhausted = Progress & { readonly phase: 'exhausted' }
export type Pass = Trying | Found | Rejected | Busy | Exhausted

type Walk = Omit<Trying, 'phase' | 'trying' | 'sinceMs'>

/** Starts a pass over `groups`. `nowMs` is wire time. */
export function beginPass(groups: readonly Group[], nowMs: number): Pass {
  return advance(
    { tried: [], retryAfterMs: undefined, rest: [], leftWhenBusy: true, groupBusy: false, later: groups },
    nowMs,
  )
}

export type Report = {
  readonly outcome: Exclude<CandidateOutcome, 'skipped'>
  readonly detail?: string | undefined
  readonly retryAfterMs?: number | undefined
  /** Who answered, where the candidate itself did not say (a bootstrap address). */
  readonly appliance?: ApplianceId | undefined
  readonly site?: SiteId | undefined
}

/** Takes the outcome of the candidate being tried. */
export function stepPass(pass: Trying, report: Report, nowMs: number): Pass {
  const candidate: Candidate = {
    ...pass.trying,
    appliance: report.appliance ?? pass.trying.appliance,
    site: report.site ?? pass.trying.site,
  }
  const tried = [...pass.tried, record(candidate, report.outcome, nowMs - pass.sinceMs, report.detail)]
  switch (report.outcome) {
    case 'answered':
      return { phase: 'found', tried, retryAfterMs: pass.retryAfterMs, candidate }
    case 'rejected':
      return { phase: 'rejected', tried, retryAfterMs: pass.retryAfterMs, candidate }
    case 'busy': {
      assert(report.retryAfterMs !== undefined, 'a busy answer says when to come again')
      const retryAfterMs = Math.min(pass.retryAfterMs ?? Infinity, report.retryAfterMs)
      return advance({ ...pass, tried, retryAfterMs, groupBusy: true }, nowMs)
    }
    default:
      return advance({ ...pass, tried }, nowMs)
  }
}

/** Whether the agent dialled `endpoint` before in this pass; a skipped candidate was not dialled (SP3). */
function wasTried(walk: Walk, endpoint: Endpoint): boolean {
  return walk.tried.some((earlier) => earlier.endpoint === endpoint && earlier.outcome !== 'skipped')
}

function advance(walk: Walk, nowMs: number): Pass {
  const [next, ...rest] = walk.rest
  if (next === undefined) return leaveGroup(walk, nowMs)
  if (wasTried(walk, next.endpoint)) return advance({ ...walk, rest, tried: skipped(walk, next) }, nowMs)
  const { tried, retryAfterMs, leftWhenBusy, groupBusy, later } = walk
  return { phase: 'trying', trying: next, sinceMs: nowMs, tried, retryAfterMs, rest, leftWhenBusy, groupBusy, later }
}

function leaveGroup(walk: Walk, nowMs: number): Pass {
  const { tried, retryAfterMs } = walk
  if (walk.groupBusy && !walk.leftWhenBusy && retryAfterMs !== undefined) return { phase: 'busy', tried, retryAfterMs }
  const [group, ...later] = walk.later
  if (group !== undefined) {
    const { candidates, leftWhenBusy } = group
    return advance({ tried, retryAfterMs, rest: candidates, leftWhenBusy, groupBusy: false, later }, nowMs)
  }
  // Busy never makes an agent offline (LO6).
  if (retryAfterMs !== undefined) return { phase: 'busy', tried, retryAfterMs }
  return { phase: 'exhausted', tried, retryAfterMs }
}

/** Only the last resort is worth a line when it is skipped: it is why an agent goes offline (the guide's example 1). */
function skipped(walk: Walk, candidate: Candidate): readonly TriedCandidate[] {
  return candidate.stage === 'last-resort' ? [...walk.tried, record(candidate, 'skipped', 0, undefined)] : walk.tried
}

function record(
  candidate: Candidate,
  outcome: CandidateOutcome,
  ms: number,
  detail: string | undefined,
): TriedCandidate {
  const { appliance, site, endpoint, stage } = candidate
  return { appliance, site, endpoint, stage, outcome, detail, ms: Math.round(ms) }
}
