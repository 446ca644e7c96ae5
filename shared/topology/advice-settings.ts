/** Advice on timeouts that are long by nature, at a time scale that hurries nothing (SPEC.md section 2). */
import { formatDuration } from '#shared/policy/duration.ts'
import { enterpriseTimeScaleBound } from '#shared/topology/enterprise-time-scale.ts'
import { type Enterprise } from '#shared/topology/model.ts'
import { type Finding } from '#shared/topology/problems.ts'

export function adviseSettings(enterprise: Enterprise): readonly Finding[] {
  const bound = enterpriseTimeScaleBound(enterprise)
  if (enterprise.topology.settings.timeScale < bound.reachedAt) return []
  return [
    {
      code: 'failover-outlasts-limit',
      rule: null,
      path: ['settings'],
      text: `a failover may outlast the ${bound.limitedBy} of ${formatDuration(bound.limitMs)}: ${bound.text}`,
      remedy: 'shorten connectTimeout, or accept that users are challenged after such a failover',
    },
  ]
}
