/**
 * Appliance machines wired to each other in virtual time, for tests of the cores: everything arrives at once and in
 * order, unless a test cuts it. Passwords are right when they are `right`.
 */
import { type AuditListing } from '../core/audit-trail.ts'
import { type Database } from '../core/database.ts'
import { type LoginRate } from '../core/login-rates.ts'
import { type ApplianceStatus } from '../core/status.ts'
import { type Plan, planPeople, planTopology } from './plan.ts'
import { VirtualTime } from './virtual-time.ts'
import { WorldStore } from './world-store.ts'
import { WorldVisitor } from './world-visitor.ts'
import { proofOf, ticketsOf, WorldAgent } from './world-agent.ts'
import { ApplianceMachine } from '../core/appliance.ts'
import {
  type Administration,
  type ApplianceEffect,
  type ApplianceEvent,
  type ControlAnswer,
  LinkId,
} from '../core/events.ts'
import { ApplianceId } from '#shared/ids.ts'
import { randomStream } from '#shared/random.ts'
import { type Topology } from '#shared/topology/model.ts'
import { type AgentMessage, type ApplianceMessage } from '#shared/wire/agent-link.schema.ts'
import { type PeerMessage } from '#shared/wire/peer-link.schema.ts'

type End = { readonly received: (message: object) => void; readonly lost: (reason: string) => void }
type Node = {
  readonly id: string
  machine: ApplianceMachine
  alive: boolean
  restarts: number
  readonly store: WorldStore
}

export class SmallWorld {
  readonly topology: Topology
  /** Of appliances that are started from now on; `undefined` for the product's. Time passes only where a test lets it. */
  loginRate: LoginRate | undefined = { burst: 1_000_000, perMinute: 1_000_000 }
  readonly notes: (Extract<ApplianceEffect, { type: 'note' }> & { readonly appliance: string })[] = []
  readonly dials: { readonly from: string; readonly to: string }[] = []
  /** `FROM>TO` whose messages and dials are swallowed. */
  readonly silent = new Set<string>()
  /** Types of messages that stay on the way until `release`. */
  readonly holding = new Set<string>()
  /** Verifiers of every password verified so far. */
  readonly verified: string[] = []
  /** Of calls at control doors. */
  readonly answers = new Map<number, ControlAnswer>()
  private readonly seed: string
  private readonly unhashed: (() => void)[] = []
  private readonly held: (() => void)[] = []
  private isHashing = true
  private readonly nodes = new Map<string, Node>()
  private readonly far = new Map<LinkId, { readonly owner: string; readonly other: string; readonly end: End }>()
  private readonly time = new VirtualTime()
  private links = 0
  private calls = 0

  constructor(plan: Plan, seed = 'test') {
    this.topology = planTopology(plan)
    this.seed = seed
  }

  /** Starts the appliances, with empty stores, and lets everything settle. */
  start(...ids: readonly string[]): this {
    return this.startWith(this.topology, ...ids)
  }

  /** Starts them with that first topology. */
  startWith(topology: Topology, ...ids: readonly string[]): this {
    for (const id of ids) this.launch(id, topology, null)
    return this.settle()
  }

  /** Ends the process and starts it again on the store that it had, or on a copy. */
  restart(id: string, store?: WorldStore): this {
    this.kill(id)
    this.launch(id, this.topology, store ?? this.node(id).store)
    return this.settle()
  }

  private launch(id: string, topology: Topology, kept: WorldStore | null): void {
    const restarts = (this.nodes.get(id)?.restarts ?? -1) + 1
    const store = kept ?? new WorldStore(`${id}/${restarts}`)
    const machine = new ApplianceMachine({
      id: ApplianceId(id),
      topology,
      people: planPeople(),
      policies: { users: [], computers: [], computerPolicyOf: {} },
      random: randomStream(this.seed, id),
      logName: store.log,
      loginRate: this.loginRate,
    })
    this.nodes.set(id, { id, machine, alive: true, restarts, store })
    this.push(id, { type: 'started', entries: [...store.entries], incarnation: `run ${restarts}` })
  }

  /** The process is gone; everybody with a link to it hears of that. */
  kill(id: string): this {
    this.node(id).alive = false
    return this.sever((owner, other) => owner === id || other === id)
  }

