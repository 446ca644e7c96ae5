/**
 * The records of a database appliance: people, sessions and the log of the changes made here. It decides what a front
 * asks; whoever asked hears of a change once it is committed and, where the other database is in step, there too.
 *
 * A change names the appliance that serves the session; the other sessions of its agent are left alone (BD2). `ended`
 * is final.
 */
import { type ChangeLog, createChangeLog } from './change-log.ts'
import { type Emit } from './events.ts'
import { mergeSession, mergeTickets } from './merge.ts'
import { createStamps, type Stamps } from './stamps.ts'
import { keyOf, sessionKey, type StoreEntry } from './store.ts'
import { assertNever } from '#shared/assert.ts'
import {
  type ComputerPolicy,
  defaultUserPolicy,
  type EffectivePolicy,
  effectivePolicy,
  type UserPolicy,
} from '#shared/policy/policy.ts'
import { type PauseCause } from '#shared/wire/agent-link.schema.ts'
import {
  type Answer,
  type Ask,
  type Change,
  type SessionRecord,
  type StoredAudit,
  type StoredRecord,
} from '#shared/wire/peer-link.schema.ts'

export type DatabasePerson = {
  readonly user: string
  /** argon2id in PHC form. */
  readonly verifier: string
  /** Counts the changes of the credential (OF4). */
  readonly version: number
  readonly disabled: boolean
  /** Id of the user policy. */
  readonly policy: string
}

/** Policies as the enterprise has them; `computers` names the computer policy of an agent that has one. */
export type Policies = {
  readonly users: readonly UserPolicy[]
  readonly computers: readonly ComputerPolicy[]
  readonly computerPolicyOf: Readonly<Record<string, string>>
}

type SessionState = SessionRecord['state']
type Opening = Extract<Ask, { op: 'open-session' }>
type Adopting = Extract<Ask, { op: 'adopt-session' }>
type Changing = Extract<Ask, { op: 'change-session' }>

export type Decided =
  | { readonly kind: 'answer'; readonly answer: Answer }
  /** Decided and logged at `position` of the own log; the answer waits for the other database. */
  | {
      readonly kind: 'change'
      readonly user: string
      readonly state: SessionState
      readonly paused: PauseCause | undefined
      readonly position: number
    }

export type DatabaseOptions = {
  readonly origin: string
  readonly logName: string
  readonly people: readonly DatabasePerson[]
  readonly policies: Policies
  readonly entries: readonly StoreEntry[]
  readonly emit: Emit
  /** The session was served by `from`, and is not any more. */
  readonly left: (session: string, from: string) => void
}

/** Verified for unknown users where there are no people at all; nobody has its password. */
const strangersVerifier = `$argon2id$v=19$m=19456,t=2,p=1$${'A'.repeat(22)}$${'A'.repeat(43)}`

export class Database {
  readonly log: ChangeLog
  private readonly options: DatabaseOptions
  private readonly people: ReadonlyMap<string, DatabasePerson>
  private readonly records = new Map<string, SessionRecord>()
  private readonly audits = new Map<string, StoredAudit>()
  private readonly positions = new Map<string, number>()
  private readonly stamps: Stamps
  private open = 0

  constructor(options: DatabaseOptions) {
    this.options = options
    this.people = new Map(options.people.map((person) => [person.user, person]))
    this.stamps = createStamps(options.origin)
    const own: Change[] = []
    for (const { log, position, record } of options.entries) {
      if (record !== undefined) this.take(record)
      if (record !== undefined && log === options.logName && position > 0) own.push({ position, record })
      this.advance(log, position)
    }
    this.log = createChangeLog(this.held(options.logName), own)
  }

  get logName(): string {
    return this.options.logName
  }

  get sessions(): ReadonlyMap<string, SessionRecord> {
    return this.records
  }

  /** Records of every kind. */
  get size(): number {
    return this.records.size + this.audits.size
  }

  /** Keys of all records, in the order in which each was first kept. */
  *keys(): Iterable<string> {
    for (const session of this.records.keys()) yield sessionKey(session)
    yield* this.audits.keys()
  }

  record(key: string): StoredRecord | undefined {
    const audit = this.audits.get(key)
    if (audit !== undefined) return { kind: 'audit', value: audit }
    const session = this.records.get(key.slice(sessionKey('').length))
    return session === undefined ? undefined : { kind: 'session', value: session }
  }

  /** Sessions that have not ended. */
  get openSessions(): number {
    return this.open
  }

  decide(ask: Ask, wallMs: number): Decided {
    switch (ask.op) {
      case 'find-user':
        return { kind: 'answer', answer: this.findUser(ask.user, ask.agent) }
      case 'open-session':
        return this.openSession(ask, wallMs)
      case 'adopt-session':
        return this.adoptSession(ask, wallMs)
      case 'change-session':
        return this.changeSession(ask, wallMs)
      default:
        return assertNever(ask)
    }
  }

  /** How far a log is held here. */
  held(log: string): number {
    return this.positions.get(log) ?? 0
  }

  /** Takes a change of another database's log; a part of a snapshot comes with position 0. Taking it twice is the same. */
  apply(log: string, record: StoredRecord | undefined, position: number): void {
    // What is kept is the merged record: a store knows no merge law, so that its last version of a record has to be the one.
    const kept = record === undefined ? undefined : this.take(record)
    this.advance(log, position)
    this.options.emit({ type: 'persist', entry: { log, position, record: kept } })
  }

  private findUser(user: string, agent: string): Answer {
    const person = this.people.get(user)
    const decoy = this.options.people[0]?.verifier ?? strangersVerifier
    return {
      outcome: 'user',
      verifier: person?.verifier ?? decoy,
      known: person !== undefined,
      disabled: person?.disabled ?? false,
      policy: this.policyOf(person, agent),
      version: person?.version ?? 0,
    }
  }

