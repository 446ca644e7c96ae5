/** The log: one JSON line a note on standard output. Written at once, so that nothing is missing after a crash. */
import { type DestinationStream, destination, pino } from 'pino'
import { type AgentId } from '#shared/ids.ts'
import { redact } from './redact.ts'

export type LogLine = {
  /** Absent: the process speaks, not one of its agents. */
  readonly agent?: AgentId | undefined
  readonly kind: string
  readonly level: 'info' | 'warn' | 'error'
  readonly rules: readonly string[]
  readonly text: string
  readonly data?: Readonly<Record<string, unknown>> | undefined
}

export type Log = (line: LogLine) => void

/** Lines `{"level", "time", "agent", "kind", "rules", "data", "text"}`; secrets in `data` are replaced. */
export function openLog(stream: DestinationStream = destination({ fd: 1, sync: true })): Log {
  const logger = pino({ base: null, messageKey: 'text', formatters: { level: (level) => ({ level }) } }, stream)
  return ({ agent, kind, level, rules, text, data }) => {
    logger[level]({ agent, kind, rules, data: redact(data) }, text)
  }
}
