/**
 * One dial and the link that comes of it: a WebSocket on which `hello` goes out at once and the appliance's first
 * message says whether it serves. Every way in which it can end is told once, and nothing is told after a hang-up.
 */
import { type Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { type RawData, WebSocket } from 'ws'
import { type AgentEffect, type AgentEvent, type DialFailure } from '../core/events.ts'
import { closeCodes, closeName, type CloseName } from '#shared/wire/close-codes.ts'
import { decodeApplianceMessage, encode } from '#shared/wire/codec.ts'
import { wireLimits } from '#shared/wire/limits.ts'
import { type HeartbeatSettings, type Liveness, beginLiveness, heard, tick } from '#shared/wire/liveness.ts'
import { type AgentMessage, type ApplianceMessage } from '#shared/wire/agent-link.schema.ts'
import { ApplianceId, type DialId, SiteId } from '#shared/ids.ts'
import { type AgentIdentity } from './agent-identity.ts'
import { dialProblem } from './dial-failure.ts'

export type DialEffect = Extract<AgentEffect, { type: 'dial' }>
type Hello = DialEffect['hello']
export type LinkEvent = Extract<
  AgentEvent,
  { type: 'dial.answered' | 'dial.failed' | 'message.received' | 'link.lost' }
>

/** The agent whose link it is. */
export interface LinkAgent {
  readonly emit: (event: LinkEvent) => void
  /** `null`: the agent proves nothing. */
  readonly identity: AgentIdentity | null
  /** Link or dial are over; the socket may still be closing. */
  over(dial: DialId): void
}

/** The same for all links of a process. */
export type LinkPorts = {
  /** Monotonic ms. */
  readonly nowMs: () => number
  readonly heartbeat: () => HeartbeatSettings
  /** The dial has ended, in a link or not: its place among the dials in flight is free. */
  readonly dialled: () => void
  /** Link or dial are over; the socket may still be closing. */
  readonly over: (link: Link) => void
  /** The socket is gone. */
  readonly closed: (socket: WebSocket) => void
}

type Phase =
  | { readonly name: 'dialing'; readonly timer: NodeJS.Timeout }
  | { readonly name: 'open'; liveness: Liveness }
  | { readonly name: 'over' }

export class Link {
  readonly #socket: WebSocket
  readonly #dial: DialId
  readonly #agent: LinkAgent
  readonly #ports: LinkPorts
  #phase: Phase

  /** Starts the dial on `socket`, which has just been made. The timeout runs from here. */
  constructor(socket: WebSocket, effect: DialEffect, agent: LinkAgent, ports: LinkPorts) {
    this.#socket = socket
    this.#dial = effect.dial
    this.#agent = agent
    this.#ports = ports
    // A timer runs before what the socket has received is read; an answer that is already here still counts.
    const expire = (): void => this.#fail('timed-out', `${effect.timeoutMs} ms`)
    this.#phase = { name: 'dialing', timer: setTimeout(() => setImmediate(expire), effect.timeoutMs) }
    this.#greet(effect.hello)
    this.#listen()
  }

  get isOpen(): boolean {
    return this.#phase.name === 'open'
  }

  /** Cuts the link when too much waits in it already; on a link that is over nothing is sent. */
  send(message: AgentMessage): void {
    if (this.#phase.name !== 'open') return
    if (this.#socket.bufferedAmount > wireLimits.bufferedBytesMax) this.#lose('tooSlow')
    else this.#socket.send(encode(message))
  }

  /** One heartbeat is due: judges the silence so far, then pings. */
  beat(): void {
    if (this.#phase.name !== 'open') return
    const { next, verdict } = tick(this.#phase.liveness, this.#ports.nowMs(), this.#ports.heartbeat())
    this.#phase.liveness = next
    if (verdict === 'lost') this.#lose('silent')
    else this.#socket.ping()
  }

  /** No event follows. */
  hangUp(code: CloseName): void {
    if (this.#phase.name === 'over') return
    this.#enter({ name: 'over' })
    leave(this.#socket, closeCodes[code])
  }

  /** Listeners for once, which let go of the hello; only what `#followBytes` adds is kept as long as the link. */
  #greet(hello: Hello): void {
    const socket = this.#socket
    socket.once('upgrade', ({ socket: transport }) => {
      socket.once('open', () => {
        socket.send(encode(this.#signed(hello, transport)))
        this.#followBytes(transport)
      })
    })
  }

  /**
   * Bytes of a message that is still on its way count as heard, not only whole messages and pongs. Not before `open`: the
   * first listener sets the stream flowing, and WebSocket has to be that one.
   */
  #followBytes(transport: Socket): void {
    transport.on('data', () => this.#hear())
  }

  #listen(): void {
    const socket = this.#socket
    socket.on('message', (data, isBinary) => this.#take(data, isBinary))
    socket.on('error', (error) => {
      const { reason, detail } = dialProblem(error)
      this.#fail(reason, detail)
      const name = frameProblem(detail)
      this.#lose(name ?? detail, name === undefined ? undefined : closeCodes[name])
    })
    socket.on('close', (code) => {
      this.#fail('reset', `closed ${closeReason(code)}`)
      this.#lose(closeReason(code))
      this.#ports.closed(socket)
    })
  }

  #signed(hello: Hello, transport: Socket): AgentMessage {
    const { identity } = this.#agent
    return identity === null || !(transport instanceof TLSSocket) ? hello : identity.signed(hello, transport)
  }

  #hear(): void {
    if (this.#phase.name !== 'open') return
    this.#phase.liveness = heard(this.#phase.liveness, this.#ports.nowMs(), this.#ports.heartbeat())
  }

  #take(data: RawData, isBinary: boolean): void {
    if (this.#phase.name === 'over') return
    if (isBinary) return this.#breakOff(closeCodes.malformed, 'not text')
    const decoded = decodeApplianceMessage(data as Buffer)
    if (!decoded.ok) return this.#breakOff(decoded.error.closeCode, decoded.error.detail)
    if (this.#phase.name === 'dialing') return this.#takeFirst(decoded.value)
    if (decoded.value.type === 'welcome') return this.#breakOff(closeCodes.unexpected, 'welcome twice')
    this.#agent.emit({ type: 'message.received', dial: this.#dial, message: decoded.value })
  }

  #takeFirst(message: ApplianceMessage): void {
    const dial = this.#dial
    switch (message.type) {
      case 'welcome': {
        this.#agent.identity?.welcomed()
        this.#enter({ name: 'open', liveness: beginLiveness(this.#ports.nowMs()) })
        const { appliance, site, epoch } = message
        const answer = { type: message.type, appliance: ApplianceId(appliance), site: SiteId(site), epoch }
        return this.#agent.emit({ type: 'dial.answered', dial, answer })
      }
      case 'unavailable':
      case 'refused':
      case 'busy':
        this.#enter({ name: 'over' })
        leave(this.#socket, closeCodes.finished)
        return this.#agent.emit({ type: 'dial.answered', dial, answer: message })
      default:
        return this.#breakOff(closeCodes.unexpected, `${message.type} before welcome`)
    }
  }

  /** The appliance has said what it must not say now. */
  #breakOff(closeCode: number, detail: string): void {
    const reason = `${closeReason(closeCode)}: ${detail}`
    this.#fail('reset', reason, closeCode)
    this.#lose(reason, closeCode)
  }

  #fail(reason: DialFailure, detail: string, closeCode?: number): void {
    if (this.#phase.name !== 'dialing') return
    this.#enter({ name: 'over' })
    leave(this.#socket, closeCode)
    this.#agent.emit({ type: 'dial.failed', dial: this.#dial, reason, detail })
  }

  #lose(reason: string, closeCode?: number): void {
    if (this.#phase.name !== 'open') return
    const heardAgoMs = this.#ports.nowMs() - this.#phase.liveness.contactMs
    this.#enter({ name: 'over' })
    leave(this.#socket, closeCode)
    this.#agent.emit({ type: 'link.lost', dial: this.#dial, reason, heardAgoMs })
  }

  #enter(next: Phase): void {
    const left = this.#phase
    this.#phase = next
    if (left.name === 'dialing') {
      clearTimeout(left.timer)
      this.#ports.dialled()
    }
    if (next.name !== 'over') return
    this.#ports.over(this)
    this.#agent.over(this.#dial)
  }
}

/** Leaves a socket: in order where the other side can hear of it, at once where it cannot. */
function leave(socket: WebSocket, closeCode: number | undefined): void {
  if (closeCode === undefined) socket.terminate()
  else if (socket.readyState === WebSocket.OPEN) socket.close(closeCode)
  // It is closing: WebSocket itself has told the other side of bad frames, and ends after `closeTimeout` at the latest.
  else if (socket.readyState !== WebSocket.CLOSING) socket.terminate()
}

/** Under which name WebSocket refuses what it cannot read (SC3). */
function frameProblem(code: string): CloseName | undefined {
  if (!code.startsWith('WS_ERR_')) return undefined
  return frameProblems[code] ?? 'notFrames'
}

const frameProblems: Readonly<Record<string, CloseName>> = {
  WS_ERR_UNSUPPORTED_MESSAGE_LENGTH: 'oversized',
  WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH: 'oversized',
  WS_ERR_INVALID_UTF8: 'notUtf8',
  WS_ERR_TOO_MANY_BUFFERED_PARTS: 'inPieces',
}

function closeReason(code: number): string {
  // 1006 is what WebSocket calls an end without a close frame.
  return closeName(code) ?? (code === 1006 ? 'reset' : `code ${code}`)
}
