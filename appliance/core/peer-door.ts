/**
 * The links that other appliances dialled. Who comes in is an appliance of the topology by the name in its certificate
 * (SC1). A service appliance asks for records, the other database pushes its log; nobody else has business here.
 */
import { type Emit, type LinkId } from './events.ts'
import { type Receiver } from './receiver.ts'
import { type Comparison } from './comparison.ts'
import { type Database } from './database.ts'
import { type Records } from './records.ts'
import { type Reunion } from './reunion.ts'
import { topologyChanged, type TopologyKeeper } from './topology-keeper.ts'
import { type Instant } from '#shared/clock.ts'
import { type Appliance } from '#shared/topology/model.ts'
import { type UnavailableReason } from '#shared/wire/agent-link.schema.ts'
import { type CloseName } from '#shared/wire/close-codes.ts'
import { type PeerMessage } from '#shared/wire/peer-link.schema.ts'
import { peerProtocolVersion } from '#shared/wire/versions.ts'

type Visitor =
  | { readonly phase: 'greeting'; readonly names: readonly string[] }
  | { readonly phase: 'service'; readonly appliance: string }
  | { readonly phase: 'database'; readonly appliance: string; readonly log: string }
type Hello = Extract<PeerMessage, { type: 'hello.service' | 'hello.database' }>
type Proposal = Extract<PeerMessage, { type: 'topology.proposed' }>

export type PeerDoorOptions = {
  readonly keeper: TopologyKeeper
  /** `null` on a service appliance, which nobody has to dial. */
  readonly inside: {
    readonly database: Database
    readonly receiver: Receiver
    readonly reunion: Reunion
    readonly comparison: Comparison
    readonly records: Records
  } | null
  readonly emit: Emit
  /** Why services are not taken in now. */
  readonly unavailable: () => UnavailableReason | null
  /** The other database said hello: it can be reached. */
  readonly databaseCame: (appliance: string) => void
  readonly topologyCame: (message: PeerMessage, link: LinkId, from: string) => void
  readonly proposed: (proposal: Proposal, from: string) => PeerMessage
}

export class PeerDoor {
  private readonly options: PeerDoorOptions
  private readonly visitors = new Map<LinkId, Visitor>()

  constructor(options: PeerDoorOptions) {
    this.options = options
  }

  opened(link: LinkId, names: readonly string[]): void {
    const { keeper, inside } = this.options
    this.visitors.set(link, { phase: 'greeting', names })
    const isPeer = keeper.topology.appliances.some(({ host }) => names.includes(host))
    if (!isPeer) this.refuse(link, names)
    else if (inside === null) this.close(link, 'unexpected')
  }

  received(link: LinkId, message: PeerMessage, now: Instant): void {
    const visitor = this.visitors.get(link)
    if (visitor === undefined) return
    if (message.type === 'hello.service' || message.type === 'hello.database') {
      if (visitor.phase === 'greeting') this.greet(link, message, visitor.names)
      else this.close(link, 'unexpected')
    } else if (visitor.phase === 'service') this.serve(link, message, visitor.appliance, now)
    else if (visitor.phase === 'database') this.take(link, message, visitor)
    else this.close(link, 'unexpected')
  }

  lost(link: LinkId): void {
    this.forget(link)
  }

  /** Hands the topology to every visitor but the one that brought it. */
  pushTopology(message: PeerMessage, source: LinkId | null): void {
    for (const [link, { phase }] of this.visitors) {
      if (phase !== 'greeting' && link !== source) this.send(link, message)
    }
  }

  /** Tells a service appliance that a session is not its any more. */
  sessionLeft(session: string, appliance: string): void {
    for (const [link, visitor] of this.visitors) {
      if (visitor.phase !== 'service' || visitor.appliance !== appliance) continue
      this.send(link, { type: 'session.left', session })
    }
  }

