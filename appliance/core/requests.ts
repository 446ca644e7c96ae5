/**
 * Carries out agents' requests: what has to be known or recorded is asked of the records, passwords are verified by the
 * shell, off the loop. Every request gets exactly one answer.
 */
import { type AgentRequest } from './admission.ts'
import { type Emit, type FreshTicket } from './events.ts'
import { type Records } from './records.ts'
import { type Serving } from './serving.ts'
import { type TopologyKeeper } from './topology-keeper.ts'
import { assert, assertNever } from '#shared/assert.ts'
import { type Instant } from '#shared/clock.ts'
import { type EffectivePolicy, samePolicy } from '#shared/policy/policy.ts'
import { type ApplianceMessage, type PauseCause } from '#shared/wire/agent-link.schema.ts'
import { type Answer, type Ask } from '#shared/wire/peer-link.schema.ts'

type Login = Extract<AgentRequest, { type: 'login' }>
type Adoption = Extract<AgentRequest, { type: 'resume-offline' }>
type WithPassword = Extract<AgentRequest, { type: 'login' | 'unlock' }>
type WithTicket = Extract<AgentRequest, { type: 'resume' | 'lock' | 'unlock' | 'logout' | 'pause' }>
type User = Extract<Answer, { outcome: 'user' }>
type Audit = Extract<AgentRequest, { type: 'audit' }>
type Denied = Extract<ApplianceMessage, { type: 'rejected' }>['reason']
type Session = Extract<Answer, { outcome: 'session' }>

/** What is told of a denial. */
type Told = Pick<Extract<Ask, { op: 'record-denial' }>, 'agent' | 'user' | 'session' | 'detail'>

export type Reply = (message: ApplianceMessage) => void

/** One request on its way to its answer. */
export type Work<Message extends AgentRequest = AgentRequest> = {
  readonly agent: string
  readonly message: Message
  readonly reply: Reply
}

/** What the shell made for a message: a ticket to give, or the hash of the ticket it carries. */
export type Tickets = { readonly freshTicket?: FreshTicket | undefined; readonly ticketHash?: string | undefined }

type Hashing = {
  readonly work: Work<WithPassword>
  user: User | null
  readonly accepted: (now: Instant, user: User) => void
}

export type RequestsOptions = {
  readonly keeper: TopologyKeeper
  readonly records: Records
  readonly serving: Serving
  readonly emit: Emit
  /** Names this run of the appliance: no two have the same. */
  readonly incarnation: string
}

export class Requests {
  private readonly options: RequestsOptions
  private readonly hashing = new Map<number, Hashing>()
  private jobs = 0
  private denials = 0

  constructor(options: RequestsOptions) {
    this.options = options
  }

  /** Passwords waiting to be verified. */
  get hashes(): number {
    return this.hashing.size
  }

  carryOut(work: Work, tickets: Tickets, now: Instant): void {
    const { message } = work
    switch (message.type) {
      case 'audit':
        this.keepAudit({ ...work, message }, now)
        return
      case 'topology.get':
        work.reply({ type: 'topology', request: message.request, topology: this.options.keeper.topology })
        return
      case 'refresh':
        this.refresh(work, message.request, message.epoch)
        return
      case 'login':
        this.login({ ...work, message }, tickets, now)
        return
      case 'unlock':
        this.verify({ ...work, message }, now, (later, user) => this.alter({ ...work, message }, tickets, later, user))
        return
      case 'resume-offline':
        this.adopt({ ...work, message }, tickets, now)
        return
      case 'resume':
      case 'lock':
      case 'pause':
      case 'logout':
        this.alter({ ...work, message }, tickets, now)
        return
      default:
        assertNever(message)
    }
  }

  passwordVerified(job: number, passwordOk: boolean, now: Instant): void {
    const hashing = this.hashing.get(job)
    assert(hashing !== undefined && hashing.user !== null, 'a password is verified once, after its user was looked up')
    this.hashing.delete(job)
    const { work, user, accepted } = hashing
    if (!passwordOk || !user.known) this.deny(work, 'bad-credential', now)
    else if (user.disabled) this.deny(work, 'disabled', now)
    else accepted(now, user)
  }

