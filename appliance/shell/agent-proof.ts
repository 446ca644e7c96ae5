/** Looks at what an agent says is its signature, over its own TLS connection (SC4). */
import { createPublicKey, verify } from 'node:crypto'
import { type TLSSocket } from 'node:tls'
import { agentProof } from '#shared/wire/agent-proof.ts'

export type ClaimedProof = { readonly agent: string; readonly publicKey: string; readonly proof: string }

/** Keys of another kind, and what is no key at all, prove nothing. */
export function isProofOf(transport: TLSSocket, { agent, publicKey, proof }: ClaimedProof): boolean {
  try {
    const key = createPublicKey({ key: Buffer.from(publicKey, 'base64url'), format: 'der', type: 'spki' })
    if (key.asymmetricKeyType !== 'ed25519') return false
    const material = transport.exportKeyingMaterial(agentProof.bytes, agentProof.label, Buffer.from(agent))
    return verify(null, material, key, Buffer.from(proof, 'base64url'))
  } catch {
    return false
  }
}
