/**
 * Verifies passwords on libuv's threads, which bound how many run at once; the core bounds how many wait. A verifier that
 * is none is nobody's password.
 */
import { verify } from '@node-rs/argon2'

export async function verifyPassword(verifier: string, password: string): Promise<boolean> {
  try {
    return await verify(verifier, password)
  } catch {
    return false
  }
}
