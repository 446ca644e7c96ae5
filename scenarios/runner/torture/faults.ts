/**
 * Brings a schedule's faults upon a world, each in its time, and undoes them. Faults of one appliance's process follow
 * each other, however long each takes; all others overlap as drawn.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { assert, assertNever } from '#shared/assert.ts'
import { type ApplianceId } from '#shared/ids.ts'
import { wallMs } from '../wall-clock.ts'
import { type LinkName } from '../world/links.ts'
import { type World } from '../world/world.ts'
import { type Fault, type LinkEnds, type LinksFault, type ProcessFault, type Schedule } from './schedule.ts'

/** A fault as it really was; wall ms. */
export type Inflicted = { readonly fault: Fault; readonly beganAt: number; readonly endedAt: number }

/** Returns when the last fault is undone and every appliance that was ended runs again. */
export async function inflict(
  world: World,
  { faults }: Schedule,
  beganAt: number,
  signal: AbortSignal,
): Promise<Inflicted[]> {
  const turns = new Map<ApplianceId, Promise<unknown>>()
  const until = async (ms: number): Promise<void> => {
    await delay(Math.max(0, beganAt + ms - wallMs()), undefined, { signal })
  }
  const one = async (fault: Fault): Promise<readonly Inflicted[]> => {
    await until(fault.atMs)
    const at = wallMs()
    const lasting = async (): Promise<void> => await delay(fault.forMs, undefined, { signal })
    const came = 'appliance' in fault ? await hurtProcess(world, fault, lasting) : await cutLinks(world, fault, lasting)
    return came ? [{ fault, beganAt: at, endedAt: wallMs() }] : []
  }
  const inTurn = async (fault: Fault): Promise<readonly Inflicted[]> => {
    if (!('appliance' in fault)) return await one(fault)
    const turn = (turns.get(fault.appliance) ?? Promise.resolve()).then(async () => await one(fault))
    turns.set(fault.appliance, turn)
    return await turn
  }
  return (await Promise.all(faults.map(inTurn))).flat()
}

/** Returns whether the fault came about: a full database that writes nothing is none the worse. */
async function hurtProcess(world: World, fault: ProcessFault, lasting: () => Promise<void>): Promise<boolean> {
  const appliance = world.appliances.get(fault.appliance)
  assert(appliance !== undefined, 'a schedule names appliances of its lab')
  switch (fault.class) {
    case 'kill':
    case 'restart':
      await (fault.class === 'kill' ? appliance.kill() : appliance.stop())
      await lasting()
      await appliance.start()
      return true
    case 'pause':
      await appliance.pause()
      await lasting()
      await appliance.resume()
      return true
    case 'fill':
      await appliance.fill()
      await lasting()
      return await appliance.makeRoom()
    default:
      return assertNever(fault.class)
  }
}

async function cutLinks(world: World, fault: LinksFault, lasting: () => Promise<void>): Promise<boolean> {
  await using _cut = await world.links.fault((link) => fault.links.some((ends) => isLink(link, ends)), fault.class)
  await lasting()
  return true
}

function isLink(link: LinkName, ends: LinkEnds): boolean {
  return link.kind === ends.kind && link.from === ends.from && link.to === ends.to
}
