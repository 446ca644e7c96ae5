/**
 * The agent's two topology slots: *received* and *in use*. What arrives is only held (BT4); it becomes in use at the
 * start of a pass and never because it arrived (BT5, BT6). Freshness is by epoch: an older one is dropped, the same
 * epoch with other content is refused and reported (BT8). The very first topology is in use at once (BT1).
 */
import { type Topology } from '#shared/topology/model.ts'

export type Slots = { readonly inUse: Topology | undefined; readonly received: Topology | undefined }

export const emptySlots: Slots = { inUse: undefined, received: undefined }

export type Receipt = 'first' | 'held' | 'known' | 'older' | 'conflicting'

/** Takes a topology from an appliance. Only the first one is in use at once (BT1). */
export function receive(slots: Slots, topology: Topology): readonly [Slots, Receipt] {
  const { inUse } = slots
  if (inUse === undefined) return [{ inUse: topology, received: topology }, 'first']
  const newest = slots.received ?? inUse
  if (topology.epoch < newest.epoch) return [slots, 'older']
  if (topology.epoch === newest.epoch) return [slots, sameContent(topology, newest) ? 'known' : 'conflicting']
  return [{ inUse, received: topology }, 'held']
}

/** Called only where BT5 allows: before the pass of a session start, failover, unlock or background attempt. */
export function adopt(slots: Slots): Slots {
  return slots.received === undefined ? slots : { inUse: slots.received, received: slots.received }
}

/** The newest epoch held in either slot; 0 for none. */
export function newestEpoch(slots: Slots): number {
  return Math.max(slots.received?.epoch ?? 0, slots.inUse?.epoch ?? 0)
}

function sameContent(a: Topology, b: Topology): boolean {
  return a === b || canonical(a) === canonical(b)
}

/** JSON with the keys of every object in order, so that content compares whatever order an appliance wrote it in. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )
}
