/**
 * A link was lost: its sessions move together in one pass (LO1), what was asked over it is asked again or taken as done
 * here, and its appliance loses the pin (PN5).
 */
import { startPass, tell } from './passes.ts'
import { takeRequestsOf } from './requests.ts'
import { answerHere, ensureOfflineRetry } from './sessions.ts'
import { withoutUnavailable } from './pin.ts'
import { type AgentState, note, type PendingRequest } from './state.ts'
import { type DialId } from '#shared/ids.ts'

/** Deals with the loss of the open link `dial`; `outcome` is what a pass that was asking over it records. */
export function loseLink(
  state: AgentState,
  dial: DialId,
  outcome: 'reset' | 'timed-out',
  reason: string,
  heardAgoMs: number,
): void {
  const link = state.links.get(dial)
  if (link?.phase !== 'open') return
  state.links.delete(dial)
  state.pin = withoutUnavailable(state.pin, link.place.appliance)
  const bound = [...state.sessions.values()].filter(({ where }) => where.at === 'bound' && where.dial === dial)
  const heardMs = state.now.policyMs - heardAgoMs * state.settings.timeScale
  state.heardMs = Math.max(state.heardMs, heardMs)
  for (const session of bound) {
    session.where = { at: 'moving' }
    session.contact = { site: link.place.site, heardMs, wasOffline: false }
  }
  const wasAnchor = state.anchor === dial
  if (wasAnchor) state.anchor = undefined
  const pending = takeRequestsOf(state, dial)
  if (wasAnchor || bound.length > 0) {
    note(state, 'link.lost', ['LO1'], `lost ${link.place.appliance}: ${reason}`, { appliance: link.place.appliance })
    const sessions = new Set(bound.map(({ id }) => id))
    startPass(state, { kind: 'failover', sessions, moved: new Set(), lost: link.place })
  }
  for (const request of pending) unanswered(state, dial, request, outcome, reason)
}

/** A request whose link was lost before the answer. */
function unanswered(
  state: AgentState,
  dial: DialId,
  { owner }: PendingRequest,
  outcome: 'reset' | 'timed-out',
  reason: string,
): void {
  switch (owner.kind) {
    case 'pass': {
      const run = state.passes.get(owner.pass)
      if (run?.asking === dial) tell(state, run, { outcome, detail: reason })
      return
    }
    case 'operation':
      if (owner.again !== null) startPass(state, owner.again)
      else if (owner.call !== null) answerHere(state, owner.session, owner.operation, owner.call)
      return
    case 'rejoin':
      ensureOfflineRetry(state)
      return
    case 'topology':
    case 'audit':
  }
}