  /** A denial becomes an audit record; `done` hears when it is kept. */
  keepDenial(told: Told, now: Instant, done: (answer: Answer) => void): void {
    this.denials += 1
    const { incarnation, keeper, records } = this.options
    const identity = { appliance: keeper.self.id, incarnation, seq: this.denials }
    records.ask({ op: 'record-denial', ...identity, atMs: Math.floor(now.wallMs), ...told }, now, done)
  }

  private refresh(work: Work, request: number, epoch: number): void {
    const { topology } = this.options.keeper
    if (topology.epoch > epoch) work.reply({ type: 'topology', request, topology })
    else work.reply({ type: 'refreshed', request, epoch: topology.epoch })
  }

  private login(work: Work<Login>, { freshTicket }: Tickets, now: Instant): void {
    assert(freshTicket !== undefined, 'a login comes with a ticket to give')
    const { agent, message } = work
    const { request, session, user } = message
    const { keeper, serving } = this.options
    const question: Ask = {
      op: 'open-session',
      session,
      user,
      agent,
      ticketHash: freshTicket.hash,
      appliance: keeper.self.id,
    }
    this.verify(work, now, (later, { policy, version: credentialVersion }) => {
      this.record(question, work, later, ({ state, replicated }) => {
        serving.add(session, { agent, user, state })
        const { ticket } = freshTicket
        work.reply({ type: 'login.accepted', request, session, ticket, policy, credentialVersion, replicated })
      })
    })
  }

  /**
   * A session started or unlocked offline is validated (OF6): a disabled user ends it, another policy than the agent went
   * by challenges it, else the agent's word is enough.
   */
  private adopt(work: Work<Adoption>, { freshTicket }: Tickets, now: Instant): void {
    const { agent, message, reply } = work
    const { request, user } = message
    this.options.records.ask({ op: 'find-user', user, agent }, now, (found) => {
      if (found.outcome === 'unavailable') reply({ type: 'unavailable', request, reason: found.reason })
      else if (found.outcome === 'user' && found.known && !found.disabled) {
        this.adoptOf(work, freshTicket, found.policy, now)
      } else this.deny(work, 'disabled', now)
    })
  }

  private adoptOf(work: Work<Adoption>, fresh: FreshTicket | undefined, policy: EffectivePolicy, now: Instant): void {
    assert(fresh !== undefined, 'a session started offline comes with a ticket to give')
    const { agent, message, reply } = work
    const { request, session, user, state: asked } = message
    const { keeper, serving } = this.options
    const cause = message.pause ?? (samePolicy(message.policy, policy) ? undefined : 'coming-online')
    const question: Ask = {
      op: 'adopt-session',
      session,
      user,
      agent,
      ticketHash: fresh.hash,
      appliance: keeper.self.id,
      state: asked,
      ...(cause === undefined ? {} : { paused: cause }),
    }
    this.record(question, work, now, ({ state, paused, replicated }) => {
      if (state === 'ended') {
        serving.remove(session)
        reply({ type: 'logged-out', request, replicated })
        return
      }
      serving.add(session, { agent, user, state })
      const { ticket } = fresh
      const open = paused === undefined ? {} : { paused }
      reply({ type: 'adopted', request, session, ticket, policy, state, ...open, replicated })
    })
  }

  private verify(work: Work<WithPassword>, now: Instant, accepted: Hashing['accepted']): void {
    const { agent } = work
    const { request, user, password } = work.message
    this.jobs += 1
    const job = this.jobs
    const hashing: Hashing = { work, user: null, accepted }
    this.hashing.set(job, hashing)
    this.options.records.ask({ op: 'find-user', user, agent }, now, (answer) => {
      if (answer.outcome === 'user' && answer.lockedOut) {
        this.hashing.delete(job)
        this.deny(work, 'locked-out', now)
        return
      }
      if (answer.outcome === 'user') {
        hashing.user = answer
        // An unknown user's password is verified too, against another's verifier, so that it takes as long.
        this.options.emit({ type: 'verify-password', job, verifier: answer.verifier, password })
        return
      }
      assert(answer.outcome === 'unavailable', 'looking up a user answers with the user')
      this.hashing.delete(job)
      work.reply({ type: 'unavailable', request, reason: answer.reason })
    })
  }

