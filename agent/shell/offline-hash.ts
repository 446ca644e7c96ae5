/** Offline verifiers: argon2id in PHC form, computed on libuv's threads (OF4). A verifier that is none is nobody's password. */
import { hash, verify } from '@node-rs/argon2'
import { type AgentEffect, type AgentEvent } from '../core/events.ts'
import { assertNever } from '#shared/assert.ts'
import { type HashCost, hashCosts } from '#shared/policy/hash-cost.ts'

type HashEffect = Extract<AgentEffect, { type: 'verify-offline' | 'make-verifier' }>

/** Carries out what hashes; the event is its answer. */
export async function hashed(effect: HashEffect, cost: HashCost): Promise<AgentEvent> {
  const { job, password } = effect
  switch (effect.type) {
    case 'verify-offline':
      return { type: 'offline.verified', job, ok: await matches(effect.verifier, password) }
    case 'make-verifier':
      return { type: 'verifier.made', job, verifier: await hash(password, hashCosts[cost]) }
    default:
      return assertNever(effect)
  }
}

async function matches(verifier: string, password: string): Promise<boolean> {
  try {
    return await verify(verifier, password)
  } catch {
    return false
  }
}
