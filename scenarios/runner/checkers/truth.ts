/**
 * What the lab did: which appliances served and which links were whole, over time. *Surely* is strict on both sides:
 * recorded before the interval began, and not disturbed until a little after its end, because the runner reads health
 * doors at intervals and an appliance may have stopped serving just before it was seen to.
 */
import { type History } from '../history.ts'
import { type EnterpriseMap, type Place } from './enterprise-map.ts'
import { type AgentId, type ApplianceId, type Endpoint, type SiteId } from '#shared/ids.ts'

type Turn = { readonly at: number; readonly good: boolean }

export type Truth = {
  /** The appliance served and this agent's way to it was whole, all the time from `from` to `to`. */
  surelyServed(agent: AgentId, place: Place, from: number, to: number): boolean
}

/** How long a change that an appliance makes by itself may be older than its record. Cuts are recorded before they are made. */
const recordSlackMs = 500

export function truthOf(history: History, map: EnterpriseMap): Truth {
  const appliances = new Map<ApplianceId, Turn[]>()
  const links = new Map<string, Turn[]>()
  const cuts = new Map<string, number>()
  for (const event of history.events) {
    if (event.type === 'appliance.serving' || event.type === 'appliance.not-serving') {
      push(appliances, event.appliance, { at: event.at, good: event.type === 'appliance.serving' })
    } else if (event.type === 'link.cut' || event.type === 'link.healed') {
      const key = linkKey(event.from, map.canonical(event.endpoint))
      // Faults nest: the link is whole when the last of them is healed.
      const depth = Math.max(0, (cuts.get(key) ?? 0) + (event.type === 'link.cut' ? 1 : -1))
      cuts.set(key, depth)
      push(links, key, { at: event.at, good: depth === 0 })
    }
  }
  return {
    surelyServed(agent, { appliance, endpoint }, from, to) {
      const link = linkKey(history.linkSites.get(agent) ?? null, map.canonical(endpoint))
      const servedUntil = to + recordSlackMs
      return (
        goodThroughout(appliances.get(appliance), false, from, servedUntil) &&
        goodThroughout(links.get(link), true, from, to)
      )
    },
  }
}

function linkKey(from: SiteId | null, endpoint: Endpoint): string {
  return `${from ?? ''} ${endpoint}`
}

function goodThroughout(turns: readonly Turn[] | undefined, atFirst: boolean, from: number, to: number): boolean {
  const before = turns?.findLast((turn) => turn.at <= from)
  const within = turns?.some((turn) => turn.at > from && turn.at <= to && !turn.good)
  return (before?.good ?? atFirst) && within !== true
}

function push<Key>(lists: Map<Key, Turn[]>, key: Key, turn: Turn): void {
  const list = lists.get(key)
  if (list === undefined) lists.set(key, [turn])
  else list.push(turn)
}
