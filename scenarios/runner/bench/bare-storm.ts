/** The baseline of failover figures: how long N bare TLS WebSockets take to reconnect when their server is killed. */
import { startBenchChild } from './bench-child.ts'
import { type StormServerGiven, type StormGiven, type StormLine } from './program-lines.ts'

export type StormFiles = {
  readonly caFile: string
  readonly certificateFile: string
  readonly keyFile: string
  /** The name in the certificate. */
  readonly host: string
}

const readyWithinMs = 20_000
const connectedWithinMs = 120_000

/** Reconnect times in ms, one per connection, from its own close event to the first message of the other server. */
export async function bareStorm(
  count: number,
  [portA, portB]: readonly [number, number],
  { caFile, host, certificateFile, keyFile }: StormFiles,
): Promise<readonly number[]> {
  await using undo = new AsyncDisposableStack()
  const servers = [portA, portB].map((port) => {
    const given: StormServerGiven = { port, certificateFile, keyFile }
    return undo.use(startBenchChild('storm-server', given))
  })
  await Promise.all(servers.map(async (server) => await server.hear('ready', readyWithinMs)))
  const given: StormGiven = { count, portA, portB, caFile, host }
  const client = undo.use(startBenchChild('storm-client', given))
  await client.hear('connected', connectedWithinMs)
  await servers[0]?.kill()
  const { reconnectMs } = await client.hear<StormLine & { kind: 'reconnected' }>('reconnected', connectedWithinMs)
  return reconnectMs
}
