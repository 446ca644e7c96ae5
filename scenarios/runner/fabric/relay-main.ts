/**
 * `node relay-main.ts --port N [--seed S] [--leash]`: the relay as a process. It prints one JSON line when it serves.
 * With `--leash` it ends when its standard input does, that is, with the process that started it, however that ends.
 */
import { parseArgs } from 'node:util'
import { serveRelay } from './relay-http.ts'
import { Relay } from './relay.ts'

const usageExit = 64
const failedExit = 4

const { values } = parseArgs({
  options: {
    port: { type: 'string' },
    seed: { type: 'string', default: '0' },
    leash: { type: 'boolean', default: false },
  },
})
const port = Number(values.port)

if (!Number.isInteger(port) || port < 1 || port > 65_535) {
  process.stderr.write(`relay: --port is ${values.port ?? 'missing'}, expected 1 to 65535\n`)
  process.exit(usageExit)
}
if (values.leash) {
  process.stdin.on('close', () => process.exit(0)).resume()
  // Ctrl-C reaches the whole group; the relay is to stay until its owner has cleaned up.
  process.on('SIGINT', () => {})
}
try {
  await serveRelay(new Relay(values.seed), port)
  process.stdout.write(`${JSON.stringify({ kind: 'ready', port, pid: process.pid })}\n`)
} catch (error) {
  process.stderr.write(`relay: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exit(failedExit)
}
