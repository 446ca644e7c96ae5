/** The key by which an agent is known, and how it gets one: with a token, once (SC4). */
import { type EnterpriseTable } from './enterprise-table.ts'
import { type DataChange } from '#shared/wire/enterprise-data.schema.ts'
import { type Answer, type Ask } from '#shared/wire/peer-link.schema.ts'

export type Enrolling = Extract<Ask, { op: 'enrol-agent' }>

export function findAgent(data: EnterpriseTable, agent: string): Answer {
  const publicKey = data.find('enrolment', agent)?.fields.publicKey?.value
  return { outcome: 'agent', ...(publicKey === undefined ? {} : { publicKey }) }
}

/** `known`: the key is the agent's already, as its first answer was lost. */
export function ruleEnrolment(data: EnterpriseTable, ask: Enrolling): 'new' | 'known' | 'refused' {
  const fields = data.find('enrolment', ask.agent)?.fields
  if (fields?.publicKey?.value === ask.publicKey) return 'known'
  const token = fields?.token?.value
  return token === undefined || token.used || token.hash !== ask.tokenHash ? 'refused' : 'new'
}

/** The key is the agent's, and the token is spent. */
export function enrolment({ agent, tokenHash: hash, publicKey }: Enrolling): DataChange {
  return { kind: 'enrolment', key: agent, fields: { publicKey, token: { hash, used: true } } }
}

/** The agent may enrol with that token, once. Until it does, an earlier key of it stays good. */
export function issuing(agent: string, hash: string): DataChange {
  return { kind: 'enrolment', key: agent, fields: { token: { hash, used: false } } }
}
