/** The load process of a bench, which stands for the agents, and the accounts that the runs of it share. */
import { type ApplianceHome } from '../world/home.ts'
import { type BenchChild, startBenchChild } from './bench-child.ts'
import { benchPassword } from './bench-enterprise.ts'
import { type LoadGiven, type LoadRan, type LoadRun } from './program-lines.ts'

export type Load = BenchChild & { run(run: LoadRun): Promise<LoadRan> }

export type LoadTarget = {
  readonly host: string
  readonly port: number
  readonly files: Pick<ApplianceHome['files'], 'caFile'>
}

/** Links of the load: enough that no link meets its own limit of requests in flight. */
const linkCount = 20
const connectWithinMs = 20_000
/** The slowest run is one of full hashes. */
const runWithinMs = 180_000

/** Starts it; returns when its links are open. */
export async function startLoad({ host, port, files }: LoadTarget, users: readonly string[]): Promise<Load> {
  const agents = Array.from({ length: linkCount }, (_, index) => `load-${index + 1}`)
  const given: LoadGiven = { host, port, caFile: files.caFile, agents, users, password: benchPassword }
  const child = startBenchChild('agent-load', given)
  try {
    await child.hear('connected', connectWithinMs)
  } catch (error) {
    await child.kill()
    throw error
  }
  return {
    ...child,
    async run(run) {
      child.say(run)
      return await child.hear<LoadRan>('ran', runWithinMs)
    },
  }
}
