/**
 * Whether what people did was recorded once (AU1) and what agents queued was uploaded once and in order (OF5), by the audit
 * records that the databases show at the end. An agent numbers its queue without gaps, so that a gap is a record lost;
 * a record that stands for nothing that was asked is one doubled.
 */
import { AgentId } from '#shared/ids.ts'
import { type AskSeen } from '../checkers/evidence.ts'
import { type Finding } from '../history.ts'
import { isClean, replicatedOf, type SessionSeen, sessionsOf, type Tortured } from './evidence.ts'
import { type AuditShown, type Reading } from './readings.ts'

type Judged = { readonly checked: number; readonly findings: readonly Finding[] } | { readonly why: string }
type Kind = AuditShown['kind']
/** What one source has to say of one session. */
type Bounds = { readonly kinds: readonly Kind[]; readonly min: number; readonly max: number }

export function auditOnce(tortured: Tortured): Judged {
  const databases = tortured.finals.filter(({ role }) => role === 'database')
  if (databases.some(({ audit }) => audit === null)) return { why: 'a database shows no audit records' }
  const sessions = sessionsOf(tortured)
  const judged = databases.map((database) => judgeDatabase(database, sessions))
  const checked = sessions.length
  return { checked, findings: [...judged.flat(), ...differences(databases)] }
}

function judgeDatabase(database: Reading, sessions: readonly SessionSeen[]): readonly Finding[] {
  const audit = database.audit ?? []
  const bySession = Map.groupBy(audit, (record) => record.session)
  return [
    ...queueFindings(database, audit),
    ...sessions.flatMap((seen) => sessionFindings(database, seen, bySession.get(seen.session) ?? [])),
  ]
}

/** The queue of each agent is there from 1 on, without a gap, each number once. */
function queueFindings({ appliance, askedAt }: Reading, audit: readonly AuditShown[]): readonly Finding[] {
  const queues = Map.groupBy(
    audit.filter(({ by }) => by === 'agent'),
    ({ source, incarnation }) => `${source} ${incarnation}`,
  )
  return [...queues].flatMap(([name, records]) => {
    const wrong = records
      .map(({ seq }) => seq)
      .toSorted((a, b) => a - b)
      .find((seq, index) => seq !== index + 1)
    if (wrong === undefined) return []
    const text = `the audit queue ${name} has ${records.length} records at ${appliance}, and then number ${wrong} out of turn`
    return [{ at: askedAt, agent: AgentId(name.split(' ')[0] ?? ''), rule: 'OF5', text }]
  })
}

function sessionFindings(database: Reading, seen: SessionSeen, records: readonly AuditShown[]): readonly Finding[] {
  const findings = (by: AuditShown['by'], rule: string, all: readonly Bounds[]): readonly Finding[] =>
    all.flatMap(({ kinds, min, max }) => {
      const count = records.filter((record) => record.by === by && kinds.includes(record.kind)).length
      if (count >= min && count <= max) return []
      const wanted = min === max ? String(min) : `${min} to ${max}`
      const text = `${count} records of ${kinds[0]} by its ${by} at ${database.appliance}, where ${wanted} must be: ${seen.session}`
      return [{ at: database.askedAt, agent: seen.agent.agent, rule, text }]
    })
  return [...findings('agent', 'AU1', agentBounds(seen)), ...findings('appliance', 'AU1', applianceBounds(seen))]
}

/** What the agent itself does it records once, however often it has to ask an appliance. */
function agentBounds({ asks }: SessionSeen): readonly Bounds[] {
  const of = (operation: AskSeen['operation']): readonly AskSeen[] => asks.filter((ask) => ask.operation === operation)
  const done = (operation: AskSeen['operation']): number => of(operation).filter(wasAccepted).length
  const logins = done('login')
  return [
    { kinds: ['login', 'offline-login'], min: logins, max: logins },
    // Locked already, or paused: then a lock changes nothing.
    { kinds: ['lock'], min: 0, max: of('lock').length },
    { kinds: ['unlock'], min: done('unlock'), max: of('unlock').length },
    // One that was refused is recorded too, as somebody wanted it.
    { kinds: ['logout'], min: done('logout'), max: of('logout').length },
  ]
}

/** An appliance records what it acknowledged; where only one was ever asked, once. */
function applianceBounds(seen: SessionSeen): readonly Bounds[] {
  const bounds = (kind: 'login' | 'logout'): Bounds => {
    const asked = seen.asks.filter(({ operation }) => operation === kind)
    const acknowledged = asked.filter((ask) => replicatedOf(ask) !== null)
    const isCertain = seen.asks.every((ask) => isClean(seen, ask))
    return { kinds: [kind], min: Math.min(1, acknowledged.length), max: isCertain ? acknowledged.length : Infinity }
  }
  return [bounds('login'), bounds('logout')]
}

/** Records are never merged, so that both databases have the same ones. */
function differences([one, other]: readonly Reading[]): readonly Finding[] {
  const there = new Set(other?.audit?.map(identityOf))
  const here = new Set(one?.audit?.map(identityOf))
  const lacks = [...[...here].filter((id) => !there.has(id)), ...[...there].filter((id) => !here.has(id))]
  if (lacks.length === 0) return []
  const text = `${lacks.length} audit records are on one database only, as ${lacks[0]}`
  return [{ at: one?.askedAt ?? 0, agent: AgentId('databases'), rule: 'AU1', text }]
}

function identityOf({ by, source, incarnation, seq, kind }: AuditShown): string {
  return [by, source, incarnation, seq, kind].join(' ')
}

function wasAccepted({ answer }: AskSeen): boolean {
  return answer?.outcome === 'accepted'
}
