/** The log: one JSON line a note on standard output. Secrets never reach it: no note has any, and their names are cut. */
import { type Logger, pino } from 'pino'

const secrets = ['password', 'ticket', 'verifier', 'token', 'freshTicket', 'key']

export function createLog(appliance: string): Logger {
  const paths = secrets.flatMap((name) => [name, `*.${name}`, `*.*.${name}`])
  return pino({ base: { appliance }, redact: paths }, pino.destination({ dest: 1, sync: true }))
}