  /** Links of `owner` to `other` are gone, and both sides hear of that. */
  sever(hits: (owner: string, other: string) => boolean): this {
    for (const [link, { owner, other, end }] of this.far) {
      if (!hits(owner, other)) continue
      this.time.later(0, () => end.lost('reset'))
      this.far.delete(link)
    }
    return this.settle()
  }

  /** Runs what is due now, without letting time pass. */
  settle(): this {
    return this.run(0)
  }

  run(forMs: number): this {
    this.time.run(forMs)
    return this
  }

  status(id: string): ApplianceStatus {
    return this.node(id).machine.status()
  }

  audit(id: string): readonly AuditListing[] {
    return this.database(id).ledger.audit(0, Number.MAX_SAFE_INTEGER)
  }

  database(id: string): Database {
    const { database } = this.node(id).machine
    if (database === null) throw new Error(`${id} is no database`)
    return database
  }

  sessions(id: string): Record<string, string> {
    const listed = this.node(id).machine.sessions()
    return Object.fromEntries(listed.map(({ session, state, appliance }) => [session, `${state} at ${appliance}`]))
  }

  edit(id: string, topology: Topology): ControlAnswer | undefined {
    const call = this.beginEdit(id, topology)
    this.settle()
    return this.answers.get(call)
  }

  beginAct(id: string, act: Administration): number {
    this.calls += 1
    this.push(id, { type: 'administered', call: this.calls, act })
    return this.calls
  }

  beginEdit(id: string, topology: Topology): number {
    this.calls += 1
    this.push(id, { type: 'topology.edited', call: this.calls, topology })
    return this.calls
  }

  stop(id: string, at: 'control door' | 'process' = 'process'): this {
    this.push(id, { type: 'stop.asked', at })
    return this.settle()
  }

  /** While `false`, passwords wait to be verified. */
  set hashing(isOn: boolean) {
    this.isHashing = isOn
    if (isOn) for (const verify of this.unhashed.splice(0)) verify()
  }

  /** The sockets of `id` to `other` have filled up, or drained. */
  flow(id: string, other: string, filled: boolean): this {
    for (const [link, far] of this.far) {
      if (far.owner !== id || far.other !== other) continue
      this.push(id, { type: filled ? 'link.filled' : 'link.drained', link })
    }
    return this.settle()
  }

  release(): this {
    this.holding.clear()
    for (const arrive of this.held.splice(0)) arrive()
    return this.settle()
  }

  /** The links of that agent break, without its doing. */
  cutAgent(agent: string): this {
    for (const [link, { owner, other }] of this.far) {
      if (other !== `agent ${agent}`) continue
      this.far.delete(link)
      this.push(owner, { type: 'agent.lost', link, reason: 'reset' })
    }
    return this.settle()
  }

  /** An agent dials and says hello, unless it has no versions to name. */
  agent(
    appliance: string,
    id: string,
    sessions: readonly string[] = [],
    versions: { readonly min: number; readonly max: number } | null = { min: 1, max: 1 },
  ): WorldAgent {
    const agent = new WorldAgent(
      () => void this.settle(),
      (message) => this.fromAgent(appliance, link, message),
    )
    const link = this.join(appliance, `agent ${id}`, {
      received: (message) => agent.received.push(message as ApplianceMessage),
      lost: (reason) => void (agent.closed = reason),
    })
    this.push(appliance, { type: 'agent.opened', link })
    if (versions !== null) agent.hear({ type: 'hello', versions, agent: id, epoch: 0, sessions: [...sessions] })
    return agent
  }

  /** Somebody with that certificate dials `/peer`. */
  visitor(appliance: string, names: readonly string[]): WorldVisitor {
    const visitor = new WorldVisitor((message) => {
      this.push(appliance, { type: 'peer.received', link, message })
      this.settle()
    })
    const link = this.join(appliance, `visitor ${names.join()}`, {
      received: (message) => visitor.received.push(message as PeerMessage),
      lost: (reason) => void (visitor.closed = reason),
    })
    this.push(appliance, { type: 'peer.opened', link, names })
    this.settle()
    return visitor
  }

  /** `from` says that to `to`, on every link that the two have. */
  say(from: string, to: string, message: PeerMessage): this {
    for (const [link, { owner, other }] of this.far) {
      if (owner === to && other === from) this.push(to, { type: 'peer.received', link, message })
    }
    return this.settle()
  }

