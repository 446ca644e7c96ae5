/**
 * The records of a database appliance: enterprise data, sessions, audit records, and the log of the changes made here. It decides
 * what a front asks; whoever asked hears of a change once it is committed and, where the other database is in step,
 * there too. A change of one session leaves the others of its agent alone (BD2).
 */
import { type AuditListing, AuditTrail } from './audit-trail.ts'
import { type ChangeLog, createChangeLog } from './change-log.ts'
import { ContentHash } from './content-hash.ts'
import { createDirectory, type DatabasePerson, type Directory, initialRecords, type Policies } from './directory.ts'
import { EnterpriseTable } from './enterprise-table.ts'
import { type Enrolling, enrolment, findAgent, ruleEnrolment } from './enrolment-law.ts'
import { type Emit } from './events.ts'
import { type FieldReport, FieldReports } from './field-reports.ts'
import { Lockouts } from './lockouts.ts'
import { type MergeReport, MergeReports } from './merge-reports.ts'
import { auditOfChange } from './session-audit.ts'
import { rule, type SessionAsk } from './session-law.ts'
import { SessionTable } from './session-table.ts'
import { createStamps, type Stamps } from './stamps.ts'
import { keyOf, sessionKey, type StoreEntry } from './store.ts'
import { assertNever } from '#shared/assert.ts'
import { type PauseCause } from '#shared/wire/agent-link.schema.ts'
import { type DataChange } from '#shared/wire/enterprise-data.schema.ts'
import {
  type Answer,
  type Ask,
  type Change,
  type SessionRecord,
  type StoredAudit,
  type StoredRecord,
} from '#shared/wire/peer-link.schema.ts'

type Upload = Extract<Ask, { op: 'keep-audit' }>
type Denial = Extract<Ask, { op: 'record-denial' }>
/** An administrative act (AU1). */
export type Act = Pick<StoredAudit, 'kind' | 'user' | 'agent' | 'appliance' | 'detail'>
type Kept = { readonly record?: StoredRecord; readonly forget?: readonly string[] }

export type Decided =
  | { readonly kind: 'answer'; readonly answer: Answer }
  /** Decided and logged at `position` of the own log; the answer waits for the other database. */
  | {
      readonly kind: 'change'
      readonly user: string
      readonly state: SessionRecord['state']
      readonly paused: PauseCause | undefined
      readonly position: number
    }
  | { readonly kind: 'recorded'; readonly answer: Answer; readonly position: number }

export type DatabaseOptions = {
  readonly origin: string
  readonly logName: string
  readonly people: readonly DatabasePerson[]
  readonly policies: Policies
  readonly entries: readonly StoreEntry[]
  /** How much faster the policy clock runs, asked anew each time; absent: as wall time. */
  readonly timeScale?: () => number
  readonly emit: Emit
  /** The session was served by `from`, and is not any more. */
  readonly left: (session: string, from: string) => void
}

export class Database {
  private ownLog: ChangeLog
  private ownName: string
  /** Users, policies and what else the enterprise keeps; changed by `write`. */
  readonly data: EnterpriseTable
  private readonly options: DatabaseOptions
  private readonly directory: Directory
  private readonly lockouts: Lockouts
  private readonly table: SessionTable
  private readonly trail = new AuditTrail()
  private readonly content = new ContentHash()
  private readonly reports: MergeReports
  private readonly fieldReports: FieldReports
  private readonly positions = new Map<string, number>()
  /** Databases that lost their log, and what only they held with it. */
  private readonly losers = new Set<string>()
  private readonly stamps: Stamps

  constructor(options: DatabaseOptions) {
    this.options = options
    const { content } = this
    const stamps = createStamps(options.origin)
    const reports = new MergeReports(options.origin, options.emit)
    const fieldReports = new FieldReports(options.emit)
    const initial = initialRecords(options.people, options.policies)
    this.stamps = stamps
    this.reports = reports
    this.fieldReports = fieldReports
    this.table = new SessionTable({ content, stamps, reports, left: options.left })
    this.data = new EnterpriseTable({ initial, content, stamps, reports: fieldReports })
    this.directory = createDirectory(this.data)
    this.lockouts = new Lockouts({
      data: this.data,
      directory: this.directory,
      timeScale: options.timeScale ?? (() => 1),
    })
    const own: Change[] = []
    for (const { log, position, record } of options.entries) {
      if (record?.kind === 'data') this.data.restore(record.value)
      else if (record !== undefined) this.take(record)
      if (record !== undefined && log === options.logName && position > 0) own.push({ position, record })
      this.advance(log, position)
    }
    this.ownName = options.logName
    this.ownLog = createChangeLog(this.held(options.logName), own)
  }

  get log(): ChangeLog {
    return this.ownLog
  }

  get logName(): string {
    return this.ownName
  }

  get sessions(): ReadonlyMap<string, SessionRecord> {
    return this.table.all
  }

  /** Sessions that have not ended. */
  get openSessions(): number {
    return this.table.openCount
  }

