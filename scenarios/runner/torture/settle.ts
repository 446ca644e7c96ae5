/** After the torture: everything is healed and runs; waits, with a bound, until the enterprise is whole again. */
import { setTimeout as delay } from 'node:timers/promises'
import { ExpectationFailed } from '../outcome.ts'
import { waitBoundMs } from '../world/bounds.ts'
import { type World } from '../world/world.ts'
import { readAll, readFinally, type Reading } from './readings.ts'

const askAgainMs = 100
const refreshSlack = 1.5
/** What databases in step still have on its way to each other, an ending that an agent kept included. */
const arrivesWithinMs = 10_000

/**
 * Returns the last readings: all appliances serve, the databases are in step and hold the same, no agent has anything
 * under way. Only that they hold the same may fail without an error, since that is for the checkers to say.
 */
export async function settle(world: World): Promise<readonly Reading[]> {
  const { settings, appliances } = world.enterprise.topology
  const boundMs = waitBoundMs(settings, appliances.length + 1)
  const seconds = `${(boundMs / 1_000).toFixed(1)} s`
  const all = async (whoLacks: () => readonly string[], what: string): Promise<void> => {
    const late = () => new ExpectationFailed(`${seconds} after the last fault these ${what}: ${whoLacks().join(', ')}`)
    await world.view.until(() => (whoLacks().length === 0 ? true : undefined), boundMs, late)
  }
  await all(() => appliances.map(({ id }) => id).filter((id) => !world.view.serves(id)), 'do not serve')
  await allInStep(world, boundMs, seconds)
  const agents = [...world.agents.values()].flatMap((process) => process.agents)
  await all(() => agents.filter((agent) => !isAtRest(world, agent)), 'have not come to rest')
  // By then every agent has asked for news once more, and uploaded what it had queued (OF5).
  await delay((settings.refreshIntervalMs / settings.timeScale) * refreshSlack)
  return await readEqual(world)
}

async function allInStep(world: World, boundMs: number, seconds: string): Promise<void> {
  const databases = [...world.appliances.values()].filter(({ appliance }) => appliance.role === 'database')
  const deadline = performance.now() + boundMs
  for (const database of databases) {
    while (!(await database.isInStep())) {
      if (performance.now() > deadline) {
        throw new ExpectationFailed(`${seconds} after the last fault ${database.appliance.id} is not in step`)
      }
      await delay(askAgainMs)
    }
  }
}

function isAtRest(world: World, agent: Parameters<World['view']['status']>[0]): boolean {
  const status = world.view.status(agent)
  if (status === undefined || !status.online || status.passes.length > 0) return false
  return status.sessions.every(({ binding, moving }) => binding !== null && !moving)
}

/** Reads until the databases say the same or the bound is over: what is on its way may arrive. */
async function readEqual(world: World): Promise<readonly Reading[]> {
  const deadline = performance.now() + arrivesWithinMs
  for (;;) {
    const readings = await readAll(world)
    const isEqual = new Set(contentsOf(readings)).size === 1
    if (isEqual || performance.now() > deadline) return await readFinally(world)
    await delay(askAgainMs)
  }
}

/** What each database holds, as one text: its content hash, where it has one, and all its sessions. */
export function contentsOf(readings: readonly Reading[]): string[] {
  return readings
    .filter(({ role }) => role === 'database')
    .map(({ hash, sessions }) => {
      const lines = sessions.map((one) => [one.session, one.user, one.agent, one.state, one.appliance].join(' '))
      return [hash ?? 'no hash', ...lines.toSorted()].join('\n')
    })
}
