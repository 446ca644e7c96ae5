/** What stands behind a front: on a database appliance the database and its companion, on a service one an affinity. */
import { Affinity } from './affinity.ts'
import { Comparison } from './comparison.ts'
import { Companion } from './companion.ts'
import { Database } from './database.ts'
import { type DatabasePerson, type Policies } from './directory.ts'
import { type Emit, type LinkId } from './events.ts'
import { createReceiver, type Receiver } from './receiver.ts'
import { Replication } from './replication.ts'
import { Reunion } from './reunion.ts'
import { type StoreEntry } from './store.ts'
import { type Timers } from './timers.ts'
import { topologyChanged, type TopologyKeeper } from './topology-keeper.ts'
import { type ApplianceId } from '#shared/ids.ts'
import { type RandomStream } from '#shared/random.ts'
import { type Topology } from '#shared/topology/model.ts'
import { type PeerMessage } from '#shared/wire/peer-link.schema.ts'

export type DatabaseSide = {
  readonly role: 'database'
  readonly database: Database
  readonly replication: Replication
  readonly receiver: Receiver
  readonly reunion: Reunion
  readonly comparison: Comparison
  readonly companion: Companion
}
export type ServiceSide = { readonly role: 'service'; readonly affinity: Affinity }

/** The rest of the appliance, as a side needs it. */
export type Surroundings = {
  readonly id: ApplianceId
  readonly people: readonly DatabasePerson[]
  readonly policies: Policies
  readonly random: RandomStream
  readonly logName: string
  readonly keeper: TopologyKeeper
  readonly timers: Timers
  readonly emit: Emit
  readonly nextDial: () => number
  /** A peer handed on a topology. */
  readonly topologyCame: (message: PeerMessage, link: LinkId, from: string) => void
  /** A topology takes effect. */
  readonly adopt: (topology: Topology, from: string) => void
  /** A session that `from` served is not its any more. */
  readonly sessionLeft: (session: string, from: string) => void
  /** No database can be reached. */
  readonly dark: () => void
  /** A name that no log ever had. */
  readonly freshLogName: () => string
  /** The own log has begun anew. */
  readonly begunAnew: () => void
  /** This database was removed, and is alone with what it has: it serves nobody. */
  readonly fenced: () => void
}

export function createDatabaseSide(around: Surroundings, entries: readonly StoreEntry[]): DatabaseSide {
  const { keeper, emit, timers } = around
  const database = new Database({
    ...around,
    origin: around.id,
    entries,
    left: around.sessionLeft,
    timeScale: () => keeper.topology.settings.timeScale,
  })
  const { ledger } = database
  const waitMs = (): number => keeper.topology.settings.replicationWaitMs
  const comparison = new Comparison(ledger, emit)
  const isFirst = (): boolean => keeper.topology.appliances.find(({ role }) => role === 'database')?.id === around.id
  const reunion = new Reunion({ yields: () => !isFirst(), held: (log) => ledger.held(log) })
  const receiver = createReceiver(database, emit, reunion)
  const peerLog = (): string | null => receiver.peerLog
  const replication = new Replication({ ledger, timers, emit, waitMs, comparison, peerLog })
  const companion = new Companion({ ...around, database, replication, receiver })
  return { role: 'database', database, replication, receiver, reunion, comparison, companion }
}

export function createServiceSide(around: Surroundings): ServiceSide {
  const { keeper, emit } = around
  const affinity = new Affinity({
    ...around,
    welcomed: (link, epoch) => {
      if (epoch < keeper.topology.epoch) emit({ type: 'send', link, message: topologyChanged(keeper) })
    },
    received: (message, link) => {
      if (message.type === 'session.left') around.sessionLeft(message.session, around.id)
      else around.topologyCame(message, link, affinity.database ?? 'its database')
    },
  })
  return { role: 'service', affinity }
}
