/** How fast policy time may run in an enterprise (SPEC.md section 2). */
import { type TimeScaleBound, timeScaleBound } from '#shared/policy/time-scale.ts'
import { largestPass } from '#shared/topology/largest-pass.ts'
import { type Enterprise } from '#shared/topology/model.ts'

const minuteMs = 60_000

/** The bound of SPEC.md section 2 for the largest pass and the shortest grace period of an enterprise. */
export function enterpriseTimeScaleBound(enterprise: Enterprise): TimeScaleBound {
  const policies = [...enterprise.userPolicies, ...enterprise.computerPolicies]
  const periodsMs = policies.flatMap(({ challengeComingOnline }) =>
    challengeComingOnline?.mode === 'grace' ? [challengeComingOnline.minutes * minuteMs] : [],
  )
  return timeScaleBound(enterprise.topology.settings, largestPass(enterprise.topology, enterprise), periodsMs)
}
