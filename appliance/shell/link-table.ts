/**
 * The open WebSockets of one appliance by link number, accepted or dialled: messages in, messages out, liveness. A link
 * that the core closes is forgotten at once and brings no more events; every other end is told once, as a loss.
 *
 * What is sent in one turn leaves in one write. A slow receiver is cut at a cap. When events wait faster than turns take
 * them, the sockets that bring them are read no further until the next turn.
 */
import { type Socket } from 'node:net'
import { type RawData, type WebSocket } from 'ws'
import { LinkId } from '../core/events.ts'
import { type Clock } from '#shared/clock.ts'
import { closeCodes, closeName, type CloseName } from '#shared/wire/close-codes.ts'
import { type Decoder, encode } from '#shared/wire/codec.ts'
import { wireLimits } from '#shared/wire/limits.ts'
import { beginLiveness, heard, type HeartbeatSettings, type Liveness, tick } from '#shared/wire/liveness.ts'

type Entry = {
  readonly socket: WebSocket
  /** The TLS socket underneath. */
  readonly transport: Socket
  readonly lost: (reason: string) => void
  readonly flow: ((filled: boolean) => void) | null
  filled: boolean
  liveness: Liveness
}

export type LinkOptions<Message> = {
  readonly socket: WebSocket
  readonly transport: Socket
  readonly decode: Decoder<Message>
  readonly received: (link: LinkId, message: Message) => void
  readonly lost: (link: LinkId, reason: string) => void
  /** More bytes wait in the socket than should, or none do any more; for who can stop sending. */
  readonly flow?: (link: LinkId, filled: boolean) => void
}

export type LinkTableOptions = {
  readonly clock: Clock
  readonly heartbeat: () => HeartbeatSettings
  /** Events waiting for the next turn. */
  readonly waiting: () => number
}

/** An orderly close that the other side does not answer ends after this time. */
const closeGraceMs = 1_000

export class LinkTable {
  private readonly options: LinkTableOptions
  private readonly entries = new Map<LinkId, Entry>()
  private readonly corked = new Set<Socket>()
  private readonly paused = new Set<WebSocket>()
  private last = 0
  private lastMessage: object | null = null
  private lastText = ''
  private pulse: NodeJS.Timeout | null = null

  constructor(options: LinkTableOptions) {
    this.options = options
    this.scheduleTick()
  }

  add<Message>(options: LinkOptions<Message>): LinkId {
    const { socket, transport, flow } = options
    this.last += 1
    const link = LinkId(this.last)
    const liveness = beginLiveness(this.options.clock.now().wireMs)
    this.entries.set(link, {
      socket,
      transport,
      liveness,
      lost: (reason) => options.lost(link, reason),
      flow: flow === undefined ? null : (filled) => flow(link, filled),
      filled: false,
    })
    const hear = (): void => this.hear(link)
    socket.on('ping', hear)
    socket.on('pong', hear)
    socket.on('message', (data, isBinary) => this.receive(link, options, data, isBinary))
    socket.on('close', (code, reason) => this.lose(link, closeName(code) ?? `${code} ${reason.toString()}`.trim()))
    return link
  }

  /** A link that is gone by now takes nothing; the core hears of that as a loss. */
  send(link: LinkId, message: object): void {
    const entry = this.entries.get(link)
    if (entry === undefined) return
    if (entry.socket.bufferedAmount > wireLimits.bufferedBytesMax) {
      this.cut(link, 'tooSlow')
      return
    }
    this.cork(entry.transport)
    entry.socket.send(this.text(message))
    if (!entry.filled && entry.socket.bufferedAmount > wireLimits.replicationBufferedBytesMax) this.fill(entry)
  }

  /** The TLS socket of an open link. */
  transportOf(link: LinkId): Socket | undefined {
    return this.entries.get(link)?.transport
  }

  /** Closes in good order; no event follows. */
  close(link: LinkId, name: CloseName): void {
    const entry = this.entries.get(link)
    if (entry === undefined) return
    this.entries.delete(link)
    shut(entry.socket, name)
  }

  /** Lets every socket go. */
  stop(): void {
    if (this.pulse !== null) clearTimeout(this.pulse)
    for (const link of this.entries.keys()) this.close(link, 'stopping')
  }

  private fill(entry: Entry): void {
    if (entry.flow === null) return
    entry.filled = true
    entry.flow(true)
    // Written after the send, the socket drains once, when all of it has left.
    entry.transport.once('drain', () => {
      entry.filled = false
      entry.flow?.(false)
    })
  }

  private receive<Message>(link: LinkId, options: LinkOptions<Message>, data: RawData, isBinary: boolean): void {
    if (!this.entries.has(link)) return
    this.hear(link)
    const decoded = isBinary || !Buffer.isBuffer(data) ? null : options.decode(data)
    if (decoded === null || !decoded.ok) {
      this.cut(link, 'malformed', decoded === null ? 'not a text message' : decoded.error.detail)
      return
    }
    options.received(link, decoded.value)
    if (this.options.waiting() > wireLimits.eventQueueMax / 2) this.pause(options.socket)
  }

  private hear(link: LinkId): void {
    const entry = this.entries.get(link)
    if (entry === undefined) return
    entry.liveness = heard(entry.liveness, this.options.clock.now().wireMs, this.options.heartbeat())
  }

  /** The peer did wrong: it is told why, and the core hears of a loss. */
  private cut(link: LinkId, name: CloseName, detail?: string): void {
    const entry = this.entries.get(link)
    if (entry === undefined) return
    this.lose(link, detail === undefined ? name : `${name}: ${detail}`)
    shut(entry.socket, name)
  }

  private lose(link: LinkId, reason: string): void {
    const entry = this.entries.get(link)
    if (entry === undefined) return
    this.entries.delete(link)
    entry.lost(reason)
  }

  /** A message for many links is encoded once. */
  private text(message: object): string {
    if (message !== this.lastMessage) {
      this.lastMessage = message
      this.lastText = encode(message)
    }
    return this.lastText
  }

  private cork(transport: Socket): void {
    if (this.corked.has(transport)) return
    if (this.corked.size === 0) process.nextTick(() => this.uncork())
    this.corked.add(transport)
    transport.cork()
  }

  private uncork(): void {
    for (const transport of this.corked) transport.uncork()
    this.corked.clear()
    this.lastMessage = null
  }

  private pause(socket: WebSocket): void {
    if (this.paused.size === 0) setImmediate(() => this.resume())
    this.paused.add(socket)
    socket.pause()
  }

  private resume(): void {
    for (const socket of this.paused) socket.resume()
    this.paused.clear()
  }

  private scheduleTick(): void {
    this.pulse = setTimeout(() => {
      this.tick()
      this.scheduleTick()
    }, this.options.heartbeat().heartbeatMs)
    this.pulse.unref()
  }

  private tick(): void {
    const { wireMs } = this.options.clock.now()
    const settings = this.options.heartbeat()
    for (const [link, entry] of this.entries) {
      const { next, verdict } = tick(entry.liveness, wireMs, settings)
      entry.liveness = next
      if (verdict === 'lost') {
        this.lose(link, 'silent')
        entry.socket.terminate()
      } else if (entry.socket.readyState === entry.socket.OPEN) entry.socket.ping()
    }
  }
}

function shut(socket: WebSocket, name: CloseName): void {
  socket.close(closeCodes[name], name)
  const late = setTimeout(() => socket.terminate(), closeGraceMs)
  late.unref()
  socket.once('close', () => clearTimeout(late))
}
