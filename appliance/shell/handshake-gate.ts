/**
 * Paces what a listener accepts: when a thousand agents come at once, handshakes that interleave all pass any timeout
 * together. So a bounded number of TLS handshakes is under way; the other connections wait, in order.
 */
import { type Socket } from 'node:net'

export interface HandshakeGate {
  /** A connection was accepted and has said its first word. */
  arrived(socket: Socket): void
  readonly underWay: number
  readonly waiting: number
}

/**
 * `begin` starts the handshake of a connection and calls `done`, once or more, when it ended in whatever way.
 */
export function handshakeGate(most: number, begin: (socket: Socket, done: () => void) => void): HandshakeGate {
  const queue: Socket[] = []
  let underWay = 0

  const admit = (socket: Socket): void => {
    underWay += 1
    let open = true
    begin(socket, () => {
      if (!open) return
      open = false
      underWay -= 1
      next()
    })
  }
  const next = (): void => {
    const admitted = queue.splice(0, Math.max(0, most - underWay))
    const alive = admitted.filter((socket) => !socket.destroyed)
    for (const socket of alive) admit(socket)
    if (alive.length < admitted.length) next()
  }
  return {
    arrived(socket) {
      queue.push(socket)
      next()
    },
    get underWay() {
      return underWay
    },
    get waiting() {
      return queue.length
    },
  }
}
