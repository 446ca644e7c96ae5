/** Password verifiers for a lab's people: argon2id in PHC form, at the cost that the enterprise file asks for. */
import { hash } from '@node-rs/argon2'
import { type ApplianceConfig } from '#shared/config.schema.ts'
import { hashCosts } from '#shared/policy/hash-cost.ts'
import { type Enterprise } from '#shared/topology/model.ts'

/** Verifiers of all people. The lab's generated people share passwords; who shares a password shares the verifier. */
export async function verifiersOf(enterprise: Enterprise): Promise<ApplianceConfig['people']> {
  const made = new Map<string, Promise<string>>()
  const verifierOf = (password: string): Promise<string> => {
    const known = made.get(password) ?? hash(password, hashCosts[enterprise.hashCost])
    made.set(password, known)
    return known
  }
  return await Promise.all(
    enterprise.people.map(async ({ user, password, policy }) => ({
      user,
      verifier: await verifierOf(password),
      version: 1,
      disabled: false,
      policy,
    })),
  )
}
