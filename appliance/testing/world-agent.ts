/** An agent of the small world: one link, by hand. */
import { type Tickets } from '../core/requests.ts'
import { type AgentMessage, type ApplianceMessage } from '#shared/wire/agent-link.schema.ts'

type DistributiveOmit<Union, Key extends PropertyKey> = Union extends unknown ? Omit<Union, Key> : never
type Request = DistributiveOmit<Exclude<AgentMessage, { type: 'hello' }>, 'request'>

export class WorldAgent {
  readonly received: ApplianceMessage[] = []
  closed: string | null = null
  private readonly settle: () => void
  private readonly deliver: (message: AgentMessage) => void
  private requests = 0

  constructor(settle: () => void, deliver: (message: AgentMessage) => void) {
    this.settle = settle
    this.deliver = deliver
  }

  get first(): ApplianceMessage | undefined {
    return this.received[0]
  }

  get last(): ApplianceMessage | undefined {
    return this.received.at(-1)
  }

  hear(message: AgentMessage): void {
    this.deliver(message)
    this.settle()
  }

  /** Sends a request; the answer, when it comes without time passing. */
  ask(request: Request): ApplianceMessage | undefined {
    const number = this.begin(request)
    this.settle()
    return this.answer(number)
  }

  begin(request: Request): number {
    this.requests += 1
    this.deliver({ ...request, request: this.requests })
    return this.requests
  }

  answer(number: number): ApplianceMessage | undefined {
    return this.received.find((message) => 'request' in message && message.request === number)
  }

  /** Logs in; the ticket. */
  login(session: string, user = 'anna'): string {
    const answer = this.ask({ type: 'login', session, user, password: 'right' })
    if (answer?.type !== 'login.accepted') throw new Error(`login: ${JSON.stringify(answer)}`)
    return answer.ticket
  }
}

/** What the shell would add to a message: `fresh` is the ticket that a login gets. */
export function ticketsOf(message: AgentMessage, fresh: string): Tickets {
  if (message.type === 'login' || message.type === 'resume-offline') {
    return { freshTicket: { ticket: fresh, hash: hashOf(fresh) } }
  }
  if (message.type === 'hello' && message.enrol !== undefined) return { ticketHash: hashOf(message.enrol.token) }
  return 'ticket' in message ? { ticketHash: hashOf(message.ticket) } : {}
}

/** What stands for a signature of that agent with the private half of that key. */
export function proofOf({ agent, publicKey }: { readonly agent: string; readonly publicKey: string }): string {
  return `${agent} signs with ${publicKey}`
}

export function hashOf(ticket: string): string {
  return `hash of ${ticket}`.padEnd(64, '.')
}
