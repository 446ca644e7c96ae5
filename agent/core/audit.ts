/** What the agent records (AU1), and how the records reach an appliance: in order, one upload at a time (OF5). */
import { type AuditEntry, afterUpload, enqueue, nextUpload, recordDropped } from './audit-queue.ts'
import { ask } from './requests.ts'
import { type AgentState, setTimer, warn } from './state.ts'
import { type DialId, type SessionId, type UserName } from '#shared/ids.ts'
import { type ApplianceMessage } from '#shared/wire/agent-link.schema.ts'
import { wireLimits } from '#shared/wire/limits.ts'

/** Queues a record; it is on the disk before anybody hears of what it tells. */
export function audit(
  state: AgentState,
  kind: AuditEntry['kind'],
  user: UserName,
  session?: SessionId | null,
  detail?: string,
): void {
  const entry: AuditEntry = {
    atMs: Math.round(state.now.wallMs),
    kind,
    user,
    ...(session === undefined || session === null ? {} : { session }),
    ...(detail === undefined ? {} : { detail: detail.slice(0, wireLimits.nameLengthMax) }),
  }
  const before = state.offline.audit
  state.offline = { ...state.offline, audit: enqueue(before, entry) }
  if (before.dropped === undefined && state.offline.audit.dropped !== undefined)
    warn(
      state,
      'audit.full',
      ['OF5'],
      `the audit queue is full at ${before.records.length}: ${kind} of ${user} is counted only`,
    )
}

/** Uploads the oldest records over any open link, unless an upload is under way. What is lost on the way is sent again. */
export function uploadAudit(state: AgentState): void {
  const records = nextUpload(state.offline.audit)
  const isUnderWay = [...state.requests.values()].some(({ owner }) => owner.kind === 'audit')
  const dial = openLink(state)
  if (records.length === 0 || isUnderWay || dial === undefined) return
  ask(state, dial, { kind: 'audit' }, { type: 'audit', records })
}

export const auditTimer = 'audit'
/** A failover that took longer delays nothing further. */
const countsAtMostMs = 30_000

/**
 * Uploads after as long again as a failover took, twice: when thousands come back together, their sessions come first,
 * and their records when the rush is over (OF5).
 */
export function uploadAuditAfter(state: AgentState, failoverMs: number): void {
  if (state.offline.audit.records.length === 0) return
  setTimer(state, auditTimer, 2 * Math.min(Math.max(failoverMs, 0), countsAtMostMs), 'wire')
}

/** Without any progress the next refresh tries again. */
export function auditAnswered(state: AgentState, message: ApplianceMessage): void {
  if (message.type !== 'audited') return
  const before = state.offline.audit
  const after = afterUpload(before, message.incarnation, message.seq)
  if (after === before) return
  state.offline = { ...state.offline, audit: recordDropped(after, Math.round(state.now.wallMs)) }
  uploadAudit(state)
}

function openLink(state: AgentState): DialId | undefined {
  const { anchor, links } = state
  if (anchor !== undefined && links.get(anchor)?.phase === 'open') return anchor
  for (const [dial, link] of links) if (link.phase === 'open') return dial
  return undefined
}
