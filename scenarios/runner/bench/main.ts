/**
 * `npm run bench -- NAME [--json] [--quick] [--full] [--runs N] [--seed S]`: figures, each as a ratio to a baseline taken
 * in the same run, with the raw figures and the machine beside it.
 */
import { rmSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { newSeed } from '../arguments.ts'
import { exitCodes, messageOf } from '../outcome.ts'
import { defaultRunsFolder, makeRunFolder } from '../run-folder.ts'
import { type Bench, type BenchDocument, type BenchOptions } from './bench.ts'
import { failover } from './failover.ts'
import { fleetLossBench } from './fleet-loss.ts'
import { logins } from './logins.ts'
import { describeMachine, machineText } from './machine.ts'
import { memory } from './memory.ts'
import { replication } from './replication.ts'

const benches: Readonly<Record<string, Bench>> = { logins, replication, failover, memory, 'fleet-loss': fleetLossBench }
const runsUsual = 3
/** The longest, `failover --full` three times on a small machine, takes a third of it. */
const wholeWithinMs = 60 * 60_000

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seed: { type: 'string' },
    json: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    full: { type: 'boolean', default: false },
    runs: { type: 'string' },
  },
})
const [name = ''] = positionals
const bench = benches[name]
const runs = Number(values.runs ?? (values.quick ? 1 : runsUsual))
if (bench === undefined || !(Number.isInteger(runs) && runs >= 1)) {
  process.stderr.write(
    'usage: npm run bench -- NAME [--json] [--quick] [--full] [--runs N] [--seed S]\n' +
      `NAME is one of ${Object.keys(benches).join(', ')}; N is 1 or more (${runsUsual}; 1 with --quick)\n`,
  )
  process.exit(exitCodes.usage)
}

const stopping = new AbortController()
const deadline = setTimeout(() => stopping.abort(new Error('the bench takes too long')), wholeWithinMs).unref()
process.once('SIGINT', () => stopping.abort(new Error('interrupted')))
process.once('SIGTERM', () => stopping.abort(new Error('interrupted')))
const seed = values.seed ?? newSeed()
const machine = describeMachine()
const folder = makeRunFolder(defaultRunsFolder, `bench-${name}`, seed)
const options: BenchOptions = {
  seed,
  quick: values.quick,
  full: values.full,
  runs,
  folder,
  signal: stopping.signal,
  say: (text) => void process.stderr.write(`${text}\n`),
}

async function measure(of: Bench): Promise<void> {
  const measured = await of(options)
  const document: BenchDocument = { bench: name, seed, quick: values.quick, machine, ...measured }
  process.stdout.write(values.json ? `${JSON.stringify(document, null, 2)}\n` : textOf(document))
}

function textOf({ bench: of, store, targets, notes, text }: BenchDocument): string {
  const judged = targets.map(({ what, bound, target, got, met }) => {
    return `  ${met ? 'met   ' : 'missed'}  ${what}: ${got} (${bound} ${target})`
  })
  const lines = [
    `${of}: store ${store}, seed ${seed}, medians of ${runs}${values.quick ? ', QUICK: the figures mean nothing' : ''}`,
    ...text.map((line) => `  ${line}`),
    ...judged,
    ...notes.map((note) => `  note: ${note}`),
    `  ${machineText(machine)}`,
  ]
  return `${lines.join('\n')}\n`
}

try {
  await measure(bench)
  rmSync(folder, { recursive: true, force: true })
} catch (error) {
  process.stderr.write(`${messageOf(stopping.signal.aborted ? stopping.signal.reason : error)}\nsee ${folder}\n`)
  process.exitCode = exitCodes.failed
} finally {
  clearTimeout(deadline)
}
