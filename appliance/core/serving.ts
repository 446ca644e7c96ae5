/**
 * The sessions that this appliance serves, by agent. A session stays in the table when its agent's link is lost: the
 * agent may come back, to an appliance removed from the topology too (BT6). Only agents with a link fill the capacity.
 */

export type Served = { readonly agent: string; readonly user: string; readonly state: string }

export interface Serving {
  /** Does this appliance serve the session of that agent? */
  isOf(session: string, agent: string): boolean
  add(session: string, served: Served): void
  remove(session: string): void
  linked(agent: string): void
  unlinked(agent: string): void
  /** Sessions of agents that have a link. */
  readonly filled: number
  readonly sessions: ReadonlyMap<string, Served>
}

export function createServing(): Serving {
  const sessions = new Map<string, Served>()
  const counts = new Map<string, number>()
  const links = new Set<string>()
  let filled = 0

  const count = (agent: string, difference: 1 | -1): void => {
    const next = (counts.get(agent) ?? 0) + difference
    if (next === 0) counts.delete(agent)
    else counts.set(agent, next)
    if (links.has(agent)) filled += difference
  }
  const remove = (session: string): void => {
    const agent = sessions.get(session)?.agent
    if (agent === undefined) return
    sessions.delete(session)
    count(agent, -1)
  }

  return {
    isOf: (session, agent) => sessions.get(session)?.agent === agent,
    add(session, served) {
      remove(session)
      sessions.set(session, served)
      count(served.agent, 1)
    },
    remove,
    linked(agent) {
      if (links.has(agent)) return
      links.add(agent)
      filled += counts.get(agent) ?? 0
    },
    unlinked(agent) {
      if (!links.delete(agent)) return
      filled -= counts.get(agent) ?? 0
    },
    get filled() {
      return filled
    },
    sessions,
  }
}
