import { describe, expect, it } from 'vitest'
import { agentMachine } from './agent.ts'
import { emptyOfflineData } from './offline-data.ts'
import { type AgentEffect } from './events.ts'
import { AgentId } from '#shared/ids.ts'
import { normalSettings } from '#shared/policy/settings.ts'
import { randomStream } from '#shared/random.ts'
import { sampleNetwork, sampleTopology } from '#shared/topology/sample.contract.ts'

const appliances = ['h1', 'h2', 'h3', 'h4', 'h5']
const topology = sampleTopology([{ id: 'home', ranges: ['10.0.0.0/8'], appliances }])
const network = sampleNetwork(['10.1.0.9'])
const now = { wireMs: 0, policyMs: 0, wallMs: 0 }
const agents = 20_000
/** Chi-square with 4 degrees of freedom at p = 0.001. */
const critical = 18.467

/** The appliance that an agent of a fleet dials first, its stream derived as the process does it: from seed and id. */
function firstPick(seed: string, id: string): string | undefined {
  const machine = agentMachine({
    id: AgentId(id),
    primServer: { host: 'h1.test', port: 443 },
    altServers: [],
    profile: 'windows',
    random: randomStream(seed, id),
    settings: normalSettings,
  })
  const [survey] = machine
    .step({ type: 'started', topology, offline: emptyOfflineData('first') }, now)
    .filter((effect) => effect.type === 'survey')
  if (survey === undefined) return undefined
  const effects = machine.step({ type: 'surveyed', pass: survey.pass, network, addresses: new Map() }, now)
  return effects.find((effect): effect is AgentEffect & { type: 'dial' } => effect.type === 'dial')?.host
}

describe('first picks of 20,000 agents of one fleet', () => {
  it.each(['seed-a', 'seed-b', 'seed-c'])(
    '[SP2, PN7] are uniform over the home site (chi-square, p > 0.001): %s',
    (seed) => {
      const counts = new Map<string, number>()
      for (let index = 1; index <= agents; index += 1) {
        const host = firstPick(seed, `ward-${String(index).padStart(4, '0')}`) ?? 'none'
        counts.set(host, (counts.get(host) ?? 0) + 1)
      }
      expect([...counts.keys()].sort()).toEqual(appliances.map((name) => `${name}.test`))
      const expected = agents / appliances.length
      const statistic = [...counts.values()].reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
      expect(statistic).toBeLessThan(critical)
      // A shuffle that always begins with the same appliance, or a stream shared by neighbours, is far outside.
      expect(statistic).toBeGreaterThan(0.05)
    },
  )
})