  /** Of all records (RP7). */
  get hash(): string {
    return this.content.text
  }

  /** What was decided between changes made apart (RP8). */
  get merges(): readonly MergeReport[] {
    return this.reports.all
  }

  /** The same, of fields of enterprise data. */
  get fieldMerges(): readonly FieldReport[] {
    return this.fieldReports.all
  }

  /** At most `count` audit records that came after the one of that index. */
  audit(index: number, count: number): readonly AuditListing[] {
    return this.trail.after(index, count)
  }

  /** Keys of all records, in the order in which each was first kept. */
  *keys(): Iterable<string> {
    yield* this.data.keys()
    for (const session of this.sessions.keys()) yield sessionKey(session)
    yield* this.trail.keys()
  }

  record(key: string): StoredRecord | undefined {
    const audit = this.trail.get(key)
    if (audit !== undefined) return { kind: 'audit', value: audit }
    const data = this.data.at(key)
    if (data !== undefined) return { kind: 'data', value: data }
    const session = this.sessions.get(key.slice(sessionKey('').length))
    return session === undefined ? undefined : { kind: 'session', value: session }
  }

  decide(ask: Ask, wallMs: number): Decided {
    switch (ask.op) {
      case 'find-user':
        return {
          kind: 'answer',
          answer: this.directory.find(ask.user, ask.agent, this.lockouts.isLocked(ask.user, wallMs)),
        }
      case 'open-session':
      case 'adopt-session':
      case 'change-session':
        return this.changeSession(ask, wallMs)
      case 'find-agent':
        return { kind: 'answer', answer: findAgent(this.data, ask.agent) }
      case 'enrol-agent':
        return this.enrol(ask, wallMs)
      case 'keep-audit':
        return this.keepAudit(ask)
      case 'record-denial':
        return this.recordDenial(ask, wallMs)
      default:
        return assertNever(ask)
    }
  }

  /** How far a log is held here. */
  held(log: string): number {
    return this.positions.get(log) ?? 0
  }

  /** The logs of an appliance of which something is held here; a log's name begins with its appliance. */
  logsOf(appliance: string): readonly string[] {
    return [...this.positions.keys()].filter((log) => log.startsWith(`${appliance}/`))
  }

  /** Takes a change of another database's log; a part of a snapshot comes with position 0. Taking it twice is the same. */
  apply(log: string, record: StoredRecord | undefined, position: number): void {
    // What is kept is the merged record: a store knows no merge law, so that its last version of a record has to be the one.
    const kept = record === undefined ? {} : this.take(record)
    this.advance(log, position)
    const isNew = position > 0 || kept.record !== undefined || kept.forget !== undefined
    if (isNew) this.options.emit({ type: 'persist', entry: { log, position, ...kept } })
  }

  /**
   * Begins the own log anew, under a name never used before, with all records and no position of any log: both databases
   * take everything of the other again.
   */
  beginAnew(logName: string): void {
    this.ownName = logName
    this.ownLog = createChangeLog(0, [])
    this.positions.clear()
    this.options.emit({ type: 'persist', entry: { log: logName, position: 0, begins: true } })
  }

  /** Changes a record of enterprise data; its position in the own log. */
  write(change: DataChange, wallMs: number): number {
    this.append({ kind: 'data', value: this.data.change(change, this.stamps.next(wallMs)) })
    return this.log.end
  }

  private enrol(ask: Enrolling, wallMs: number): Decided {
    const ruling = ruleEnrolment(this.data, ask)
    if (ruling === 'refused') return { kind: 'answer', answer: { outcome: 'not-enrolled' } }
    if (ruling === 'new') {
      this.write(enrolment(ask), wallMs)
      this.recordAct({ kind: 'enrolled', agent: ask.agent, appliance: ask.appliance }, wallMs)
    }
    return { kind: 'recorded', answer: { outcome: 'enrolled' }, position: this.log.end }
  }

  recordAct(act: Act, wallMs: number): void {
    this.appendOwnAudit({ ...act, atMs: Math.floor(wallMs) })
  }

  /** That database will not bring back what it alone had: sessions nobody here knows are named as theirs come (RP3). */
  pastLost(database: string, text: string): void {
    this.losers.add(database)
    this.options.emit({ type: 'note', kind: 'log.lost', level: 'warn', rules: ['RP3'], text })
  }

  private changeSession(ask: SessionAsk, wallMs: number): Decided {
    const { origin } = this.options
    const known = this.sessions.get(ask.session)
    const prover = proverOf(ask)
    if (prover !== undefined && this.lockouts.isLocked(prover, wallMs)) {
      return { kind: 'answer', answer: { outcome: 'refused', reason: 'locked-out' } }
    }
    const ruling = rule(ask, known)
    if (ruling.kind === 'refused') {
      if (known === undefined) this.nameLost(ask)
      return { kind: 'answer', answer: { outcome: 'refused', reason: ruling.reason } }
    }
    if (prover !== undefined) this.lockouts.succeeded(prover)
    const stamp = this.stamps.next(wallMs)
    const made = { ...known?.made, [origin]: (known?.made[origin] ?? 0) + 1 }
    const value: SessionRecord = { ...ruling.draft, stamp, made }
    this.table.keep(value)
    this.append({ kind: 'session', value })
    const { session, agent, appliance, user, state, paused } = value
    for (const told of auditOfChange(ask, known, value)) {
      this.appendOwnAudit({ ...told, atMs: stamp.wallMs, session, agent, appliance })
    }
    return { kind: 'change', user, state, paused, position: this.log.end }
  }

