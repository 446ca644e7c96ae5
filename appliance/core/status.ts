/** What an appliance says of itself at its control door (docs/PROTOCOL.md). */
import { type DatabaseSide, type ServiceSide } from './sides.ts'
import { type Front } from './front.ts'
import { type Served } from './serving.ts'
import { type TopologyKeeper } from './topology-keeper.ts'
import { type UnavailableReason } from '#shared/wire/agent-link.schema.ts'

export type PeerStatus = { readonly appliance: string; readonly connected: boolean; readonly inStep: boolean }

export type ApplianceStatus = {
  readonly appliance: string
  readonly role: 'database' | 'service'
  readonly site: string
  readonly state: 'serving' | 'unavailable'
  readonly reason?: UnavailableReason | undefined
  readonly epoch: number
  readonly affinity: string | null
  readonly affinityLock: string | null
  readonly peers: readonly PeerStatus[]
  readonly sessions: number
  /** Agents with a link. */
  readonly links: number
  readonly hashes: number
  /** Database role: end of the own log, and what of it the other database has not acknowledged. */
  readonly log: { readonly position: number; readonly lag: number } | null
  /** Database role: of all records here, and of all there when last compared; `null` before that (RP7). */
  readonly hash: string | null
  readonly peerHash: string | null
  /** `null`: not compared since the last change. */
  readonly equal: boolean | null
  readonly advice: readonly string[]
}

export type SessionListing = {
  readonly session: string
  readonly user: string
  readonly agent: string
  readonly state: string
  readonly appliance: string
}

type Described = {
  readonly keeper: TopologyKeeper
  readonly inside: DatabaseSide | ServiceSide | null
  readonly unavailable: UnavailableReason | null
  readonly sessions: number
  readonly front: Front | null
}

export function describe({ keeper, inside, unavailable, sessions, front }: Described): ApplianceStatus {
  const { self, topology, otherDatabases } = keeper
  const reason = unavailable ?? (keeper.removed ? 'removed' : null)
  const peers = otherDatabases.map(({ id }) => ({ appliance: id, ...peerState(inside, id) }))
  return {
    appliance: self.id,
    role: self.role,
    site: self.site,
    state: reason === null ? 'serving' : 'unavailable',
    ...(reason === null ? {} : { reason }),
    epoch: topology.epoch,
    affinity: inside?.role === 'service' ? inside.affinity.database : null,
    affinityLock: self.affinityLock ?? null,
    peers,
    sessions,
    links: front?.links ?? 0,
    hashes: front?.hashes ?? 0,
    log: inside?.role === 'database' ? { position: inside.database.ledger.log.end, lag: inside.replication.lag } : null,
    hash: inside?.role === 'database' ? inside.database.ledger.hash : null,
    peerHash: inside?.role === 'database' ? inside.comparison.peerHash : null,
    equal: inside?.role === 'database' ? inside.comparison.equal : null,
    advice: self.role === 'database' ? [...advise(peers), ...adviseOneWay(inside)] : [],
  }
}

export function listSessions(
  inside: DatabaseSide | ServiceSide | null,
  served: ReadonlyMap<string, Served>,
  self: string,
): readonly SessionListing[] {
  if (inside?.role !== 'database') return [...served].map(([session, of]) => ({ session, ...of, appliance: self }))
  const open = [...inside.database.ledger.sessions.values()].filter(({ state }) => state !== 'ended')
  return open.map(({ session, user, agent, state, appliance }) => ({ session, user, agent, state, appliance }))
}

function peerState(inside: DatabaseSide | ServiceSide | null, id: string): { connected: boolean; inStep: boolean } {
  if (inside?.role === 'service') {
    const attached = inside.affinity.database === id
    return { connected: attached, inStep: attached }
  }
  const connected = inside?.companion.connected === true && inside.companion.approach.to?.id === id
  return { connected, inStep: connected && inside.replication.inStep }
}

/** What the other has comes over the link that the other dials. */
function adviseOneWay(inside: DatabaseSide | ServiceSide | null): readonly string[] {
  if (inside?.role !== 'database') return []
  const { receiver, companion } = inside
  if (receiver.caughtUp || !companion.connected || receiver.peerLog !== null) return []
  const other = companion.approach.to?.id ?? 'the other database'
  return [
    `database ${other} can be reached, and does not reach this one, which gets nothing from it: look at the way from ${other} to here`,
  ]
}

/** While a database is lost, and until it is replaced (ST8, RP9). */
function advise(peers: readonly PeerStatus[]): readonly string[] {
  if (peers.length === 0) return ['this is the only database: changes are on one database; add a second one']
  const away = peers.filter(({ connected }) => !connected)
  return away.map(
    ({ appliance }) =>
      `database ${appliance} is not connected: changes are on one database; ` +
      'if it does not come back, remove it and add a replacement',
  )
}
