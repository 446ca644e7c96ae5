/**
 * BT5 and BT6: the status lines say which epochs an agent holds and uses. The topology in use may change only where a pass
 * begins for a session start, an unlock, a failover, a background attempt or, in the profile `timer`, a timer move. The very first topology is in use at once (BT1),
 * and a restarted agent begins with what it had kept (BT3).
 */
import { type Checker, type Finding } from '../history.ts'
import { type AgentEvidence, clockSlackMs, evidenceOf, type StatusSeen } from './evidence.ts'
import { mapOf } from './enterprise-map.ts'
import { type Purpose } from '#shared/decision.ts'
import { type AgentProfile } from '#shared/profile.ts'

export const receivedNotUsedEarly: Checker = {
  name: 'received-not-used-early',
  rules: ['BT5', 'BT6'],
  invariant:
    'A received topology comes into use only where a session starts, unlocks or fails over, or in a background attempt.',
  check(history) {
    const agents = evidenceOf(history)
    const blind = agents.find(({ statuses, passes }) => passes.length > 0 && statuses.length === 0)
    if (blind !== undefined) return { verdict: 'unknown', why: `no status line of ${blind.agent} was seen` }
    if (agents.every(({ statuses }) => statuses.length === 0))
      return { verdict: 'unknown', why: 'no status line was seen' }
    const map = mapOf(history)
    const changes = agents.flatMap((evidence) => changesOf(evidence).map((change) => ({ evidence, change })))
    const held = agents.reduce((sum, { statuses }) => sum + newlyHeld(statuses), 0)
    const findings = changes.flatMap(({ evidence, change }) =>
      hasOccasion(evidence, change, map.profileOf(evidence.agent)) ? [] : [accuse(evidence, change)],
    )
    const checked = held + changes.length
    return findings.length === 0 ? { verdict: 'holds', checked } : { verdict: 'broken', checked, findings }
  },
}

type Change = { readonly from: number; readonly to: number; readonly lastSeenAt: number; readonly at: number }

const occasions: ReadonlySet<Purpose> = new Set<Purpose>(['login', 'unlock', 'failover', 'background'])

/** Changes of the topology in use, first topologies and restarts aside. */
function changesOf({ statuses, restarts }: AgentEvidence): readonly Change[] {
  return statuses.flatMap(({ at, status }, index) => {
    const before = statuses[index - 1]
    const from = before?.status.topology.inUse ?? 0
    const to = status.topology.inUse
    if (before === undefined || from === 0 || from === to) return []
    if (restarts.some((restart) => restart >= before.at && restart <= at)) return []
    return [{ from, to, lastSeenAt: before.at, at }]
  })
}

/** How often a topology arrived and waited: there it could have been used too early. */
function newlyHeld(statuses: readonly StatusSeen[]): number {
  return statuses.filter(({ status }, index) => {
    const { inUse, received } = status.topology
    return received > inUse && received !== statuses[index - 1]?.status.topology.received
  }).length
}

function hasOccasion({ passes }: AgentEvidence, { lastSeenAt, at }: Change, profile: AgentProfile): boolean {
  return passes.some(
    ({ purpose, beganAt }) =>
      (occasions.has(purpose) || purpose === profile) &&
      beganAt >= lastSeenAt - clockSlackMs &&
      beganAt <= at + clockSlackMs,
  )
}

function accuse({ agent }: AgentEvidence, { from, to, at }: Change): Finding {
  const text = `the topology in use went from epoch ${from} to ${to} and no session started, unlocked or failed over`
  return { at, agent, rule: 'BT5', text }
}
