/** The checkers of a torture: what people were promised, against what the databases list. Each accuses only where it is certain. */
import { AgentId, type ApplianceId } from '#shared/ids.ts'
import { type CheckerReport } from '../judge.ts'
import { type Finding } from '../history.ts'
import { auditOnce } from './audit-once.ts'
import { isClean, replicatedOf, type SessionSeen, sessionsOf, type Tortured } from './evidence.ts'
import { mergesOf } from './merges.ts'
import { type Reading } from './readings.ts'
import { contentsOf } from './settle.ts'

type Check = {
  readonly name: string
  readonly rules: readonly string[]
  readonly check: (tortured: Tortured) => Outcome
}
/** `checked`: occasions on which the rule could have been broken. */
type Outcome = { readonly checked: number; readonly findings: readonly Finding[] } | { readonly why: string }

/** Every checker's report. */
export function judgeTorture(tortured: Tortured): readonly CheckerReport[] {
  return checks.map(({ name, rules, check }) => {
    const outcome = check(tortured)
    if ('why' in outcome) return { name, rules, verdict: 'unknown', checked: 0, why: outcome.why }
    const { checked, findings } = outcome
    if (findings.length === 0) return { name, rules, verdict: 'holds', checked }
    return { name, rules, verdict: 'broken', checked, findings }
  })
}

/**
 * A session acknowledged on both databases is on both from then on, until somebody asks to end it; one acknowledged on one
 * is on both at the end, since no database is lost for good.
 */
function sessionsKept(tortured: Tortured): Outcome {
  const findings: Finding[] = []
  let checked = 0
  for (const seen of sessionsOf(tortured)) {
    const both = seen.asks.find((ask) => replicatedOf(ask) === 'both')
    const one = seen.asks.find((ask) => replicatedOf(ask) === 'one')
    if (both === undefined && one === undefined) continue
    checked += 1
    const end = seen.asks.find(({ operation }) => operation === 'logout')?.askedAt ?? Infinity
    const during = both === undefined ? [] : tortured.readings.filter(({ askedAt }) => askedAt > both.answeredAt)
    const must = databasesOf([...during, ...tortured.finals]).filter(({ answeredAt }) => answeredAt < end)
    const lack = must.find(({ sessions }) => !lists(sessions, seen))
    if (lack === undefined) continue
    const said = both === undefined ? 'on one database' : 'on both databases'
    const text = `session ${seen.session} was acknowledged ${said}, and ${lack.appliance} lacks it ${momentOf(tortured, lack)}`
    findings.push(findingOf(seen, lack.askedAt, 'RP3', text))
  }
  return withBoth(databasesOf(tortured.finals), { checked, findings })
}

/** A session whose logout was acknowledged on both databases is listed by none from then on; on one, by none at the end. */
function endedStays(tortured: Tortured): Outcome {
  const findings: Finding[] = []
  let checked = 0
  for (const seen of sessionsOf(tortured)) {
    const ended = seen.asks.find((ask) => ask.operation === 'logout' && replicatedOf(ask) !== null)
    if (ended === undefined) continue
    checked += 1
    const on = replicatedOf(ended)
    const during = on === 'both' ? tortured.readings.filter(({ askedAt }) => askedAt > ended.answeredAt) : []
    const back = databasesOf([...during, ...tortured.finals]).find(({ sessions }) => lists(sessions, seen))
    if (back === undefined) continue
    const said = on === 'both' ? 'on both databases' : 'on one database'
    const text = `session ${seen.session} has ended ${said}, and ${back.appliance} lists it ${momentOf(tortured, back)}`
    findings.push(findingOf(seen, back.askedAt, 'SE1', text))
  }
  return withBoth(databasesOf(tortured.finals), { checked, findings })
}

