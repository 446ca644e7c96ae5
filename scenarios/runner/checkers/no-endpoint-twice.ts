/**
 * SP3 seen from outside: the socket tap's dials against the windows of passes. Passes of one agent may overlap and share
 * a dial, so the question is whether every dial of an endpoint can be given to a pass of its own.
 */
import { type Checker, type Finding } from '../history.ts'
import {
  type AgentEvidence,
  clockSlackMs,
  type PassSeen,
  singleAgents,
  type SocketSeen,
  whyNoSockets,
} from './evidence.ts'
import { type EnterpriseMap, mapOf } from './enterprise-map.ts'

export const noEndpointTwice: Checker = {
  name: 'no-endpoint-twice',
  rules: ['SP3'],
  invariant: 'No endpoint is dialled twice in one pass.',
  check(history) {
    const agents = singleAgents(history)
    const why = whyNoSockets(history, agents)
    if (why !== null) return { verdict: 'unknown', why }
    const map = mapOf(history)
    const findings = agents.flatMap((evidence) => repeats(evidence, map))
    const checked = agents.reduce((sum, evidence) => sum + passesWithTwoDials(evidence), 0)
    return findings.length === 0 ? { verdict: 'holds', checked } : { verdict: 'broken', checked, findings }
  },
}

function passesWithTwoDials({ passes, sockets }: AgentEvidence): number {
  return passes.filter((pass) => sockets.filter((socket) => mayBelong(socket, pass)).length >= 2).length
}

function mayBelong({ dialledAt }: SocketSeen, { beganAt, endedAt }: PassSeen): boolean {
  return beganAt - clockSlackMs <= dialledAt && dialledAt <= endedAt + clockSlackMs
}

/**
 * Gives each dial of an endpoint to the pass that ends first among those that may have made it and have none yet. No
 * other choice leaves fewer dials over, so a dial left over is a repeat.
 */
function repeats({ agent, passes, sockets }: AgentEvidence, map: EnterpriseMap): readonly Finding[] {
  const byEndpoint = Map.groupBy(sockets, ({ endpoint }) => map.canonical(endpoint))
  return [...byEndpoint].flatMap(([endpoint, dials]) => {
    const taken = new Set<PassSeen>()
    return dials.flatMap((dial) => {
      const possible = passes.filter((pass) => mayBelong(dial, pass))
      const free = possible.filter((pass) => !taken.has(pass)).sort((a, b) => a.endedAt - b.endedAt)[0]
      if (free !== undefined) {
        taken.add(free)
        return []
      }
      const last = possible.at(-1)
      if (last === undefined) return []
      const text = `dialled ${endpoint} again in pass ${last.number} (${last.purpose})`
      return [{ at: dial.dialledAt, agent, rule: 'SP3', text }]
    })
  })
}
