/**
 * Every agent of a process is handed its own copy of the topology, by an appliance or from its cache. They hold one
 * instead where their contents are equal: it is large, and what is computed of it is kept with it.
 */
import { isDeepStrictEqual } from 'node:util'
import { type Topology } from '#shared/topology/model.ts'

/** Answers the topology that was taken last where `topology` equals it, else `topology` itself. Neither may be changed. */
export type ShareTopology = (topology: Topology) => Topology

export function topologySharing(): ShareTopology {
  let last: Topology | undefined
  return (topology) => {
    if (last?.epoch !== topology.epoch || !isDeepStrictEqual(last, topology)) last = topology
    return last
  }
}
