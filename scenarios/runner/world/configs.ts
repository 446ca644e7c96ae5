/** What every world writes into the configurations of its processes: the parts that follow from the enterprise alone. */
import { type ApplianceConfig } from '#shared/config.schema.ts'
import { type Enterprise } from '#shared/topology/model.ts'

/** Policies as a database takes them: fleets have none of their own. */
export function policiesOf({ userPolicies, computerPolicies, workstations }: Enterprise): ApplianceConfig['policies'] {
  const computerPolicyOf = workstations.flatMap(({ id, computerPolicy }) =>
    computerPolicy === undefined ? [] : [[id, computerPolicy] as const],
  )
  return {
    users: [...userPolicies],
    computers: [...computerPolicies],
    computerPolicyOf: Object.fromEntries(computerPolicyOf),
  }
}