  /** The user policy, and the computer policy of that agent over it (CH5). */
  private policyOf(person: DatabasePerson | undefined, agent: string): EffectivePolicy {
    const { users, computers, computerPolicyOf } = this.options.policies
    const user = users.find(({ id }) => id === person?.policy) ?? defaultUserPolicy
    const computer = computers.find(({ id }) => id === computerPolicyOf[agent])
    return effectivePolicy(user, computer)
  }

  private openSession(ask: Opening, wallMs: number): Decided {
    const { session, user, agent, appliance } = ask
    const known = this.records.get(session)
    if (known?.state === 'ended') return refused('session-ended')
    if (known !== undefined && (known.user !== user || known.agent !== agent)) return refused('wrong-user')
    const tickets = mergeTickets(known?.tickets ?? [], [ask.ticketHash])
    return this.change({ session, user, agent, appliance, state: 'active', tickets }, wallMs)
  }

  /** The agent has looked at the password; whether it may be believed was decided by the front (OF6). */
  private adoptSession(ask: Adopting, wallMs: number): Decided {
    const { session, user, agent, appliance, paused } = ask
    const known = this.records.get(session)
    if (known !== undefined && (known.user !== user || known.agent !== agent)) return refused('wrong-user')
    if (known?.state === 'ended' && ask.state !== 'ended') return refused('session-ended')
    const tickets = mergeTickets(known?.tickets ?? [], [ask.ticketHash])
    const isPaused = paused !== undefined && ask.state === 'active'
    const state = isPaused ? 'paused' : ask.state
    return this.change({ session, user, agent, appliance, state, tickets, ...(isPaused ? { paused } : {}) }, wallMs)
  }

  private changeSession(ask: Changing, wallMs: number): Decided {
    const known = this.records.get(ask.session)
    // To a stranger, one without the ticket, the session does not exist.
    if (known === undefined || known.agent !== ask.agent || !known.tickets.includes(ask.ticketHash)) {
      return refused('unknown-session')
    }
    if (known.state === 'ended') {
      // A logout asked again, because its answer was lost, is answered as the first time.
      return ask.change === 'end' ? this.change(known, wallMs) : refused('session-ended')
    }
    const { appliance } = ask
    if (ask.change === 'unlock' && known.user !== ask.user) return this.byAnother(known, appliance, wallMs)
    const { paused: _paused, ...rest } = known
    const state = stateAfter(ask, known.state)
    const cause = ask.paused ?? known.paused
    const paused = state === 'paused' && cause !== undefined ? { paused: cause } : {}
    return this.change({ ...rest, ...paused, appliance, state }, wallMs)
  }

  /**
   * Another user's right password at a session: any user may answer an inactivity challenge; at another challenge it is
   * another user's login, which ends the session (CH4). A session that is not paused is not touched.
   */
  private byAnother(known: SessionRecord, appliance: string, wallMs: number): Decided {
    if (known.state !== 'paused') return refused('wrong-user')
    const { paused, ...rest } = known
    return this.change({ ...rest, appliance, state: paused === 'inactivity' ? 'active' : 'ended' }, wallMs)
  }

  private change(session: Omit<SessionRecord, 'stamp' | 'made'>, wallMs: number): Decided {
    const { origin } = this.options
    const made = this.records.get(session.session)?.made ?? {}
    const stamp = this.stamps.next(wallMs)
    const value: SessionRecord = { ...session, stamp, made: { ...made, [origin]: (made[origin] ?? 0) + 1 } }
    this.keep(value)
    const position = this.append({ kind: 'session', value })
    const { user, state, paused } = value
    return { kind: 'change', user, state, paused, position }
  }

  private append(record: StoredRecord): number {
    const { logName, emit } = this.options
    const { position } = this.log.append(record)
    emit({ type: 'persist', entry: { log: logName, position, record } })
    emit({ type: 'soon' })
    return position
  }

  /** The record as it is kept now. */
  private take(record: StoredRecord): StoredRecord {
    if (record.kind === 'session') return { kind: 'session', value: this.merge(record.value) }
    this.audits.set(keyOf(record), record.value)
    return record
  }

  private merge(session: SessionRecord): SessionRecord {
    this.stamps.observe(session.stamp)
    const known = this.records.get(session.session)
    const merged = known === undefined ? session : mergeSession(known, session)
    this.keep(merged)
    return merged
  }

  private keep(session: SessionRecord): void {
    const before = this.records.get(session.session)
    this.records.set(session.session, session)
    this.open += openCount(session) - openCount(before)
    if (before === undefined || before.state === 'ended') return
    const leaves = before.appliance !== session.appliance || session.state === 'ended'
    if (leaves) this.options.left(session.session, before.appliance)
  }

  private advance(log: string, position: number): void {
    this.positions.set(log, Math.max(this.held(log), position))
  }
}

function openCount(session: SessionRecord | undefined): number {
  return session === undefined || session.state === 'ended' ? 0 : 1
}

function refused(reason: 'wrong-user' | 'unknown-session' | 'session-ended'): Decided {
  return { kind: 'answer', answer: { outcome: 'refused', reason } }
}

/** `serve` says only where the session is now. A paused session is not locked on top: its own user comes back to it. */
function stateAfter({ change, paused }: Changing, state: SessionState): SessionState {
  switch (change) {
    case 'lock':
      return state === 'paused' ? 'paused' : 'locked'
    case 'unlock':
      return 'active'
    case 'end':
      return 'ended'
    case 'serve':
      return paused !== undefined && state === 'active' ? 'paused' : state
    case 'pause':
      return 'paused'
    default:
      return assertNever(change)
  }
}
