/** What all handles of a play share: the world, waiting with a bound, and the faults to heal at the end. */
import { AgentId, type ApplianceId, type SiteId } from '#shared/ids.ts'
import { ExpectationFailed, LabFailed } from '../outcome.ts'
import { decisionText } from '../timeline.ts'
import { waitBoundMs } from '../world/bounds.ts'
import { type World } from '../world/world.ts'

export type Seen<Value> = { readonly value: Value } | { readonly problem: string }

/** How an expectation is held: `until` waits for it, `expect` looks once. */
export type Mode = 'until' | 'expect'

export interface Stage {
  readonly world: World
  /** Real ms. */
  readonly boundMs: number
  /**
   * Looks until there is a value, once in mode `expect`; else it is an expectation that failed: `expected` in words,
   * what is instead, and the last decision of `agent`.
   */
  hold<Value>(mode: Mode, expected: string, agent: string | null, look: () => Seen<Value>): Promise<Value>
}

/** `onWait` hears what is waited for. */
export function stageOf(world: World, onWait: (text: string) => void): Stage {
  const { settings, appliances } = world.enterprise.topology
  const boundMs = waitBoundMs(settings, appliances.length + 1)
  const failure = (when: string, expected: string, agent: string | null, problem: string): ExpectationFailed => {
    const last = agent === null ? undefined : world.view.decisions(AgentId(agent)).at(-1)
    const why = last === undefined ? '' : `\nThe last decision of ${agent}:\n${decisionText(last)}`
    return new ExpectationFailed(`expected ${expected}${when}; ${problem}${why}`)
  }
  return {
    world,
    boundMs,
    async hold(mode, expected, agent, look) {
      const seen = look()
      if ('value' in seen) return seen.value
      if (mode === 'expect') throw failure('', expected, agent, seen.problem)
      onWait(`waiting for ${expected}`)
      const found = await world.view.until(
        () => {
          const again = look()
          return 'value' in again ? again : undefined
        },
        boundMs,
        () => {
          const last = look()
          return failure(
            ` within ${(boundMs / 1000).toFixed(1)} s`,
            expected,
            agent,
            'problem' in last ? last.problem : '',
          )
        },
      )
      return found.value
    },
  }
}

/** Names of the lab as its own ids; an unknown one is the scenario's mistake. */
export function applianceId(world: World, id: string): ApplianceId {
  const appliance = world.enterprise.topology.appliances.find((candidate) => candidate.id === id)
  if (appliance === undefined) throw new LabFailed(`the lab has no appliance ${id}`)
  return appliance.id
}

export function siteId(world: World, id: string): SiteId {
  const site = world.enterprise.topology.sites.find((candidate) => candidate.id === id)
  if (site === undefined) throw new LabFailed(`the lab has no site ${id}`)
  return site.id
}
