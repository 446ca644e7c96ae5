/**
 * By what an agent is known to the enterprise (SC4): an Ed25519 key, made from the secret of its enrolment file and the same
 * as long as that file is there, with which it signs each connection. The token goes along until an appliance has taken it.
 */
import { createPrivateKey, createPublicKey, hkdfSync, type KeyObject, sign } from 'node:crypto'
import { type TLSSocket } from 'node:tls'
import { type AgentId } from '#shared/ids.ts'
import { type AgentMessage } from '#shared/wire/agent-link.schema.ts'
import { agentProof } from '#shared/wire/agent-proof.ts'

type Hello = Extract<AgentMessage, { type: 'hello' }>

export interface AgentIdentity {
  /** The hello with this agent's proof, for that connection and no other. */
  signed(hello: Hello, transport: TLSSocket): Hello
  /** An appliance welcomed the agent: its token is spent. */
  welcomed(): void
}

const seedBytes = 32
/** What stands before the 32 bytes of an Ed25519 private key in PKCS #8 (RFC 8410). */
const pkcs8Head = Buffer.from('302e020100300506032b657004220420', 'hex')

/** `secret`: of the enrolment file, at least 32 random bytes. */
export function agentIdentity(agent: AgentId, secret: Buffer, token: string): AgentIdentity {
  const key = keyOf(secret)
  const publicKey = createPublicKey(key).export({ format: 'der', type: 'spki' }).toString('base64url')
  let hasEnrolled = false
  return {
    signed(hello, transport) {
      const material = transport.exportKeyingMaterial(agentProof.bytes, agentProof.label, Buffer.from(agent))
      const proof = sign(null, material, key).toString('base64url')
      return { ...hello, proof, ...(hasEnrolled ? {} : { enrol: { token, publicKey } }) }
    },
    welcomed() {
      hasEnrolled = true
    },
  }
}

/** The secret seals the offline data too; neither key tells the other. */
function keyOf(secret: Buffer): KeyObject {
  const seed = Buffer.from(hkdfSync('sha256', secret, Buffer.alloc(0), 'failover-lab agent identity', seedBytes))
  return createPrivateKey({ key: Buffer.concat([pkcs8Head, seed]), format: 'der', type: 'pkcs8' })
}
