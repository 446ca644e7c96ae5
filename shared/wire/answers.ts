/**
 * Which message may answer which: whoever asked looks at that before it believes an answer, so that a message out of its
 * order is known for one (SC3).
 */
import { type AgentMessage, type ApplianceMessage } from '#shared/wire/agent-link.schema.ts'
import { type Answer, type Ask } from '#shared/wire/peer-link.schema.ts'

export type RequestType = Exclude<AgentMessage['type'], 'hello'>

/** Beside `rejected`, `busy` and `unavailable`, which any request may be answered with. */
export const answersToAgent: Readonly<Record<RequestType, readonly ApplianceMessage['type'][]>> = {
  login: ['login.accepted'],
  resume: ['resumed'],
  'resume-offline': ['adopted', 'logged-out'],
  pause: ['paused'],
  lock: ['locked'],
  unlock: ['unlocked'],
  logout: ['logged-out'],
  audit: ['audited'],
  'topology.get': ['topology'],
  refresh: ['refreshed', 'topology'],
}

/** Beside `unavailable`. */
export const answersToAsk: Readonly<Record<Ask['op'], readonly Answer['outcome'][]>> = {
  'find-user': ['user'],
  'open-session': ['session', 'refused'],
  'adopt-session': ['session', 'refused'],
  'change-session': ['session', 'refused'],
  'find-agent': ['agent'],
  'enrol-agent': ['enrolled', 'not-enrolled'],
  'keep-audit': ['audited'],
  'record-denial': ['recorded'],
}

const toAnyRequest: readonly string[] = ['rejected', 'busy', 'unavailable'] satisfies ApplianceMessage['type'][]

/** May a request of that type be answered so? */
export function isAnswerToAgent(asked: RequestType, answer: ApplianceMessage['type']): boolean {
  return toAnyRequest.includes(answer) || answersToAgent[asked].includes(answer)
}

export function isAnswerToAsk(asked: Ask['op'], answer: Answer['outcome']): boolean {
  return answer === 'unavailable' || answersToAsk[asked].includes(answer)
}
