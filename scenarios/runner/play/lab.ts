/** The vocabulary of `scenario.ts` over a world. */
import { assert } from '#shared/assert.ts'
import { AgentId } from '#shared/ids.ts'
import { ExpectationFailed, LabFailed } from '../outcome.ts'
import { type Lab, type TopologyDraft } from '../scenario.ts'
import { type World } from '../world/world.ts'
import { agentHandle, fleetHandle } from './agents.ts'
import { applianceHandle, siteHandle } from './appliances.ts'
import { type DecisionMarks, expectationsOf } from './expectations.ts'
import { type InForce } from './in-force.ts'
import { stageOf } from './stage.ts'

/** Longest real time that a scenario may let pass at once. */
const elapseMaxMs = 120_000

export interface PlayedLab extends AsyncDisposable {
  readonly lab: Lab
}

/** The lab of a play. Disposing it heals every fault that the play left in force and wakes whoever sleeps. */
export function labOf(world: World, signal: AbortSignal, onWait: (text: string) => void): PlayedLab {
  const stage = stageOf(world, onWait)
  const inForce: InForce = new Set()
  const marks: DecisionMarks = new Map()
  const { timeScale } = world.enterprise.topology.settings
  const lab: Lab = {
    agent: (id) => agentHandle(world, inForce, id),
    fleet: (id) => fleetHandle(world, id),
    appliance: (id) => applianceHandle(stage, inForce, id),
    site: (id) => siteHandle(stage, inForce, id),
    topology: () => world.topology(),
    async startAgent({ id, primServer, altServers = [], profile = 'windows', addresses, routes }) {
      const declared = addresses !== undefined || routes !== undefined
      const network = declared ? { addresses: addresses ?? [], routes: routes ?? [] } : undefined
      await world.addWorkstation({ id: AgentId(id), primServer, altServers, profile, network })
      return agentHandle(world, inForce, id)
    },
    async editTopology(edit) {
      const { epoch, ...draft } = structuredClone(world.topology())
      assert(epoch >= 1, 'a topology has an epoch')
      edit(draft as unknown as TopologyDraft)
      return await world.publish({ ...draft, epoch })
    },
    async elapse(policyMs) {
      const realMs = policyMs / timeScale
      if (realMs > elapseMaxMs) throw new LabFailed(`${realMs / 1000} s are too long to wait; raise the time scale`)
      await pass(realMs, signal)
    },
    tell: (text) => world.tell(text),
    until: expectationsOf(stage, 'until', marks),
    expect: expectationsOf(stage, 'expect', marks),
    claim(text, holds) {
      if (!holds) throw new ExpectationFailed(`expected that ${text}`)
    },
  }
  return {
    lab,
    async [Symbol.asyncDispose]() {
      await Promise.all([...inForce].map(async (one) => await one[Symbol.asyncDispose]()))
    },
  }
}

async function pass(ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, ms)
  signal.addEventListener('abort', () => resolve(), { once: true })
  await promise
  clearTimeout(timer)
  if (signal.aborted) throw new LabFailed('interrupted')
}
