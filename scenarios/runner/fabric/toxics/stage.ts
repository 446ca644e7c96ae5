/**
 * A link of the relay is a chain: source, stages, sink. Each toxic of a proxy is one stage in every link of its
 * direction. A stage is told what arrives and tells its outlet what leaves; it never touches a socket.
 */
import { type RandomStream } from '#shared/random.ts'

/** Where a stage sends what leaves it. */
export type Outlet = {
  data(chunk: Buffer): void
  /** The stream has ended in order: everything before has been passed on. */
  end(): void
  /** The toxic closes the connection, after what it has passed on. */
  close(): void
  /** The toxic resets the connection, both sides of it. */
  reset(): void
}

export type Stage = {
  data(chunk: Buffer): void
  /** Nothing follows. */
  end(): void
  /** Lets go of what is held, in order and at once: the toxic was changed or taken away. */
  release(): void
  /** The connection is gone: no timer may remain. */
  stop(): void
}

export type StageSetup<Attribute extends string> = {
  readonly attributes: Readonly<Record<Attribute, number>>
  readonly outlet: Outlet
  readonly random: RandomStream
  /** Outlives a change of the toxic's attributes: bytes passed so far on this connection. */
  readonly tally: { bytes: number }
  /** Bytes held back grew by so many (or shrank): the link stops reading its source above a limit. */
  readonly hold: (bytes: number) => void
}

export type ToxicKind<Attribute extends string = string> = {
  /** Names in the API; an attribute that is not given is 0. */
  readonly attributes: readonly Attribute[]
  /** What happens to live connections when the toxic is removed. */
  readonly whenRemoved: 'release' | 'close'
  start(setup: StageSetup<Attribute>): Stage
}

/** A stage that changes nothing; the base of those which change one thing. */
export function passing(outlet: Outlet): Stage {
  return {
    data: (chunk) => outlet.data(chunk),
    end: () => outlet.end(),
    release: () => {},
    stop: () => {},
  }
}
