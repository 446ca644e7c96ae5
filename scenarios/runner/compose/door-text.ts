/** What a control door answers, in words: for a person inside a container. */
import { type AgentStatus } from '#shared/decision.ts'
import { homeText, sessionPlace } from '../timeline.ts'

/** The part of an appliance's `GET /status` that is told (docs/PROTOCOL.md). */
export type ApplianceFacts = {
  readonly appliance: string
  readonly role: string
  readonly site: string
  readonly epoch: number
  readonly state: string
  readonly reason?: string | null
  readonly sessions: number
  readonly links: number
  readonly peers: readonly { readonly appliance: string; readonly connected: boolean; readonly inStep: boolean }[]
  readonly advice?: readonly string[]
}

export function agentText({ agent, online, home, topology, pin, links, sessions }: AgentStatus): string {
  const received = topology.received > topology.inUse ? `, epoch ${topology.received} received` : ''
  return [
    `${agent}: ${online ? 'online' : 'offline'}, ${homeText(home)}`,
    `  links: ${links.length === 0 ? 'none' : links.join(', ')}; topology: epoch ${topology.inUse} in use${received}`,
    `  pin: ${pin === null ? 'none' : `${pin.appliance}, for ${Math.round(pin.ageMs / 1000)} s`}`,
    ...sessions.map((session) => `  session ${session.session} of ${session.user}: ${sessionPlace(session)}`),
  ].join('\n')
}

export function applianceText(facts: ApplianceFacts): string {
  const { appliance, role, site, epoch, state, reason, sessions, links, peers, advice = [] } = facts
  const why = typeof reason === 'string' ? ` (${reason})` : ''
  const peerText = (peer: ApplianceFacts['peers'][number]): string =>
    `${peer.appliance} ${peer.connected ? (peer.inStep ? 'in step' : 'not in step') : 'not connected'}`
  return [
    `${appliance}: ${state}${why}, ${role} of ${site}, topology epoch ${epoch}`,
    `  sessions: ${sessions}; agents with a link: ${links}`,
    ...(peers.length === 0 ? [] : [`  databases: ${peers.map(peerText).join(', ')}`]),
    ...advice.map((text) => `  advice: ${text}`),
  ].join('\n')
}
