/**
 * Sign-ins at a steady rate, whatever is answered: an open loop, as a ward's morning is. What the clock is late with is
 * sent at once, so that the rate holds over any stretch of time.
 */
import { once } from 'node:events'
import { type WebSocket } from 'ws'
import { openSocket } from './client.ts'
import { testPassword, type TestEnterprise } from './enterprise.ts'
import { decodeApplianceMessage, encode } from '#shared/wire/codec.ts'

export type LoginLoadOptions = {
  readonly enterprise: TestEnterprise
  readonly appliance: string
  readonly links: number
  readonly perSecond: number
}

const tickMs = 5

export class LoginLoad {
  /** Of each sign-in that was answered: `both`, `one`, or the answer as JSON where it was another. */
  readonly answers: string[] = []
  sent = 0
  private readonly sockets: readonly WebSocket[]
  private readonly beganAt = performance.now()
  private readonly timer: NodeJS.Timeout
  private stoppedAt: number | undefined

  private constructor(sockets: readonly WebSocket[], perSecond: number) {
    this.sockets = sockets
    for (const socket of sockets) {
      socket.on('message', (data: Buffer) => this.receive(data))
      socket.on('close', (code) => this.answers.push(`a link was closed: ${code}`))
    }
    this.timer = setInterval(() => {
      const due = ((performance.now() - this.beganAt) / 1000) * perSecond
      while (this.sent < due) this.signIn()
    }, tickMs)
  }

  /** Opens the links, then begins. */
  static async begin({ enterprise, appliance, links, perSecond }: LoginLoadOptions): Promise<LoginLoad> {
    const opened = Array.from({ length: links }, async (_, index) => {
      const socket = openSocket(enterprise, appliance, '/agent')
      await once(socket, 'open')
      socket.send(encode({ type: 'hello', versions: { min: 1, max: 1 }, agent: `load-${index}`, epoch: 0 }))
      await once(socket, 'message')
      return socket
    })
    return new LoginLoad(await Promise.all(opened), perSecond)
  }

  get both(): number {
    return this.answers.filter((answer) => answer === 'both').length
  }

  /** Sign-ins a second since it began, until it was stopped. */
  get sentPerSecond(): number {
    return (this.sent / ((this.stoppedAt ?? performance.now()) - this.beganAt)) * 1000
  }

  /** Signs nobody in any more; what is under way may still be answered. */
  stop(): void {
    clearInterval(this.timer)
    this.stoppedAt ??= performance.now()
  }

  close(): void {
    this.stop()
    for (const socket of this.sockets) socket.terminate()
  }

  private signIn(): void {
    this.sent += 1
    const socket = this.sockets[this.sent % this.sockets.length]
    const request = { request: this.sent, session: `s-${this.sent}`, user: 'anna', password: testPassword }
    socket?.send(encode({ type: 'login', ...request }), () => {})
  }

  private receive(data: Buffer): void {
    const message = decodeApplianceMessage(data)
    if (!message.ok) throw new Error(message.error.detail)
    const { value } = message
    // Topologies that are pushed meanwhile answer nobody.
    if (!('request' in value)) return
    this.answers.push(value.type === 'login.accepted' ? value.replicated : JSON.stringify(value))
  }
}
