/**
 * One direction of one connection: what the source socket sends passes the stages of the toxics and goes to the sink
 * socket. Without a toxic that is one call. Toxics come and go while data flows.
 *
 * The end of the source passes through the stages and half-closes the sink (the original closes it). A toxic that closes
 * the connection sends an end behind the data that it has passed on, and nothing after; that end closes the sink, and the
 * link of the other direction then ends too.
 */
import { type Socket } from 'node:net'
import { assert } from '#shared/assert.ts'
import { type RandomStream } from '#shared/random.ts'
import { type Outlet, passing, type Stage } from './toxics/stage.ts'
import { type Toxic, toxicKind } from './toxics/toxic.ts'

/** Above it a link stops reading its source until what is held back has left. */
const heldBytesMax = 4 * 1024 * 1024
const toxicitySteps = 1_000_000

type Inlet = Pick<Stage, 'data' | 'end'>
/** A slot that is closed passes nothing any more and stays where it is until the connection is gone. */
type Slot = { toxic: Toxic; stage: Stage; next: Inlet; closed: boolean; readonly tally: { bytes: number } }

export class RelayLink {
  readonly #source: Socket
  readonly #sink: Socket
  readonly #random: RandomStream
  readonly #reset: () => void
  readonly #tail: Inlet = { data: (chunk) => this.#write(chunk), end: () => this.#endSink() }
  readonly #slots: Slot[] = []
  #first: Inlet = this.#tail
  #held = 0
  #blocked = false
  #sourceEnded = false
  /** The sink is to be closed, not half-closed, when the end arrives there. */
  #closing = false
  #sinkEnded = false

  /** `reset` resets both sockets of the connection. The source is to be paused; `start` resumes it. */
  constructor(source: Socket, sink: Socket, random: RandomStream, reset: () => void) {
    this.#source = source
    this.#sink = sink
    this.#random = random
    this.#reset = reset
  }

  start(toxics: readonly Toxic[]): void {
    for (const toxic of toxics) this.add(toxic)
    this.#source.on('data', (chunk: Buffer) => this.#first.data(chunk))
    this.#source.on('end', () => this.#endSource())
    this.#source.on('close', () => {
      this.#closing = true
      if (this.#sinkEnded) closeAfterWrites(this.#sink)
      else this.#endSource()
    })
    this.#sink.on('drain', () => {
      this.#blocked = false
      this.#flow()
    })
    this.#sink.on('close', () => this.#stop())
  }

  /** A new toxic comes last. */
  add(toxic: Toxic): void {
    const outlet = this.#outlet(() => slot)
    const slot: Slot = { toxic, stage: passing(outlet), next: this.#tail, closed: false, tally: { bytes: 0 } }
    slot.stage = this.#stage(slot)
    this.#slots.push(slot)
    this.#join()
  }

  /** Replaces the toxic of the same name by one with other attributes. */
  update(toxic: Toxic): void {
    const slot = this.#slot(toxic.name)
    if (slot === undefined) return
    slot.stage.release()
    slot.stage.stop()
    slot.toxic = toxic
    slot.stage = this.#stage(slot)
    this.#join()
  }

  remove(name: string): void {
    const slot = this.#slot(name)
    if (slot === undefined) return
    slot.stage.release()
    slot.stage.stop()
    if (toxicKind(slot.toxic.type)?.whenRemoved === 'close') return this.#close(slot)
    this.#slots.splice(this.#slots.indexOf(slot), 1)
    this.#join()
  }

  #slot(name: string): Slot | undefined {
    return this.#slots.find((slot) => slot.toxic.name === name && !slot.closed)
  }

  #stage(slot: Slot): Stage {
    const kind = toxicKind(slot.toxic.type)
    assert(kind !== undefined, 'a toxic of an unknown type is refused when it is added')
    const outlet = this.#outlet(() => slot)
    if (this.#random.below(toxicitySteps) >= slot.toxic.toxicity * toxicitySteps) return passing(outlet)
    const { attributes } = slot.toxic
    const hold = (bytes: number) => {
      this.#held += bytes
      this.#flow()
    }
    return kind.start({ attributes, outlet, random: this.#random, tally: slot.tally, hold })
  }

  #outlet(slot: () => Slot): Outlet {
    return {
      data: (chunk) => slot().next.data(chunk),
      end: () => slot().next.end(),
      close: () => this.#close(slot()),
      reset: this.#reset,
    }
  }

  #join(): void {
    const inlets: readonly Inlet[] = this.#slots.map((slot): Inlet => ({
      data: (chunk) => {
        if (!slot.closed) slot.stage.data(chunk)
      },
      end: () => {
        if (!slot.closed) slot.stage.end()
      },
    }))
    this.#first = inlets[0] ?? this.#tail
    for (const [index, slot] of this.#slots.entries()) slot.next = inlets[index + 1] ?? this.#tail
  }

  #close(slot: Slot): void {
    if (slot.closed) return
    slot.closed = true
    this.#closing = true
    slot.next.end()
  }

  #write(chunk: Buffer): void {
    if (!this.#sink.writable || this.#sink.write(chunk)) return
    this.#blocked = true
    this.#flow()
  }

  #endSource(): void {
    if (this.#sourceEnded) return
    this.#sourceEnded = true
    this.#first.end()
  }

  #endSink(): void {
    this.#sinkEnded = true
    if (this.#closing) closeAfterWrites(this.#sink)
    else this.#sink.end()
  }

  #flow(): void {
    if (this.#blocked || this.#held > heldBytesMax) this.#source.pause()
    else if (this.#source.isPaused()) this.#source.resume()
  }

  #stop(): void {
    for (const slot of this.#slots) slot.stage.stop()
    this.#held = 0
    this.#blocked = false
    // Nobody will read it, but its end must be seen.
    this.#flow()
  }
}

function closeAfterWrites(socket: Socket): void {
  if (socket.writableLength === 0) socket.destroy()
  else socket.destroySoon()
}
