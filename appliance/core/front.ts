/**
 * Serves agents, the same for both roles (SV4): links, hello, and who may ask what. The front never ends or moves a
 * session by itself while it can serve (BD1, BD3): a changed topology is only handed on (BT4, BT6).
 */
import { type AgentHello, type AgentRequest, type Admission, type Condition, createAdmission } from './admission.ts'
import { AgentGate, type GateRefusal } from './agent-gate.ts'
import { type Counters, countOne } from './counters.ts'
import { type ApplianceEvent, type LinkId } from './events.ts'
import { defaultLoginRate, type LoginRate } from './login-rates.ts'
import { type Reply, Requests, type RequestsOptions } from './requests.ts'
import { type Instant } from '#shared/clock.ts'
import { type ApplianceMessage, type UnavailableReason } from '#shared/wire/agent-link.schema.ts'
import { type CloseName } from '#shared/wire/close-codes.ts'
import { agentProtocolVersion } from '#shared/wire/versions.ts'

type Open = { readonly phase: 'open'; readonly agent: string; underWay: number }
type Proving = { readonly phase: 'proving' }
type Link = { readonly phase: 'greeting' } | Proving | Open
type Verified = Extract<ApplianceEvent, { type: 'password.verified' | 'proof.verified' }>
type Received = Extract<ApplianceEvent, { type: 'agent.received' }>

export type FrontOptions = RequestsOptions & {
  readonly condition: Condition
  readonly counters: Counters
  /** Absent: the product's. */
  readonly loginRate?: LoginRate | undefined
}

export class Front {
  private readonly options: FrontOptions
  private readonly admission: Admission
  private readonly requests: Requests
  private readonly gate: AgentGate
  private readonly table = new Map<LinkId, Link>()
  private readonly linkOf = new Map<string, LinkId>()
  private underWay = 0

  constructor(options: FrontOptions) {
    this.options = options
    this.admission = createAdmission(options.condition, options.serving, options.loginRate ?? defaultLoginRate)
    this.requests = new Requests(options)
    this.gate = new AgentGate(options)
  }

  /** Agents with a link. */
  get links(): number {
    return this.linkOf.size
  }

  get requestsUnderWay(): number {
    return this.underWay
  }

  /** Passwords waiting to be verified. */
  get hashes(): number {
    return this.requests.hashes
  }

  opened(link: LinkId): void {
    this.table.set(link, { phase: 'greeting' })
  }

  received(event: Received, now: Instant): void {
    const { link, message } = event
    const known = this.table.get(link)
    if (known === undefined) return
    if (known.phase === 'greeting' && message.type === 'hello') this.greet(event, message, now)
    else if (known.phase === 'open' && message.type !== 'hello') this.request(known, event, message, now)
    else this.close(link, 'unexpected')
  }

  lost(link: LinkId): void {
    const known = this.table.get(link)
    this.table.delete(link)
    this.gate.lost(link)
    if (known?.phase !== 'open' || this.linkOf.get(known.agent) !== link) return
    this.linkOf.delete(known.agent)
    this.options.serving.unlinked(known.agent)
  }

  verified(event: Verified, now: Instant): void {
    if (event.type === 'proof.verified') this.gate.proofVerified(event.link, event.ok, now)
    else this.requests.passwordVerified(event.job, event.ok, now)
  }

  /** Hands the topology to every agent with a link (BT4). */
  pushTopology(): void {
    const { topology } = this.options.keeper
    const message: ApplianceMessage = { type: 'topology.changed', topology }
    for (const link of this.linkOf.values()) this.send(link, message)
  }

  /** Closes every agent's link, because the appliance cannot serve (SV3). */
  dismiss(reason: UnavailableReason, code: CloseName): void {
    for (const [link, known] of this.table) {
      if (known.phase !== 'open') this.send(link, { type: 'unavailable', reason })
      this.close(link, code)
    }
  }

  private greet({ link, ticketHash }: Received, hello: AgentHello, now: Instant): void {
    if (hello.versions.min > agentProtocolVersion || hello.versions.max < agentProtocolVersion) {
      this.close(link, 'versionUnsupported')
      return
    }
    const refusal = this.admission.hello(hello)
    if (refusal !== null) {
      this.send(link, refusal)
      this.close(link, refusal.type)
      return
    }
    const proving: Proving = { phase: 'proving' }
    this.table.set(link, proving)
    this.gate.prove(link, hello, ticketHash, now, (refused, later) => {
      if (this.table.get(link) !== proving) return
      if (refused === null) this.welcome(link, hello)
      else if (refused.type === 'refused') this.refuse(link, hello.agent, refused, later)
      else this.turnAway(link, refused, 'unavailable')
    })
  }

  /** A denial, kept before the agent hears of it (AU1). */
  private refuse(link: LinkId, agent: string, refusal: GateRefusal, now: Instant): void {
    const known = this.table.get(link)
    this.requests.keepDenial({ agent, detail: `hello: ${refusal.reason}` }, now, (answer) => {
      if (this.table.get(link) !== known) return
      if (answer.outcome === 'unavailable')
        this.turnAway(link, { type: 'unavailable', reason: answer.reason }, 'unavailable')
      else this.turnAway(link, refusal, 'notEnrolled')
    })
  }

  private turnAway(link: LinkId, message: GateRefusal, code: CloseName): void {
    this.send(link, message)
    this.close(link, code)
  }

  private welcome(link: LinkId, hello: AgentHello): void {
    const { keeper, serving } = this.options
    const older = this.linkOf.get(hello.agent)
    if (older !== undefined) this.close(older, 'replaced')
    this.table.set(link, { phase: 'open', agent: hello.agent, underWay: 0 })
    this.linkOf.set(hello.agent, link)
    serving.linked(hello.agent)
    const { id, site } = keeper.self
    const { epoch } = keeper.topology
    this.send(link, { type: 'welcome', version: agentProtocolVersion, appliance: id, site, epoch })
  }

  private request(open: Open, event: Received, message: AgentRequest, now: Instant): void {
    const { agent } = open
    const load = { underWay: open.underWay, hashes: this.hashes }
    const refusal = this.admission.request(message, agent, load, now)
    const reply = this.replyTo(event.link, open, message)
    if (refusal !== null) reply({ ...refusal, request: message.request })
    else this.requests.carryOut({ agent, message, reply }, event, now)
  }

  /** The one answer of a request; not sent when its link is gone, as the agent asks again elsewhere. */
  private replyTo(link: LinkId, open: Open, request: AgentRequest): Reply {
    open.underWay += 1
    this.underWay += 1
    return (message) => {
      open.underWay -= 1
      this.underWay -= 1
      this.count(request, message)
      if (this.table.get(link) === open) this.send(link, message)
    }
  }

  private count(request: AgentRequest, message: ApplianceMessage): void {
    const { logins, resumes, acknowledgements } = this.options.counters
    const outcome = message.type === 'rejected' ? message.reason : message.type
    if (request.type === 'login') countOne(logins, outcome === 'login.accepted' ? 'accepted' : outcome)
    if (request.type === 'resume') countOne(resumes, outcome)
    if ('replicated' in message) countOne(acknowledgements, message.replicated)
  }

  private close(link: LinkId, code: CloseName): void {
    this.lost(link)
    this.options.emit({ type: 'close', link, code })
  }

  private send(link: LinkId, message: ApplianceMessage): void {
    this.options.emit({ type: 'send', link, message })
  }
}
