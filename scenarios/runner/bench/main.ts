/** `npm run bench -- NAME [--seed S] [--json]`: figures, each as a ratio to a baseline taken in the same run. */
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { newSeed } from '../arguments.ts'
import { fleetLoss, type Spread } from './fleet-loss.ts'

const benches = { 'fleet-loss': fleetLoss } as const

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seed: { type: 'string' }, json: { type: 'boolean', default: false } },
})
const [name = ''] = positionals
if (!(name in benches)) {
  process.stderr.write(
    `usage: npm run bench -- NAME [--seed S] [--json]; NAME is one of ${Object.keys(benches).join(', ')}\n`,
  )
  process.exit(64)
}

const figures = await benches[name as keyof typeof benches](values.seed ?? newSeed(), new AbortController().signal)
const machine = { cores: cpus().length, model: cpus()[0]?.model ?? 'unknown', node: process.version }
if (values.json) process.stdout.write(`${JSON.stringify({ ...figures, machine }, null, 2)}\n`)
else {
  const told = ({ p50, p99, max }: Spread): string => `p50 ${p50} ms, p99 ${p99} ms, max ${max} ms`
  process.stdout
    .write(`fleet-loss: ${figures.agents} agents, one of two appliances killed, ${figures.fabric}, seed ${figures.seed}
  ${figures.resumed} of ${figures.lost} sessions resumed, logins needed: ${figures.loginsNeeded}
  loss to detected   ${told(figures.detectionMs)}
  loss to resumed    ${told(figures.resumedMs)}
  bare storm of ${figures.agents}  ${told(figures.bareStormMs)} (TLS WebSocket, same jitter, same cap on dials, no fabric)
  ratio (p99 resumed - p99 detected) / p99 bare: ${figures.ratio.toFixed(2)}
  ${machine.cores} cores, ${machine.model}, Node ${machine.node}
`)
}
