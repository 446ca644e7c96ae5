/** Somebody at the peer door of the small world: one link, by hand. */
import { type PeerMessage } from '#shared/wire/peer-link.schema.ts'

export class WorldVisitor {
  readonly received: PeerMessage[] = []
  closed: string | null = null
  readonly send: (message: PeerMessage) => void

  constructor(send: (message: PeerMessage) => void) {
    this.send = send
  }
}
