/**
 * One running appliance: sockets, timers, hashing and the control door become events of its machine, and the machine's
 * effects are performed, committed first. All of it in one place, because it is the order that counts.
 */
import { randomBytes } from 'node:crypto'
import { type Logger } from 'pino'
import { type Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { type WebSocket } from 'ws'
import { type ApplianceMachine } from '../core/appliance.ts'
import {
  type ApplianceEffect,
  type Administration,
  type AdministrationAnswer,
  type ApplianceEvent,
  type EditAnswer,
  type StopAsked,
} from '../core/events.ts'
import { type Store, type StoreFailure } from '../core/store.ts'
import { isProofOf } from './agent-proof.ts'
import { verifyPassword } from './hash.ts'
import { LinkTable } from './link-table.ts'
import { type PeerDialer, peerDialer, type Place } from './peer-dialer.ts'
import { hashTicket, makeTicket } from './tickets.ts'
import { type TimerTable, timerTable } from './timer-table.ts'
import { assertNever } from '#shared/assert.ts'
import { type Clock, type Instant } from '#shared/clock.ts'
import { type TlsClient } from '#shared/pki/tls-options.ts'
import { type Topology } from '#shared/topology/model.ts'
import { type Turn, turnLoop } from '#shared/turn.ts'
import { type AgentMessage } from '#shared/wire/agent-link.schema.ts'
import { decodeAgentMessage, decoder } from '#shared/wire/codec.ts'
import { wireLimits } from '#shared/wire/limits.ts'
import { PeerMessageSchema } from '#shared/wire/peer-link.schema.ts'

export type ProcessOptions = {
  readonly machine: ApplianceMachine
  readonly store: Store
  readonly clock: Clock
  readonly log: Logger
  readonly tls: TlsClient
  readonly connectTo: ReadonlyMap<string, Place>
  /** The machine has said all that it had to say. */
  readonly exit: () => void
  /** The turn could not be kept, so nobody may hear of it: ends the process before anything of it is sent (RP2). */
  readonly storeFailed: (failure: StoreFailure) => never
}

/** Types of the last events, for the report of a defect; nothing of their content. */
const lastEventsKept = 30
const incarnationBytes = 8
const decodePeerMessage = decoder(PeerMessageSchema)

export class ApplianceProcess {
  private readonly options: ProcessOptions
  private readonly links: LinkTable
  private readonly dialer: PeerDialer
  private readonly timers: TimerTable
  private readonly turn: Turn<ApplianceEvent>
  private readonly edits = new Map<number, (answer: EditAnswer) => void>()
  private readonly acts = new Map<number, (answer: AdministrationAnswer) => void>()
  private readonly recent: string[] = []
  private calls = 0

  constructor(options: ProcessOptions) {
    const { machine, clock, tls, connectTo, store } = options
    this.options = options
    this.turn = turnLoop<ApplianceEvent, ApplianceEffect>({
      clock,
      step: (event, now) => this.step(event, now),
      // However many changes a turn makes, they are pushed on together, as soon as they are committed.
      finish: (effects, now) => (effects.some(({ type }) => type === 'soon') ? this.step({ type: 'soon' }, now) : []),
      commit: (effects) => {
        const entries = effects.flatMap((effect) => (effect.type === 'persist' ? [effect.entry] : []))
        if (entries.length === 0) return
        const appended = store.append(entries)
        if (!appended.ok) options.storeFailed(appended.error)
      },
      perform: (effect) => this.perform(effect),
      schedule: (turn) => void setImmediate(turn),
      eventsMax: wireLimits.eventQueueMax,
    })
    this.links = new LinkTable({
      clock,
      heartbeat: () => machine.topology.settings,
      waiting: () => this.turn.waiting,
    })
    this.timers = timerTable((key, number) => this.turn.push({ type: 'timer.fired', key, number }))
    this.dialer = peerDialer({
      tls,
      connectTo,
      opened: (dial, socket, transport) => {
        this.turn.push({ type: 'dial.opened', dial, link: this.addPeer(socket, transport) })
      },
      failed: (dial, reason) => this.turn.push({ type: 'dial.failed', dial, reason }),
    })
  }

  /** Types of the last events, oldest first. */
  get lastEvents(): readonly string[] {
    return this.recent
  }

  start(): void {
    const incarnation = randomBytes(incarnationBytes).toString('hex')
    this.turn.push({ type: 'started', entries: this.options.store.replay(), incarnation })
  }

  askStop(at: StopAsked): void {
    this.turn.push({ type: 'stop.asked', at })
  }

  edit(topology: Omit<Topology, 'epoch'>): Promise<EditAnswer> {
    this.calls += 1
    const call = this.calls
    return new Promise((resolve) => {
      this.edits.set(call, resolve)
      this.turn.push({ type: 'topology.edited', call, topology })
    })
  }

  administer(act: Administration): Promise<AdministrationAnswer> {
    this.calls += 1
    const call = this.calls
    return new Promise((resolve) => {
      this.acts.set(call, resolve)
      this.turn.push({ type: 'administered', call, act })
    })
  }

  agentCame(socket: WebSocket, transport: Socket): void {
    const link = this.links.add({
      socket,
      transport,
      decode: decodeAgentMessage,
      received: (from, message) => this.turn.push({ type: 'agent.received', link: from, message, ...tickets(message) }),
      lost: (from, reason) => this.turn.push({ type: 'agent.lost', link: from, reason }),
    })
    this.turn.push({ type: 'agent.opened', link })
  }

  peerCame(socket: WebSocket, transport: Socket, names: readonly string[]): void {
    this.turn.push({ type: 'peer.opened', link: this.addPeer(socket, transport), names })
  }

  private addPeer(socket: WebSocket, transport: Socket): ReturnType<LinkTable['add']> {
    return this.links.add({
      socket,
      transport,
      decode: decodePeerMessage,
      received: (link, message) => this.turn.push({ type: 'peer.received', link, message }),
      flow: (link, filled) => this.turn.push({ type: filled ? 'link.filled' : 'link.drained', link }),
      lost: (link, reason) => this.turn.push({ type: 'peer.lost', link, reason }),
    })
  }

  private perform(effect: ApplianceEffect): void {
    switch (effect.type) {
      case 'persist':
      case 'soon':
        return
      case 'send':
        this.links.send(effect.link, effect.message)
        return
      case 'close':
        this.links.close(effect.link, effect.code)
        return
      case 'dial':
        this.dialer.dial(effect.dial, effect, effect.timeoutMs)
        return
      case 'hang-up':
        this.dialer.hangUp(effect.dial)
        return
      case 'set-timer':
        this.timers.set(effect.key, effect.number, effect.afterMs)
        return
      case 'clear-timer':
        this.timers.clear(effect.key)
        return
      case 'verify-proof':
        this.verifyProof(effect)
        return
      case 'verify-password':
        void this.verify(effect.job, effect.verifier, effect.password)
        return
      case 'answer-edit':
        this.edits.get(effect.call)?.(effect.answer)
        this.edits.delete(effect.call)
        return
      case 'answer-administration':
        this.acts.get(effect.call)?.(effect.answer)
        this.acts.delete(effect.call)
        return
      case 'note':
        this.note(effect)
        return
      case 'exit':
        this.timers.clearAll()
        this.links.stop()
        this.options.exit()
        return
      default:
        assertNever(effect)
    }
  }

  private verifyProof({ link, agent, publicKey, proof }: Extract<ApplianceEffect, { type: 'verify-proof' }>): void {
    const transport = this.links.transportOf(link)
    const ok = transport instanceof TLSSocket && isProofOf(transport, { agent, publicKey, proof })
    this.turn.push({ type: 'proof.verified', link, ok })
  }

  private async verify(job: number, verifier: string, password: string): Promise<void> {
    const ok = await verifyPassword(verifier, password)
    this.turn.push({ type: 'password.verified', job, ok })
  }

  private note({ kind, level, rules, text, data }: Extract<ApplianceEffect, { type: 'note' }>): void {
    this.options.log[level]({ kind, rules, ...data }, text)
  }

  private step(event: ApplianceEvent, now: Instant): readonly ApplianceEffect[] {
    this.recent.push(event.type)
    if (this.recent.length > lastEventsKept) this.recent.shift()
    return this.options.machine.step(event, now)
  }
}

function tickets(
  message: AgentMessage,
): Pick<Extract<ApplianceEvent, { type: 'agent.received' }>, 'ticketHash' | 'freshTicket'> {
  if (message.type === 'login' || message.type === 'resume-offline') return { freshTicket: makeTicket() }
  if (message.type === 'hello' && message.enrol !== undefined) return { ticketHash: hashTicket(message.enrol.token) }
  return 'ticket' in message ? { ticketHash: hashTicket(message.ticket) } : {}
}
