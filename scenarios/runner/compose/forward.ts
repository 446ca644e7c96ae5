/** Forwards connections as they are: from the published ports of the lab's own container to doors on inner networks. */
import { connect, createServer, type Server, type Socket } from 'node:net'

export type Forwarding = {
  readonly listen: number
  readonly to: { readonly host: string; readonly port: number }
}

/** A door that does not answer is refused this soon. */
const connectMs = 5_000

/** Listens on all addresses; rejects where the port cannot be had. Each connection ends with either of its halves. */
export async function forward({ listen, to }: Forwarding): Promise<Server> {
  const server = createServer({ allowHalfOpen: true }, (from) => join(from, to))
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ port: listen, host: '0.0.0.0' }, resolve)
  })
  return server
}

function join(from: Socket, to: Forwarding['to']): void {
  const onward = connect({ ...to, allowHalfOpen: true })
  const late = setTimeout(() => onward.destroy(), connectMs)
  onward.once('connect', () => clearTimeout(late))
  onward.once('close', () => clearTimeout(late))
  from.pipe(onward)
  onward.pipe(from)
  // A pipe ends with its source, but it leaves the other side open when the source fails.
  for (const [one, other] of [
    [from, onward],
    [onward, from],
  ] as const) {
    one.on('error', () => other.destroy())
    one.on('close', () => other.destroy())
  }
}
