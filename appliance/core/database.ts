/**
 * A database appliance's decisions: what a front asks, it answers from its ledger, or by a change of it. Whoever asked
 * hears of a change once it is committed and, where the other database is in step, there too. A change of one session
 * leaves the others of its agent alone (BD2).
 */
import { createDirectory, type DatabasePerson, type Directory, initialRecords, type Policies } from './directory.ts'
import { type Enrolling, enrolment, findAgent, ruleEnrolment } from './enrolment-law.ts'
import { type Emit } from './events.ts'
import { Ledger } from './ledger.ts'
import { Lockouts } from './lockouts.ts'
import { auditOfChange } from './session-audit.ts'
import { rule, type SessionAsk } from './session-law.ts'
import { type StoreEntry } from './store.ts'
import { assertNever } from '#shared/assert.ts'
import { type PauseCause } from '#shared/wire/agent-link.schema.ts'
import { type DataChange } from '#shared/wire/enterprise-data.schema.ts'
import { type Answer, type Ask, type SessionRecord, type StoredAudit } from '#shared/wire/peer-link.schema.ts'

type Upload = Extract<Ask, { op: 'keep-audit' }>
type Denial = Extract<Ask, { op: 'record-denial' }>
/** An administrative act (AU1). */
export type Act = Pick<StoredAudit, 'kind' | 'user' | 'agent' | 'appliance' | 'detail'>

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
  readonly ledger: Ledger
  private readonly options: DatabaseOptions
  private readonly directory: Directory
  private readonly lockouts: Lockouts
  /** Databases that lost their log, and what only they held with it. */
  private readonly losers = new Set<string>()

  constructor(options: DatabaseOptions) {
    this.options = options
    this.ledger = new Ledger({ ...options, initial: initialRecords(options.people, options.policies) })
    const { data } = this.ledger
    this.directory = createDirectory(data)
    this.lockouts = new Lockouts({ data, directory: this.directory, timeScale: options.timeScale ?? (() => 1) })
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
        return { kind: 'answer', answer: findAgent(this.ledger.data, ask.agent) }
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

  /** Changes a record of enterprise data; its position in the own log. */
  write(change: DataChange, wallMs: number): number {
    const { data, stamps, log } = this.ledger
    this.ledger.append({ kind: 'data', value: data.change(change, stamps.next(wallMs)) })
    return log.end
  }

  private enrol(ask: Enrolling, wallMs: number): Decided {
    const ruling = ruleEnrolment(this.ledger.data, ask)
    if (ruling === 'refused') return { kind: 'answer', answer: { outcome: 'not-enrolled' } }
    if (ruling === 'new') {
      this.write(enrolment(ask), wallMs)
      this.recordAct({ kind: 'enrolled', agent: ask.agent, appliance: ask.appliance }, wallMs)
    }
    return { kind: 'recorded', answer: { outcome: 'enrolled' }, position: this.ledger.log.end }
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
    const known = this.ledger.sessions.get(ask.session)
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
    const stamp = this.ledger.stamps.next(wallMs)
    const made = { ...known?.made, [origin]: (known?.made[origin] ?? 0) + 1 }
    const value: SessionRecord = { ...ruling.draft, stamp, made }
    this.ledger.append({ kind: 'session', value })
    const { session, agent, appliance, user, state, paused } = value
    for (const told of auditOfChange(ask, known, value)) {
      this.appendOwnAudit({ ...told, atMs: stamp.wallMs, session, agent, appliance })
    }
    return { kind: 'change', user, state, paused, position: this.ledger.log.end }
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
    const mayBegin = this.ledger.trail.mayBegin(agent, incarnation, first)
    for (const { seq, ...told } of mayBegin ? records : []) {
      const mark = this.ledger.trail.mark(agent, incarnation)
      const follows = seq === mark + 1 || (seq === first && seq > mark)
      if (told.incarnation === incarnation && follows) {
        this.appendAudit({ by: 'agent', source: agent, seq, ...told })
      }
    }
    const answer: Answer = { outcome: 'audited', incarnation, seq: this.ledger.trail.mark(agent, incarnation) }
    return { kind: 'recorded', answer, position: this.ledger.log.end }
  }

  /** Asked again, under the same number, it is recorded once. */
  private recordDenial(denial: Denial, wallMs: number): Decided {
    const { op: _op, counts, appliance, ...told } = denial
    const { user } = denial
    const record: StoredAudit = { by: 'appliance', source: appliance, kind: 'denied', appliance, ...told }
    const lockedOut = counts === true && user !== undefined && this.lockouts.isLocked(user, wallMs)
    if (!this.ledger.trail.has(record)) {
      this.appendAudit(record)
      if (counts === true && user !== undefined && !lockedOut) this.countFailure(user, denial.agent, wallMs)
    }
    return { kind: 'recorded', answer: { outcome: 'recorded', lockedOut }, position: this.ledger.log.end }
  }

  private countFailure(user: string, agent: string, wallMs: number): void {
    const lockedUntilMs = this.lockouts.failed(user, wallMs)
    if (lockedUntilMs === null) return
    this.write({ kind: 'user', key: user, fields: { lockedUntilMs } }, wallMs)
    this.appendOwnAudit({ kind: 'lockout', user, agent, atMs: Math.floor(wallMs) })
  }

  /** Of this database itself: numbered by its place in the own log. */
  private appendOwnAudit(told: Omit<StoredAudit, 'by' | 'source' | 'incarnation' | 'seq'>): void {
    const { log, logName } = this.ledger
    const seq = log.end + 1
    this.appendAudit({ by: 'appliance', source: this.options.origin, incarnation: logName, seq, ...told })
  }

  private appendAudit(value: StoredAudit): void {
    this.ledger.append({ kind: 'audit', value })
  }
}

/** Whose right password the change was asked with. */
function proverOf(ask: SessionAsk): string | undefined {
  if (ask.op === 'open-session') return ask.user
  return ask.op === 'change-session' && ask.change === 'unlock' ? ask.user : undefined
}
