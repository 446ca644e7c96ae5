/** A toxic as the API shows it, and the kinds that the relay knows: those of Toxiproxy. */
import { bandwidth } from './bandwidth.ts'
import { latency } from './latency.ts'
import { limitData } from './limit-data.ts'
import { resetPeer } from './reset-peer.ts'
import { slicer } from './slicer.ts'
import { slowClose } from './slow-close.ts'
import { type ToxicKind } from './stage.ts'
import { timeout } from './timeout.ts'

/** Upstream: from the client to the server behind the proxy. */
export type StreamName = 'upstream' | 'downstream'

export type Toxic = {
  readonly name: string
  readonly type: string
  readonly stream: StreamName
  /** Share of connections that it affects, 0 to 1; drawn once for each connection. */
  readonly toxicity: number
  readonly attributes: Readonly<Record<string, number>>
}

const kinds: ReadonlyMap<string, ToxicKind> = new Map<string, ToxicKind>([
  ['latency', latency],
  ['bandwidth', bandwidth],
  ['timeout', timeout],
  ['reset_peer', resetPeer],
  ['slicer', slicer],
  ['limit_data', limitData],
  ['slow_close', slowClose],
])

/** The kind of a toxic type; undefined for a type that does not exist. */
export function toxicKind(type: string): ToxicKind | undefined {
  return kinds.get(type)
}
