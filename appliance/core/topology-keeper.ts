/**
 * The newest topology that this appliance has seen. An older epoch is dropped; the same epoch with other content is
 * refused and reported (BT8). An appliance that a newer topology leaves out is *removed* (BT6): it remembers its last
 * place in it.
 */
import { type Emit } from './events.ts'
import { assert } from '#shared/assert.ts'
import { type ApplianceId } from '#shared/ids.ts'
import { type Appliance, type Topology } from '#shared/topology/model.ts'
import { type PeerMessage } from '#shared/wire/peer-link.schema.ts'

export type Offer = 'newer' | 'same' | 'older' | 'conflict'

export interface TopologyKeeper {
  readonly topology: Topology
  /** This appliance as the topology has it, or as the last one did that had it. */
  readonly self: Appliance
  readonly removed: boolean
  /** Takes a newer one; says what the offered one was. `from` is for the report. */
  offer(topology: Topology, from: string): Offer
  appliance(id: string): Appliance | undefined
  /** The databases, this appliance left out. */
  readonly otherDatabases: readonly Appliance[]
}

export function createTopologyKeeper(id: ApplianceId, first: Topology, emit: Emit): TopologyKeeper {
  let topology = first
  const find = (wanted: string): Appliance | undefined =>
    topology.appliances.find((appliance) => appliance.id === wanted)
  const place = find(id)
  assert(place !== undefined, 'the first topology of an appliance has it')
  let self = place

  const compare = (offered: Topology): Offer => {
    if (offered.epoch > topology.epoch) return 'newer'
    if (offered.epoch < topology.epoch) return 'older'
    return canonical(offered) === canonical(topology) ? 'same' : 'conflict'
  }

  return {
    get topology() {
      return topology
    },
    get self() {
      return self
    },
    get removed() {
      return find(id) === undefined
    },
    get otherDatabases() {
      return topology.appliances.filter((appliance) => appliance.role === 'database' && appliance.id !== id)
    },
    appliance: find,
    offer(offered, from) {
      const offer = compare(offered)
      if (offer === 'newer') {
        topology = offered
        self = find(id) ?? self
        const text = `holds epoch ${offered.epoch}, from ${from}`
        emit({ type: 'note', kind: 'topology.taken', level: 'info', rules: ['BT4'], text })
        if (find(id) === undefined) {
          const removed = `epoch ${offered.epoch} has no ${id}: serves its own sessions on, and nobody else`
          emit({ type: 'note', kind: 'appliance.removed', level: 'warn', rules: ['BT6'], text: removed })
        }
      }
      if (offer === 'conflict') {
        const text = `refused epoch ${offered.epoch} from ${from}: its content differs from the one held`
        emit({ type: 'note', kind: 'topology.conflict', level: 'warn', rules: ['BT8'], text })
      }
      return offer
    },
  }
}

/** The topology held, as the message that hands it on. */
export function topologyChanged(keeper: TopologyKeeper): PeerMessage {
  return { type: 'topology.changed', topology: keeper.topology }
}

/** JSON with the keys of every object sorted, so that equal content has equal text. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return inner
    return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
  })
}
