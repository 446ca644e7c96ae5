/** Plain TCP ends for the tests of the fabric: servers that record, and clients that can be waited for. */
import { connect, createServer, type Server, type Socket } from 'node:net'
import { once } from 'node:events'
import { assert } from '#shared/assert.ts'

/** One end of a connection, with all that it received. */
export class Peer implements Disposable {
  readonly socket: Socket
  /** Resolves with the error's code, or with `ended`. */
  readonly closed: Promise<string>
  readonly #chunks: Buffer[] = []
  #length = 0
  #isClosed = false

  constructor(socket: Socket) {
    this.socket = socket
    const { promise, resolve } = Promise.withResolvers<string>()
    let code = 'ended'
    socket.on('error', (error: NodeJS.ErrnoException) => {
      code = error.code ?? error.message
    })
    socket.on('data', (chunk) => {
      this.#chunks.push(chunk)
      this.#length += chunk.length
    })
    socket.once('close', () => {
      this.#isClosed = true
      resolve(code)
    })
    this.closed = promise
  }

  get received(): Buffer {
    return Buffer.concat(this.#chunks)
  }

  /** The sizes in which data arrived. */
  get pieces(): readonly number[] {
    return this.#chunks.map((chunk) => chunk.length)
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Waits for so many bytes in all; rejects when the connection closes before. */
  async receive(bytes: number): Promise<Buffer> {
    while (this.#length < bytes) {
      if (this.#isClosed) throw new Error(`closed (${await this.closed}) after ${this.#length} of ${bytes} bytes`)
      await Promise.race([once(this.socket, 'data'), this.closed])
    }
    return this.received
  }

  /** Sends `text` and waits until it has come back. */
  async ping(text: string): Promise<void> {
    const before = this.#length
    this.socket.write(text)
    const received = await this.receive(before + text.length)
    assert(received.subarray(before).toString() === text, 'an echo returns what was sent')
  }

  [Symbol.dispose](): void {
    this.socket.destroy()
  }
}

/** Connects to `127.0.0.1:port`; rejects when that fails. */
export async function dial(port: number, allowHalfOpen = false): Promise<Peer> {
  const socket = connect({ host: '127.0.0.1', port, allowHalfOpen })
  const peer = new Peer(socket)
  await once(socket, 'connect')
  return peer
}

export class TestServer implements AsyncDisposable {
  readonly peers: Peer[] = []
  readonly port: number
  readonly #server: Server

  constructor(server: Server) {
    this.#server = server
    const address = server.address()
    assert(typeof address === 'object' && address !== null, 'a server listens at a port')
    this.port = address.port
  }

  /** Bytes received on all connections. */
  get receivedBytes(): number {
    return this.peers.reduce((sum, peer) => sum + peer.received.length, 0)
  }

  /** The connection with this number, counted from 0. */
  async peer(index: number): Promise<Peer> {
    while (this.peers.length <= index) await once(this.#server, 'connection')
    return this.peers[index] as Peer
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    for (const { socket } of this.peers) socket.destroy()
    await closed
  }
}

/** A server at `port`, or one of the system's choice; `serve` gets every connection. */
export async function listen(serve: (socket: Socket) => void, allowHalfOpen = false, port = 0): Promise<TestServer> {
  const server = createServer({ allowHalfOpen })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const testServer = new TestServer(server)
  server.on('connection', (socket) => {
    testServer.peers.push(new Peer(socket))
    serve(socket)
  })
  return testServer
}

export function echo(socket: Socket): void {
  socket.on('data', (chunk) => socket.write(chunk))
}
