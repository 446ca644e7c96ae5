/** A topology arrived: pushed, asked for, or with a refresh (BT1, BT4, BT7, BT8). */
import { type AgentState, emit, note, warn } from './state.ts'
import { receive } from './topology-slots.ts'
import { parseRange } from '#shared/address.ts'
import { assertNever } from '#shared/assert.ts'
import { type AddressRange, type Topology } from '#shared/topology/model.ts'

/** Holds `topology` as received; only the very first is in use at once. */
export function takeTopology(state: AgentState, topology: Topology): void {
  const unreadable = topology.sites.flatMap(({ ranges }) => ranges).find((range) => !isReadable(range))
  if (unreadable !== undefined) {
    const { start, end } = unreadable
    warn(state, 'topology.unreadable', ['ST3'], `topology ${topology.epoch} has the range ${start}-${end}: refused`)
    return
  }
  const [slots, receipt] = receive(state.slots, topology)
  state.slots = slots
  const { epoch } = topology
  switch (receipt) {
    case 'first':
      state.settings = topology.settings
      emit(state, { type: 'persist', topology })
      note(state, 'topology.first', ['BT1'], `topology ${epoch} is in use`, { epoch })
      return
    case 'held':
      note(state, 'topology.received', ['BT4'], `topology ${epoch} received, held until the next pass`, { epoch })
      return
    case 'known':
      return
    case 'older':
      note(state, 'topology.older', ['BT8'], `topology ${epoch} is older than ours: dropped`, { epoch })
      return
    case 'conflicting':
      warn(state, 'topology.conflicting', ['BT8'], `another topology of the same epoch ${epoch}: refused`)
      return
    default:
      assertNever(receipt)
  }
}

/** The wire's schema knows texts, not addresses. */
function isReadable({ start, end }: AddressRange): boolean {
  return parseRange(`${start}-${end}`).ok
}
