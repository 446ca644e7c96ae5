/**
 * One proxy of the relay: a listener, the connections that came through it and its toxics. Disabling it closes the
 * listener and every connection. A server behind it that refuses is seen by the client as *connected, then closed*.
 */
import { connect, createServer, type Server, type Socket } from 'node:net'
import { randomStream } from '#shared/random.ts'
import { RelayError } from './relay-error.ts'
import { RelayLink } from './relay-link.ts'
import { type StreamName, type Toxic } from './toxics/toxic.ts'

export type ProxyView = {
  readonly name: string
  readonly listen: string
  readonly upstream: string
  readonly enabled: boolean
  readonly toxics: readonly Toxic[]
}

export type ProxyAddresses = Pick<ProxyView, 'listen' | 'upstream'>

type Address = { readonly host: string; readonly port: number }
type Links = Readonly<Record<StreamName, RelayLink>>

export class RelayProxy {
  readonly #name: string
  readonly #seed: string
  readonly #toxics: Toxic[] = []
  readonly #links = new Set<Links>()
  readonly #sockets = new Set<Socket>()
  #addresses: ProxyAddresses
  #server: Server | undefined
  #connections = 0

  constructor(name: string, addresses: ProxyAddresses, seed: string) {
    this.#name = name
    this.#addresses = addresses
    this.#seed = seed
  }

  get view(): ProxyView {
    const inOrder = [...this.#of('upstream'), ...this.#of('downstream')]
    return { name: this.#name, ...this.#addresses, enabled: this.#server !== undefined, toxics: inOrder }
  }

  /** Moving the proxy closes its connections. Throws `RelayError` when it cannot listen; it is disabled then. */
  async update(addresses: ProxyAddresses, enabled: boolean): Promise<void> {
    if (this.differs(addresses)) await this.stop()
    this.#addresses = addresses
    if (!enabled) await this.stop()
    else if (this.#server === undefined) await this.#start()
  }

  differs({ listen, upstream }: ProxyAddresses): boolean {
    return listen !== this.#addresses.listen || upstream !== this.#addresses.upstream
  }

  async stop(): Promise<void> {
    const server = this.#server
    if (server === undefined) return
    this.#server = undefined
    const closed = new Promise((resolve) => server.close(resolve))
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  toxic(name: string): Toxic {
    const toxic = this.#toxics.find((other) => other.name === name)
    if (toxic === undefined) throw new RelayError(404, 'toxic not found')
    return toxic
  }

  addToxic(toxic: Toxic): void {
    if (this.#toxics.some(({ name }) => name === toxic.name)) throw new RelayError(409, 'toxic already exists')
    this.#toxics.push(toxic)
    for (const links of this.#links) links[toxic.stream].add(toxic)
  }

  updateToxic(toxic: Toxic): void {
    this.#toxics[this.#toxics.indexOf(this.toxic(toxic.name))] = toxic
    for (const links of this.#links) links[toxic.stream].update(toxic)
  }

  removeToxic(name: string): void {
    const toxic = this.toxic(name)
    this.#toxics.splice(this.#toxics.indexOf(toxic), 1)
    for (const links of this.#links) links[toxic.stream].remove(name)
  }

  removeToxics(): void {
    for (const name of this.#toxics.map((toxic) => toxic.name)) this.removeToxic(name)
  }

  #of(stream: StreamName): Toxic[] {
    return this.#toxics.filter((toxic) => toxic.stream === stream)
  }

  async #start(): Promise<void> {
    const { listen } = this.#addresses
    const { host, port } = parseAddress(listen)
    // A client is read only when the server behind has answered: what it sends waits in its socket.
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, (client) =>
      this.#accept(client),
    )
    const { promise: listening, resolve, reject } = Promise.withResolvers<void>()
    server.on('error', (error) => reject(new RelayError(500, `listen tcp ${listen}: ${error.message}`)))
    server.listen({ host, port }, resolve)
    await listening
    const bound = server.address()
    if (bound !== null && typeof bound === 'object')
      this.#addresses = { ...this.#addresses, listen: `${host}:${bound.port}` }
    this.#server = server
  }

  #accept(client: Socket): void {
    this.#connections += 1
    const number = this.#connections
    const upstream = connect({ ...parseAddress(this.#addresses.upstream), allowHalfOpen: true, noDelay: true })
    this.#watch(client)
    this.#watch(upstream)
    const abandon = () => client.destroy()
    upstream.once('close', abandon)
    upstream.once('connect', () => {
      upstream.off('close', abandon)
      if (client.destroyed) upstream.destroy()
      else this.#join(client, upstream, number)
    })
  }

  #watch(socket: Socket): void {
    this.#sockets.add(socket)
    // 'close' follows and is all that matters.
    socket.on('error', () => {})
    socket.once('close', () => this.#sockets.delete(socket))
  }

  #join(client: Socket, server: Socket, number: number): void {
    const reset = () => {
      client.resetAndDestroy()
      server.resetAndDestroy()
    }
    const random = (stream: StreamName) => randomStream(this.#seed, `${this.#name}/${number}/${stream}`)
    const links: Links = {
      upstream: new RelayLink(client, server, random('upstream'), reset),
      downstream: new RelayLink(server, client, random('downstream'), reset),
    }
    this.#links.add(links)
    const forget = () => {
      if (client.closed && server.closed) this.#links.delete(links)
    }
    client.once('close', forget)
    server.once('close', forget)
    links.upstream.start(this.#of('upstream'))
    links.downstream.start(this.#of('downstream'))
    client.resume()
    server.resume()
  }
}

function parseAddress(text: string): Address {
  const colon = text.lastIndexOf(':')
  const port = Number(text.slice(colon + 1))
  if (colon === -1 || !Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new RelayError(400, `address ${text}: expected HOST:PORT`)
  }
  return { host: text.slice(0, colon).replace(/^\[(.*)\]$/, '$1') || '0.0.0.0', port }
}