  closeAll(code: CloseName): void {
    for (const link of this.visitors.keys()) this.close(link, code)
  }

  private greet(link: LinkId, hello: Hello, names: readonly string[]): void {
    const { keeper } = this.options
    const appliance = keeper.appliance(hello.appliance)
    const role = hello.type === 'hello.database' ? 'database' : 'service'
    if (appliance === undefined || !names.includes(appliance.host) || appliance.role !== role) {
      this.refuse(link, names)
    } else if (hello.versions.min > peerProtocolVersion || hello.versions.max < peerProtocolVersion) {
      this.close(link, 'versionUnsupported')
    } else {
      this.admit(link, hello, appliance)
    }
  }

  private admit(link: LinkId, hello: Hello, appliance: Appliance): void {
    const { keeper, inside, unavailable } = this.options
    const reason = hello.type === 'hello.service' ? unavailable() : null
    if (reason !== null) {
      this.send(link, { type: 'unavailable', reason })
      this.close(link, 'unavailable')
      return
    }
    for (const [older, visitor] of this.visitors) {
      if (visitor.phase !== 'greeting' && visitor.appliance === appliance.id) this.close(older, 'replaced')
    }
    const isDatabase = hello.type === 'hello.database'
    const held = isDatabase ? (inside?.database.ledger.held(hello.log) ?? 0) : 0
    const { id } = keeper.self
    const { epoch } = keeper.topology
    this.visitors.set(
      link,
      isDatabase
        ? { phase: 'database', appliance: appliance.id, log: hello.log }
        : { phase: 'service', appliance: appliance.id },
    )
    this.send(link, { type: 'welcome', version: peerProtocolVersion, appliance: id, epoch, held })
    if (hello.epoch < epoch) this.send(link, topologyChanged(keeper))
    if (!isDatabase) return
    inside?.receiver.greeted(appliance.id, hello.log, hello.position)
    this.options.databaseCame(appliance.id)
  }

  private serve(link: LinkId, message: PeerMessage, appliance: string, now: Instant): void {
    if (message.type === 'topology.changed') {
      this.options.topologyCame(message, link, appliance)
      return
    }
    if (message.type !== 'asked') {
      this.close(link, 'unexpected')
      return
    }
    const { request, ask } = message
    const visitor = this.visitors.get(link)
    this.options.inside?.records.ask(ask, now, (answer) => {
      if (this.visitors.get(link) === visitor) this.send(link, { type: 'answered', request, answer })
    })
  }

  private take(link: LinkId, message: PeerMessage, visitor: Extract<Visitor, { phase: 'database' }>): void {
    switch (message.type) {
      case 'topology.changed':
        this.options.topologyCame(message, link, visitor.appliance)
        return
      case 'topology.proposed':
        this.send(link, this.options.proposed(message, visitor.appliance))
        return
      case 'compare':
        this.options.inside?.comparison.asked(link, visitor.log, message)
        return
      case 'changes':
      case 'snapshot': {
        const inOrder = this.options.inside?.receiver.received(link, visitor.log, message) ?? false
        if (!inOrder) this.close(link, 'unexpected')
        return
      }
      default:
        this.close(link, 'unexpected')
    }
  }

  private refuse(link: LinkId, names: readonly string[]): void {
    const text = `refused a link from ${names.join(', ') || 'nobody'}: not in the topology`
    this.options.emit({ type: 'note', kind: 'peer.refused', level: 'warn', rules: ['SC1'], text })
    this.close(link, 'notAPeer')
  }

  private forget(link: LinkId): void {
    if (this.visitors.get(link)?.phase === 'database') this.options.inside?.reunion.parted()
    this.visitors.delete(link)
  }

  private close(link: LinkId, code: CloseName): void {
    this.forget(link)
    this.options.emit({ type: 'close', link, code })
  }

  private send(link: LinkId, message: PeerMessage): void {
    this.options.emit({ type: 'send', link, message })
  }
}
