/** A small agent for tests: one link, requests answered in any order, everything received kept. */
import { once } from 'node:events'
import { connect, type TLSSocket } from 'node:tls'
import { WebSocket } from 'ws'
import { testPassword, type TestEnterprise, waitFor } from './enterprise.ts'
import { agentTls, peerTls } from '#shared/pki/tls-options.ts'
import { type AgentMessage, type ApplianceMessage } from '#shared/wire/agent-link.schema.ts'
import { closeName } from '#shared/wire/close-codes.ts'
import { decodeApplianceMessage, encode } from '#shared/wire/codec.ts'
import { type Identity } from '#shared/pki/authority.ts'

type DistributiveOmit<Union, Key extends PropertyKey> = Union extends unknown ? Omit<Union, Key> : never
type Request = DistributiveOmit<Exclude<AgentMessage, { type: 'hello' }>, 'request'>

/** Opens a WebSocket to an appliance by its own name, led to loopback. */
export function openSocket(
  enterprise: TestEnterprise,
  appliance: string,
  path: string,
  identity?: Identity,
  ca?: string,
): WebSocket {
  const { host, port } = enterprise.appliance(appliance)
  const authority = ca ?? enterprise.authority.certificatePem
  const tls =
    identity === undefined
      ? agentTls({ ca: authority })
      : peerTls({ ca: authority, cert: identity.certificatePem, key: identity.keyPem })
  return new WebSocket(`wss://${host}:${port}${path}`, {
    createConnection: () => connect({ ...tls.connectOptions(host), host: '127.0.0.1', port }),
  })
}

export class TestAgent implements Disposable {
  readonly received: ApplianceMessage[] = []
  closed: string | null = null
  private readonly socket: WebSocket
  private requests = 0

  private constructor(socket: WebSocket) {
    this.socket = socket
    socket.on('error', () => {})
    socket.on('message', (data: Buffer) => {
      const message = decodeApplianceMessage(data)
      if (!message.ok) throw new Error(message.error.detail)
      this.received.push(message.value)
    })
    socket.on('close', (code) => {
      this.closed = closeName(code) ?? String(code)
    })
  }

  /** Dials, says hello, and waits for the first message or the end. */
  static async dial(
    enterprise: TestEnterprise,
    appliance: string,
    id: string,
    sessions: string[] = [],
    /** What else goes into the hello, made for this connection. */
    more: (transport: TLSSocket) => object = () => ({}),
  ): Promise<TestAgent> {
    const socket = openSocket(enterprise, appliance, '/agent')
    const agent = new TestAgent(socket)
    let transport: TLSSocket | undefined
    socket.on('upgrade', ({ socket: under }) => (transport = under as TLSSocket))
    await Promise.race([once(socket, 'open'), once(socket, 'close')])
    const extra = transport === undefined ? {} : more(transport)
    agent.send({ type: 'hello', versions: { min: 1, max: 1 }, agent: id, epoch: 0, sessions, ...extra })
    await waitFor('first message', () => agent.received.length > 0 || agent.closed !== null)
    return agent
  }

  get first(): ApplianceMessage | undefined {
    return this.received[0]
  }

  send(message: object): void {
    this.socket.send(encode(message), () => {})
  }

  /** Sends the request and returns its answer. */
  async ask(request: Request): Promise<ApplianceMessage> {
    this.requests += 1
    const number = this.requests
    this.send({ ...request, request: number })
    const find = (): ApplianceMessage | undefined =>
      this.received.find((message) => 'request' in message && message.request === number)
    await waitFor(`answer to ${request.type}`, () => find() !== undefined || this.closed !== null)
    const answer = find()
    if (answer === undefined) throw new Error(`link closed: ${this.closed}`)
    return answer
  }

  /** Logs in and returns the ticket. */
  async login(
    session: string,
    user = 'anna',
    password = testPassword,
  ): Promise<Extract<ApplianceMessage, { type: 'login.accepted' }>> {
    const answer = await this.ask({ type: 'login', session, user, password })
    if (answer.type !== 'login.accepted') throw new Error(`login: ${JSON.stringify(answer)}`)
    return answer
  }

  [Symbol.dispose](): void {
    this.socket.terminate()
  }
}
