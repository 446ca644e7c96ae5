/** The handles of appliances and sites: what happens to them and to the links that lead to them. */
import { assert } from '#shared/assert.ts'
import { type LinkFault } from '../fabric/fabric.ts'
import { LabFailed } from '../outcome.ts'
import { type Appliance, type Fault, type Site } from '../scenario.ts'
import { type LinkName } from '../world/links.ts'
import { type InForce, putInForce } from './in-force.ts'
import { type Stage, applianceId, siteId } from './stage.ts'

export function applianceHandle(stage: Stage, faults: InForce, id: string): Appliance {
  const { world } = stage
  const known = applianceId(world, id)
  const process = world.appliances.get(known)
  assert(process !== undefined, 'every appliance of the lab has a process')
  return {
    kind: 'appliance',
    id,
    site: process.appliance.site,
    kill: async () => await process.kill(),
    stop: async () => await process.stop(),
    pause: async () => await process.pause(),
    resume: async () => await process.resume(),
    async restart() {
      if (process.isRunning) await process.stop()
      await process.start()
      await stage.hold('until', `${id} to serve again`, null, () =>
        world.view.serves(known) ? { value: true } : { problem: 'it does not' },
      )
    },
    async fill() {
      if (process.appliance.role !== 'database') throw new LabFailed(`${id} is no database: it has no store`)
      await process.fill()
      const room: AsyncDisposable = { [Symbol.asyncDispose]: async () => void (await process.makeRoom()) }
      return putInForce(faults, room)
    },
    async wipe() {
      if (process.appliance.role !== 'database') throw new LabFailed(`${id} is no database: it has no store`)
      if (process.isRunning) throw new LabFailed(`${id} runs: stop or kill it before its store is lost`)
      await process.wipe()
    },
    async faultFrom(from, fault) {
      const site = from === null ? null : siteId(world, from)
      const holds = (link: LinkName): boolean => link.kind === 'agents' && link.to === known && link.from === site
      return await faultOn(stage, faults, holds, fault)
    },
    async faultBetween(other, fault) {
      const peer = applianceId(world, other)
      const ends = [known, peer]
      const holds = (link: LinkName): boolean =>
        link.kind === 'peers' && ends.includes(link.from) && ends.includes(link.to)
      if (peer === known) throw new LabFailed(`${id} has no link to itself`)
      return await faultOn(stage, faults, holds, fault)
    },
  }
}

export function siteHandle(stage: Stage, faults: InForce, id: string): Site {
  const site = siteId(stage.world, id)
  const { appliances } = stage.world.enterprise.topology
  const inside = new Set(appliances.filter((appliance) => appliance.site === site).map((appliance) => appliance.id))
  return {
    id,
    appliances: [...inside].map((appliance) => applianceHandle(stage, faults, appliance)),
    async dark(fault = 'silence') {
      const holds = (link: LinkName): boolean =>
        link.kind === 'agents' ? inside.has(link.to) : inside.has(link.from) !== inside.has(link.to)
      return await faultOn(stage, faults, holds, fault)
    },
  }
}

async function faultOn(
  stage: Stage,
  faults: InForce,
  holds: (link: LinkName) => boolean,
  fault: LinkFault,
): Promise<Fault> {
  return putInForce(faults, await stage.world.links.fault(holds, fault))
}
