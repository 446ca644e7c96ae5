/** Session tickets: 256 random bits for the agent, their SHA-256 for the records. */
import { hash, randomBytes } from 'node:crypto'
import { type FreshTicket } from '../core/events.ts'

export function makeTicket(): FreshTicket {
  const ticket = randomBytes(32).toString('base64url')
  return { ticket, hash: hashTicket(ticket) }
}

/** Lower-case hex. */
export function hashTicket(ticket: string): string {
  return hash('sha256', ticket, 'hex')
}
