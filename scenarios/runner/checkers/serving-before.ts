/** Where an agent was served when a pass began, as its status lines told a client. */
import { type AgentEvidence, clockSlackMs, type PassSeen } from './evidence.ts'
import { type EnterpriseMap } from './enterprise-map.ts'
import { type AgentStatus } from '#shared/decision.ts'
import { type ApplianceId, type SiteId } from '#shared/ids.ts'

/**
 * Sites of the appliances that the agent used before a failover pass; empty for every other purpose. A status that follows
 * the loss already lacks the lost link, so the last one that named any appliance counts too.
 */
export function servingBefore(map: EnterpriseMap, evidence: AgentEvidence, pass: PassSeen): ReadonlySet<SiteId> {
  if (pass.purpose !== 'failover') return new Set()
  const before = evidence.statuses
    .filter(({ at }) => at <= pass.beganAt + clockSlackMs)
    .map(({ status }) => appliancesOf(status))
  const lost = before.findLastIndex((appliances, index) => (before[index + 1] ?? appliances).length < appliances.length)
  const counted = [before.at(-1), before[lost], before.findLast((appliances) => appliances.length > 0)]
  return new Set(counted.flatMap((appliances) => (appliances ?? []).flatMap((id) => [...map.sitesOfAppliance(id)])))
}

function appliancesOf({ links, sessions }: AgentStatus): readonly ApplianceId[] {
  return [...new Set([...links, ...sessions.flatMap(({ binding }) => binding?.appliance ?? [])])]
}
