/** The baseline of failover figures: how long N bare TLS WebSockets take to reconnect when their server is killed. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

export type StormFiles = {
  readonly caFile: string
  readonly certificateFile: string
  readonly keyFile: string
  /** The name in the certificate. */
  readonly host: string
}

/** Reconnect times in ms, one per connection, from its own close event to the first message of the other server. */
export async function bareStorm(count: number, ports: readonly [number, number], files: StormFiles): Promise<number[]> {
  const children: ChildProcess[] = []
  const start = (script: string, ...args: string[]) => {
    const file = fileURLToPath(new URL(script, import.meta.url))
    const child = spawn(process.execPath, [file, ...args], { stdio: ['pipe', 'pipe', 'inherit'] })
    children.push(child)
    return { child, lines: linesOf(child) }
  }
  try {
    const servers = ports.map((port) => start('./storm-server.ts', String(port), files.certificateFile, files.keyFile))
    for (const { lines } of servers) await lines('ready')
    const client = start('./storm-client.ts', String(count), ...ports.map(String), files.caFile, files.host)
    await client.lines('connected')
    servers[0]?.child.kill('SIGKILL')
    const { reconnectMs = [] } = await client.lines('reconnected')
    return reconnectMs
  } finally {
    for (const child of children) child.kill('SIGKILL')
  }
}

type Line = { readonly kind: string; readonly reconnectMs?: number[] }

/** Waits for the line of that kind; an end of the output before it is an error. */
function linesOf(child: ChildProcess): (kind: string) => Promise<Line> {
  const { stdout } = child
  if (stdout === null) throw new Error('a storm process has a standard output')
  const lines = createInterface({ input: stdout })[Symbol.asyncIterator]()
  return async (kind) => {
    for (;;) {
      const { done, value } = await lines.next()
      if (done === true) throw new Error(`a storm process ended before it said ${kind}`)
      const line = JSON.parse(value) as Line
      if (line.kind === kind) return line
    }
  }
}
