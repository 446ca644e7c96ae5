/**
 * The dials and links of one process, for all its agents. Dials carry their agent's own numbers; they share the places
 * in flight, one secure context, and one interval for all heartbeats. A dial's timeout begins when it leaves the queue.
 */
import { connect } from 'node:tls'
import { WebSocket } from 'ws'
import { assert } from '#shared/assert.ts'
import { type DialId, Endpoint } from '#shared/ids.ts'
import { type TlsClient } from '#shared/pki/tls-options.ts'
import { type AgentMessage } from '#shared/wire/agent-link.schema.ts'
import { type CloseName } from '#shared/wire/close-codes.ts'
import { wireLimits } from '#shared/wire/limits.ts'
import { type HeartbeatSettings } from '#shared/wire/liveness.ts'
import { type AgentIdentity } from './agent-identity.ts'
import { type ConnectTable } from './connect-table.ts'
import { type DialQueue, dialQueue } from './dial-queue.ts'
import { type DialEffect, Link, type LinkAgent, type LinkEvent, type LinkPorts } from './link.ts'

/** How long a close frame is waited for before the socket is cut. */
const closeTimeoutMs = 1000

export type DialerOptions = {
  readonly tls: TlsClient
  readonly table: ConnectTable
  readonly heartbeat: HeartbeatSettings
  /** Monotonic ms. */
  readonly nowMs: () => number
  readonly dialsInFlightMax?: number
}

/** One agent's side of the dialer: performs its `dial`, `send` and `hang-up`. */
export interface AgentLinks {
  dial(effect: DialEffect): void
  /** To a link that is lost already nothing is sent; the loss has been told. */
  send(dial: DialId, message: AgentMessage): void
  /** No event of that dial follows. An open link is closed with that code; `finished` unless something was wrong. */
  hangUp(dial: DialId, code?: CloseName): void
}

type Emit = (event: LinkEvent) => void
type Dial =
  { readonly name: 'waiting'; readonly leaveQueue: () => void } | { readonly name: 'started'; readonly link: Link }
/** What the dials of one agent need of its process. */
type Inside = {
  readonly queue: DialQueue
  readonly start: (url: string, effect: DialEffect, agent: AgentDials) => Link
}

export class Dialer {
  readonly #options: DialerOptions
  readonly #queue: DialQueue
  /** Dials that left the queue, and links. */
  readonly #links = new Set<Link>()
  readonly #sockets = new Set<WebSocket>()
  readonly #agents = new Set<AgentDials>()
  readonly #inside: Inside
  readonly #linkPorts: LinkPorts
  #heartbeat: HeartbeatSettings
  #interval: NodeJS.Timeout
  #onAllClosed = (): void => {}

  constructor(options: DialerOptions) {
    this.#options = options
    this.#queue = dialQueue(options.dialsInFlightMax ?? wireLimits.dialsInFlightMax)
    this.#heartbeat = options.heartbeat
    this.#interval = this.#beating()
    this.#inside = { queue: this.#queue, start: (url, effect, agent) => this.#start(url, effect, agent) }
    this.#linkPorts = {
      nowMs: options.nowMs,
      heartbeat: () => this.#heartbeat,
      dialled: () => this.#queue.free(),
      over: (link) => this.#links.delete(link),
      closed: (socket) => {
        this.#sockets.delete(socket)
        if (this.#sockets.size === 0) this.#onAllClosed()
      },
    }
  }

  /** The dials of one more agent, whose events go to `emit`. */
  forAgent(emit: Emit, identity: AgentIdentity | null = null): AgentLinks {
    const agent = new AgentDials(emit, identity, this.#inside)
    this.#agents.add(agent)
    return agent
  }

  /** In force at once, for the links there are too. */
  setHeartbeat(settings: HeartbeatSettings): void {
    const rearm = settings.heartbeatMs !== this.#heartbeat.heartbeatMs
    this.#heartbeat = settings
    if (!rearm) return
    clearInterval(this.#interval)
    this.#interval = this.#beating()
  }

  /** Hangs up everything; done when all sockets are gone, which takes a second at most. Nothing is dialled after it. */
  close(): Promise<void> {
    clearInterval(this.#interval)
    for (const agent of this.#agents) agent.hangUpAll()
    return new Promise((resolve) => {
      this.#onAllClosed = resolve
      if (this.#sockets.size === 0) resolve()
    })
  }

  #beating(): NodeJS.Timeout {
    return setInterval(() => {
      for (const link of this.#links) link.beat()
    }, this.#heartbeat.heartbeatMs)
  }

  #start(url: string, effect: DialEffect, agent: AgentDials): Link {
    const socket = openSocket(url, effect, this.#options)
    this.#sockets.add(socket)
    const link = new Link(socket, effect, agent, this.#linkPorts)
    this.#links.add(link)
    return link
  }
}

/** A process may hold thousands of these: what they share is in `inside`, and nothing here is a closure of its own. */
class AgentDials implements AgentLinks, LinkAgent {
  readonly emit: Emit
  readonly identity: AgentIdentity | null
  readonly #inside: Inside
  readonly #dials = new Map<DialId, Dial>()

  constructor(emit: Emit, identity: AgentIdentity | null, inside: Inside) {
    this.emit = emit
    this.identity = identity
    this.#inside = inside
  }

  dial(effect: DialEffect): void {
    const id = effect.dial
    assert(!this.#dials.has(id), 'a dial has a number of its own')
    const url = `wss://${Endpoint(effect.host, effect.port)}/agent`
    if (!URL.canParse(url)) {
      this.emit({ type: 'dial.failed', dial: id, reason: 'no-address', detail: 'not a host name' })
      return
    }
    let waiting = true
    const start = (): void => {
      waiting = false
      this.#dials.set(id, { name: 'started', link: this.#inside.start(url, effect, this) })
    }
    const leaveQueue = this.#inside.queue.enter(start, this.#hasLink() ? 'with-link' : 'without-link')
    if (waiting) this.#dials.set(id, { name: 'waiting', leaveQueue })
  }

  send(id: DialId, message: AgentMessage): void {
    const dial = this.#dials.get(id)
    if (dial?.name === 'started') dial.link.send(message)
  }

  hangUp(id: DialId, code: CloseName = 'finished'): void {
    const dial = this.#dials.get(id)
    this.#dials.delete(id)
    if (dial !== undefined) hangUp(dial, code)
  }

  hangUpAll(): void {
    for (const dial of this.#dials.values()) hangUp(dial, 'finished')
  }

  over(id: DialId): void {
    this.#dials.delete(id)
  }

  #hasLink(): boolean {
    return [...this.#dials.values()].some((dial) => dial.name === 'started' && dial.link.isOpen)
  }
}

function hangUp(dial: Dial, code: CloseName): void {
  if (dial.name === 'waiting') dial.leaveQueue()
  else dial.link.hangUp(code)
}

function openSocket(url: string, effect: DialEffect, { tls, table }: DialerOptions): WebSocket {
  const clientOptions = {
    perMessageDeflate: false,
    maxPayload: wireLimits.applianceMessageBytesMax,
    closeTimeout: closeTimeoutMs,
    createConnection: () => connect({ ...tls.connectOptions(effect.host), ...table.target(effect.host, effect.port) }),
  }
  return new WebSocket(url, clientOptions)
}