  private nameLost({ session, agent }: SessionAsk): void {
    if (this.losers.size === 0) return
    const text = `session ${session} of ${agent} is unknown: if ${[...this.losers].join(' or ')} acknowledged it alone, it is lost`
    const data = { session, agent }
    this.options.emit({ type: 'note', kind: 'session.lost', level: 'warn', rules: ['RP3'], text, data })
  }

  /**
   * Keeps what is new of an agent's queue, in its order. After a gap the agent is told how far the queue is kept; when it
   * begins with the same record again, it has nothing older: that was acknowledged by a database that is cut off or lost.
   */
  private keepAudit({ agent, records }: Upload): Decided {
    const incarnation = records[0]?.incarnation ?? ''
    const first = records[0]?.seq ?? 0
    const mayBegin = this.trail.mayBegin(agent, incarnation, first)
    for (const { seq, ...told } of mayBegin ? records : []) {
      const mark = this.trail.mark(agent, incarnation)
      const follows = seq === mark + 1 || (seq === first && seq > mark)
      if (told.incarnation === incarnation && follows) {
        this.appendAudit({ by: 'agent', source: agent, seq, ...told })
      }
    }
    const answer: Answer = { outcome: 'audited', incarnation, seq: this.trail.mark(agent, incarnation) }
    return { kind: 'recorded', answer, position: this.log.end }
  }

  /** Asked again, under the same number, it is recorded once. */
  private recordDenial(denial: Denial, wallMs: number): Decided {
    const { op: _op, counts, appliance, ...told } = denial
    const { user } = denial
    const record: StoredAudit = { by: 'appliance', source: appliance, kind: 'denied', appliance, ...told }
    const lockedOut = counts === true && user !== undefined && this.lockouts.isLocked(user, wallMs)
    if (!this.trail.has(record)) {
      this.appendAudit(record)
      if (counts === true && user !== undefined && !lockedOut) this.countFailure(user, denial.agent, wallMs)
    }
    return { kind: 'recorded', answer: { outcome: 'recorded', lockedOut }, position: this.log.end }
  }

  private countFailure(user: string, agent: string, wallMs: number): void {
    const lockedUntilMs = this.lockouts.failed(user, wallMs)
    if (lockedUntilMs === null) return
    this.write({ kind: 'user', key: user, fields: { lockedUntilMs } }, wallMs)
    this.appendOwnAudit({ kind: 'lockout', user, agent, atMs: Math.floor(wallMs) })
  }

  /** Of this database itself: numbered by its place in the own log. */
  private appendOwnAudit(told: Omit<StoredAudit, 'by' | 'source' | 'incarnation' | 'seq'>): void {
    const { origin } = this.options
    const { logName } = this
    this.appendAudit({ by: 'appliance', source: origin, incarnation: logName, seq: this.log.end + 1, ...told })
  }

  private appendAudit(value: StoredAudit): void {
    this.append({ kind: 'audit', value })
  }

  /** Logs a change made here, and keeps it. */
  private append(record: StoredRecord): void {
    const { logName } = this
    const { emit } = this.options
    const kept = record.kind === 'audit' ? this.take(record) : { record }
    const { position } = this.log.append(record)
    emit({ type: 'persist', entry: { log: logName, position, ...kept } })
    emit({ type: 'soon' })
  }

  /** The record as it is kept now, and what is kept no longer. */
  private take(record: StoredRecord): Kept {
    if (record.kind === 'session') return { record: { kind: 'session', value: this.table.merge(record.value) } }
    if (record.kind === 'data') {
      const value = this.data.merge(record.value)
      return value === null ? {} : { record: { kind: 'data', value } }
    }
    if (this.trail.has(record.value)) return { record }
    const dropped = this.trail.keep(record.value)
    this.content.add(record)
    if (dropped === null) return { record }
    const old: StoredRecord = { kind: 'audit', value: dropped }
    this.content.remove(old)
    const key = keyOf(old)
    return key === keyOf(record) ? {} : { record, forget: [key] }
  }

  private advance(log: string, position: number): void {
    this.positions.set(log, Math.max(this.held(log), position))
  }
}

/** Whose right password the change was asked with. */
function proverOf(ask: SessionAsk): string | undefined {
  if (ask.op === 'open-session') return ask.user
  return ask.op === 'change-session' && ask.change === 'unlock' ? ask.user : undefined
}