/** The last change acknowledged on both databases stays, unless something asked later, or still under way, undid it. */
function changesKept(tortured: Tortured): Outcome {
  const finals = databasesOf(tortured.finals)
  const findings: Finding[] = []
  let checked = 0
  for (const seen of sessionsOf(tortured)) {
    const last = seen.asks.findLast((ask) => isClean(seen, ask))
    if (last === undefined || wasAskedToEnd(seen)) continue
    checked += 1
    const open = seen.asks.filter((ask) => ask.askedAt > last.askedAt || !isClean(seen, ask))
    const allowed = [last, ...open].map(({ operation }) => (operation === 'lock' ? 'locked' : 'active'))
    for (const { appliance, askedAt, sessions } of finals) {
      const listed = sessions.find(({ session }) => session === seen.session)
      if (listed === undefined || listed.state === 'paused' || allowed.includes(listed.state as 'active')) continue
      const text = `${last.operation} of ${seen.session} was acknowledged "both"; at the end it is ${listed.state} at ${appliance}`
      findings.push(findingOf(seen, askedAt, 'RP2', text))
    }
  }
  return withBoth(finals, { checked, findings })
}

/** Databases that have exchanged everything hold the same. */
function contentsEqual({ finals }: Tortured): Outcome {
  const databases = databasesOf(finals)
  const [one = '', other = ''] = contentsOf(databases)
  const lines = new Set(other.split('\n'))
  const differs = one.split('\n').filter((line) => !lines.has(line))
  const text = `after healing the databases differ: ${differs.slice(0, 3).join('; ') || 'one lacks something'}`
  const finding = { at: databases[0]?.askedAt ?? 0, agent: AgentId('databases'), rule: 'RP7', text }
  return withBoth(databases, {
    checked: databases[0]?.sessions.length ?? 0,
    findings: one === other ? [] : [finding],
  })
}

/**
 * What both sides of a partition changed is reported by both databases (RP8). A database that begins anew forgets its
 * reports and hands on what it has merged, so that the other meets nothing that was made apart: then nothing can be said.
 */
function mergesReported(tortured: Tortured): Outcome {
  const databases = databasesOf(tortured.finals)
  if (databases.some(({ merges }) => merges === null)) return { why: 'a database shows no merge reports' }
  const findings: Finding[] = []
  let checked = 0
  for (const { partition, seen } of mergesOf(tortured, 'direct')) {
    if (databases.some(({ appliance }) => hasBegunAnew(tortured, appliance, partition.beganAt))) continue
    for (const { appliance, askedAt, merges } of databases) {
      checked += 1
      if (merges?.includes(seen.session) === true) continue
      const text = `session ${seen.session} was changed on both sides of a partition, and ${appliance} does not report it`
      findings.push(findingOf(seen, askedAt, 'RP8', text))
    }
  }
  return withBoth(databases, { checked, findings })
}

const checks: readonly Check[] = [
  { name: 'sessions-kept', rules: ['RP2', 'RP3'], check: sessionsKept },
  { name: 'ended-stays-ended', rules: ['RP2', 'SE1'], check: endedStays },
  { name: 'changes-kept', rules: ['RP2', 'RP5'], check: changesKept },
  { name: 'contents-equal', rules: ['RP7'], check: contentsEqual },
  { name: 'merges-reported', rules: ['RP8'], check: mergesReported },
  {
    name: 'audit-once',
    rules: ['AU1', 'OF5'],
    check: (tortured) => withBoth(databasesOf(tortured.finals), auditOnce(tortured)),
  },
]

function wasAskedToEnd({ asks }: SessionSeen): boolean {
  return asks.some(({ operation }) => operation === 'logout')
}

function lists(sessions: Reading['sessions'], { session }: SessionSeen): boolean {
  return sessions.some((listed) => listed.session === session)
}

function hasBegunAnew({ inflicted }: Tortured, appliance: ApplianceId, since: number): boolean {
  return inflicted.some(
    ({ fault, endedAt }) =>
      'appliance' in fault && fault.appliance === appliance && fault.class !== 'pause' && endedAt > since,
  )
}

function momentOf({ finals }: Tortured, reading: Reading): string {
  return finals.includes(reading) ? 'at the end' : `at ${new Date(reading.askedAt).toISOString()}`
}

function databasesOf(readings: readonly Reading[]): readonly Reading[] {
  return readings.filter(({ role }) => role === 'database')
}

/** Without the last word of both databases nothing can be said. */
function withBoth(finals: readonly Reading[], outcome: Outcome): Outcome {
  return finals.length === 2 ? outcome : { why: `${finals.length} of 2 databases could be read at the end` }
}

function findingOf({ agent }: SessionSeen, at: number, rule: string, text: string): Finding {
  return { at, agent: agent.agent, rule, text }
}