  private fromAgent(appliance: string, link: LinkId, message: AgentMessage): void {
    if (!this.far.has(link)) return
    const extra = ticketsOf(message, `ticket ${this.time.order}`)
    this.push(appliance, { type: 'agent.received', link, message, ...extra })
  }

  node(id: string): Node {
    const node = this.nodes.get(id)
    if (node === undefined) throw new Error(`${id} was not started`)
    return node
  }

  /** A link of `owner`, whose messages go to `end`. */
  private join(owner: string, other: string, end: End): LinkId {
    this.links += 1
    const link = LinkId(this.links)
    this.far.set(link, { owner, other, end })
    return link
  }

  private push(id: string, event: ApplianceEvent): void {
    const node = this.node(id)
    const { machine } = node
    this.time.later(0, () => {
      if (!node.alive || node.machine !== machine) return
      for (const effect of machine.step(event, this.time.instant)) this.perform(id, effect)
    })
  }

  private perform(id: string, effect: ApplianceEffect): void {
    switch (effect.type) {
      case 'persist':
        this.node(id).store.append(effect.entry)
        return
      case 'send': {
        const far = this.far.get(effect.link)
        if (far === undefined || this.silent.has(`${id}>${far.other}`)) return
        const arrive = (): void => this.time.later(0, () => far.end.received(effect.message))
        if (this.holding.has(effect.message.type)) this.held.push(arrive)
        else arrive()
        return
      }
      case 'close': {
        const far = this.far.get(effect.link)
        this.far.delete(effect.link)
        if (far !== undefined) this.time.later(0, () => far.end.lost(effect.code))
        return
      }
      case 'dial':
        this.dial(id, effect.dial, effect.appliance)
        return
      case 'set-timer':
        this.laterFor(id, effect.afterMs, { type: 'timer.fired', key: effect.key, number: effect.number })
        return
      case 'verify-proof':
        return this.push(id, { type: 'proof.verified', link: effect.link, ok: effect.proof === proofOf(effect) })
      case 'verify-password':
        return this.verify(id, effect)
      case 'soon':
        this.push(id, { type: 'soon' })
        return
      case 'answer-edit':
      case 'answer-administration':
        this.answers.set(effect.call, effect.answer)
        return
      case 'note':
        this.notes.push({ ...effect, appliance: id })
        return
      case 'exit':
        this.node(id).alive = false
        return
      default:
    }
  }

  private verify(id: string, { job, verifier, password }: Extract<ApplianceEffect, { type: 'verify-password' }>): void {
    const finish = (): void => {
      this.verified.push(verifier)
      this.push(id, { type: 'password.verified', job, ok: password === 'right' })
    }
    if (this.isHashing) finish()
    else this.unhashed.push(finish)
  }

  private laterFor(id: string, afterMs: number, event: ApplianceEvent): void {
    const { machine } = this.node(id)
    this.time.later(afterMs, () => {
      if (this.node(id).machine === machine) this.push(id, event)
    })
  }

  private dial(from: string, dial: number, to: string): void {
    this.dials.push({ from, to })
    if (this.silent.has(`${from}>${to}`)) return
    if (this.nodes.get(to)?.alive !== true) {
      this.push(from, { type: 'dial.failed', dial, reason: 'refused' })
      return
    }
    const near: LinkId = this.join(from, to, {
      received: (message) => this.push(to, { type: 'peer.received', link: far, message: message as PeerMessage }),
      lost: (reason) => this.lose(to, far, reason),
    })
    const far: LinkId = this.join(to, from, {
      received: (message) => this.push(from, { type: 'peer.received', link: near, message: message as PeerMessage }),
      lost: (reason) => this.lose(from, near, reason),
    })
    const host = this.node(from).machine.topology.appliances.find(({ id }) => id === from)?.host ?? `${from}.example`
    this.push(to, { type: 'peer.opened', link: far, names: [host] })
    this.push(from, { type: 'dial.opened', dial, link: near })
  }

  private lose(id: string, link: LinkId, reason: string): void {
    this.far.delete(link)
    if (this.nodes.get(id)?.alive === true) this.push(id, { type: 'peer.lost', link, reason })
  }
}
