/** People and policies of the enterprise, as a database's records have them. */
import { type EnterpriseTable } from './enterprise-table.ts'
import { initialRecord } from './merge-data.ts'
import {
  type ComputerPolicy,
  defaultUserPolicy,
  type EffectivePolicy,
  effectivePolicy,
  type UserPolicy,
} from '#shared/policy/policy.ts'
import {
  type EnterpriseKind,
  type EnterpriseRecord,
  type RecordOf,
  type ValuesOf,
} from '#shared/wire/enterprise-data.schema.ts'
import { hashCosts } from '#shared/policy/hash-cost.ts'
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
  find(user: string, agent: string, lockedOut: boolean): Answer
  /** The lockout of that user's policy; `null` for a stranger. */
  lockoutOf(user: string): UserPolicy['lockout'] | null
}

/** Verified for unknown users where there are no people at all; nobody has its password. */
const { memoryCost, timeCost, parallelism } = hashCosts.product
const strangersVerifier = `$argon2id$v=19$m=${memoryCost},t=${timeCost},p=${parallelism}$${'A'.repeat(22)}$${'A'.repeat(43)}`

/** The records that a database begins with. */
export function initialRecords(people: readonly DatabasePerson[], policies: Policies): EnterpriseRecord[] {
  return [
    ...people.map(({ user, verifier, version, disabled, policy }) =>
      initialRecord({ kind: 'user', key: user, fields: { credential: { verifier, version }, disabled, policy } }),
    ),
    ...policies.users.map(({ id, ...fields }) => initialRecord({ kind: 'user-policy', key: id, fields })),
    ...policies.computers.map(({ id, ...fields }) => initialRecord({ kind: 'computer-policy', key: id, fields })),
    ...Object.entries(policies.computerPolicyOf).map(([agent, policy]) =>
      initialRecord({ kind: 'computer', key: agent, fields: { policy } }),
    ),
  ]
}

export function createDirectory(data: EnterpriseTable): Directory {
  /** A record never changes, a change makes another one; so each is read once. */
  const userPolicies = new WeakMap<RecordOf<'user-policy'>, UserPolicy>()
  const computerPolicies = new WeakMap<RecordOf<'computer-policy'>, ComputerPolicy>()

  const userPolicyOf = (id: string): UserPolicy => {
    const record = data.find('user-policy', id)
    if (record === undefined) return defaultUserPolicy
    const known = userPolicies.get(record) ?? { ...defaultUserPolicy, ...plain<'user-policy'>(record), id }
    userPolicies.set(record, known)
    return known
  }
  const computerPolicyOf = (agent: string): ComputerPolicy | undefined => {
    const id = data.find('computer', agent)?.fields.policy?.value
    const record = id === undefined ? undefined : data.find('computer-policy', id)
    if (id === undefined || record === undefined) return undefined
    const known = computerPolicies.get(record) ?? { ...plain<'computer-policy'>(record), id }
    computerPolicies.set(record, known)
    return known
  }
  /** The user policy, and the computer policy of that agent over it (CH5). */
  const policyFor = (user: RecordOf<'user'> | undefined, agent: string): EffectivePolicy =>
    effectivePolicy(userPolicyOf(user?.fields.policy?.value ?? defaultUserPolicy.id), computerPolicyOf(agent))
  const decoy = (): string => {
    for (const { fields } of data.list('user'))
      if (fields.credential !== undefined) return fields.credential.value.verifier
    return strangersVerifier
  }

  return {
    lockoutOf(user) {
      const fields = data.find('user', user)?.fields
      if (fields?.credential === undefined) return null
      return userPolicyOf(fields.policy?.value ?? defaultUserPolicy.id).lockout
    },
    find(user, agent, lockedOut) {
      const record = data.find('user', user)
      // Without a credential there is nobody: what is left of a user who was deleted may be a later change of another field.
      const credential = record?.fields.credential?.value
      const person = credential === undefined ? undefined : record
      return {
        outcome: 'user',
        verifier: credential?.verifier ?? decoy(),
        known: credential !== undefined,
        disabled: person?.fields.disabled?.value ?? false,
        lockedOut,
        policy: policyFor(person, agent),
        version: credential?.version ?? 0,
      }
    },
  }
}

/** The fields of a record as they are meant, without their stamps. */
function plain<Kind extends EnterpriseKind>({ fields }: { readonly fields: RecordOf<Kind>['fields'] }): ValuesOf<Kind> {
  const entries = Object.entries(fields as Readonly<Record<string, { readonly value: unknown }>>)
  return Object.fromEntries(entries.map(([name, { value }]) => [name, value])) as ValuesOf<Kind>
}
