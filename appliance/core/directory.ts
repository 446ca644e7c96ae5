/** People and policies of the enterprise, as a database knows them. */
import {
  type ComputerPolicy,
  defaultUserPolicy,
  type EffectivePolicy,
  effectivePolicy,
  type UserPolicy,
} from '#shared/policy/policy.ts'
import { type Answer } from '#shared/wire/peer-link.schema.ts'

export type DatabasePerson = {
  readonly user: string
  /** argon2id in PHC form. */
  readonly verifier: string
  /** Counts the changes of the credential (OF4). */
  readonly version: number
  readonly disabled: boolean
  /** Id of the user policy. */
  readonly policy: string
}

/** Policies as the enterprise has them; `computers` names the computer policy of an agent that has one. */
export type Policies = {
  readonly users: readonly UserPolicy[]
  readonly computers: readonly ComputerPolicy[]
  readonly computerPolicyOf: Readonly<Record<string, string>>
}

export interface Directory {
  /** What a front needs to let that user in at that agent; a stranger gets somebody's verifier. */
  find(user: string, agent: string): Answer
}

/** Verified for unknown users where there are no people at all; nobody has its password. */
const strangersVerifier = `$argon2id$v=19$m=19456,t=2,p=1$${'A'.repeat(22)}$${'A'.repeat(43)}`

export function createDirectory(people: readonly DatabasePerson[], policies: Policies): Directory {
  const byName = new Map(people.map((person) => [person.user, person]))
  const decoy = people[0]?.verifier ?? strangersVerifier

  /** The user policy, and the computer policy of that agent over it (CH5). */
  const policyOf = (person: DatabasePerson | undefined, agent: string): EffectivePolicy => {
    const user = policies.users.find(({ id }) => id === person?.policy) ?? defaultUserPolicy
    const computer = policies.computers.find(({ id }) => id === policies.computerPolicyOf[agent])
    return effectivePolicy(user, computer)
  }

  return {
    find(user, agent) {
      const person = byName.get(user)
      return {
        outcome: 'user',
        verifier: person?.verifier ?? decoy,
        known: person !== undefined,
        disabled: person?.disabled ?? false,
        policy: policyOf(person, agent),
        version: person?.version ?? 0,
      }
    },
  }
}
