/**
 * Verifies passwords on libuv's threads, which bound how many run at once; the core bounds how many wait. A verifier that
 * is none is nobody's password.
 */
import { hash, verify } from '@node-rs/argon2'
import { hashCosts } from '#shared/policy/hash-cost.ts'

/** Of a password that is set at a control door: argon2id in PHC form, at the cost of the product. */
export async function hashPassword(password: string): Promise<string> {
  return await hash(password, hashCosts.product)
}

export async function verifyPassword(verifier: string, password: string): Promise<boolean> {
  try {
    return await verify(verifier, password)
  } catch {
    return false
  }
}