  private alter(work: Work<WithTicket>, { ticketHash }: Tickets, now: Instant, user?: User): void {
    assert(ticketHash !== undefined, 'a message with a ticket comes with its hash')
    const { agent, message } = work
    const { session } = message
    const { keeper, serving } = this.options
    const question: Ask = {
      op: 'change-session',
      change: changeOf[message.type],
      session,
      agent,
      ticketHash,
      appliance: keeper.self.id,
      ...(message.type === 'unlock' ? { user: message.user } : {}),
      ...pausedOf(message),
    }
    this.record(question, work, now, (answer) => {
      if (answer.state === 'ended') serving.remove(session)
      else serving.add(session, { agent, user: answer.user, state: answer.state })
      work.reply(altered(message, answer, user))
    })
  }

  private keepAudit(work: Work<Audit>, now: Instant): void {
    const { agent, message } = work
    const { request, records } = message
    this.options.records.ask({ op: 'keep-audit', agent, records }, now, (answer) => {
      if (answer.outcome === 'unavailable') work.reply({ type: 'unavailable', request, reason: answer.reason })
      else {
        assert(answer.outcome === 'audited', 'an upload is answered with how far the queue is kept')
        work.reply({ type: 'audited', request, incarnation: answer.incarnation, seq: answer.seq })
      }
    })
  }

  /** A denial is an audit record (AU1), kept before the agent hears of it. */
  private deny(work: Work, reason: Denied, now: Instant): void {
    const { agent, message } = work
    const { request } = message
    const told = {
      agent,
      ...('user' in message ? { user: message.user } : {}),
      ...('session' in message ? { session: message.session } : {}),
      detail: `${message.type}: ${reason}`,
      ...(reason === 'bad-credential' ? { counts: true } : {}),
    }
    this.keepDenial(told, now, (answer) => {
      if (answer.outcome === 'unavailable') work.reply({ type: 'unavailable', request, reason: answer.reason })
      else {
        assert(answer.outcome === 'recorded', 'a denial is recorded')
        // Of many passwords tried at once, only those before the lock are told right from wrong.
        work.reply({ type: 'rejected', request, reason: answer.lockedOut ? 'locked-out' : reason })
      }
    })
  }

  /** Records a change; `done` hears only of one that was made, a refusal is answered here. */
  private record(question: Ask, work: Work, now: Instant, done: (answer: Session) => void): void {
    const { request } = work.message
    this.options.records.ask(question, now, (answer) => {
      if (answer.outcome === 'unavailable') work.reply({ type: 'unavailable', request, reason: answer.reason })
      else if (answer.outcome === 'refused') this.deny(work, answer.reason, now)
      else {
        assert(answer.outcome === 'session', 'a change of a session answers with the session')
        done(answer)
      }
    })
  }
}

const changeOf = { resume: 'serve', lock: 'lock', unlock: 'unlock', logout: 'end', pause: 'pause' } as const

function pausedOf(message: WithTicket): { readonly paused?: PauseCause } {
  const cause = message.type === 'pause' ? message.cause : message.type === 'resume' ? message.pause : undefined
  return cause === undefined ? {} : { paused: cause }
}

function altered(message: WithTicket, answer: Session, user: User | undefined): ApplianceMessage {
  const { request, session } = message
  const { state, paused, replicated } = answer
  if (message.type === 'unlock') {
    // Whoever might not answer the challenge has ended the session (CH4).
    if (state === 'ended') return { type: 'rejected', request, reason: 'session-ended' }
    assert(user !== undefined, 'an unlock comes with the user whose password it was')
    return { type: 'unlocked', request, policy: user.policy, credentialVersion: user.version, replicated }
  }
  if (state === 'ended') return { type: 'logged-out', request, replicated }
  if (message.type === 'resume') {
    return { type: 'resumed', request, session, state, ...(paused === undefined ? {} : { paused }), replicated }
  }
  return { type: message.type === 'pause' ? 'paused' : 'locked', request, replicated }
}
