/**
 * The fabric puts a fault proxy into a link and makes that link fail. Faults are named for what the peer sees. Whatever
 * server stands behind, these facts hold (`fabric.contract.ts`): `refuse` also closes live connections, `reset` acts only
 * once data flows, lifting `silence` closes the silenced connections, and a server that does not listen is seen as
 * *connected, then closed*.
 */
export type LinkFault =
  /** New connections are refused, live ones closed. */
  | 'refuse'
  /** A connection is reset as soon as data flows on it. One that was made before the fault may see an orderly end instead. */
  | 'reset'
  /** Connections are accepted and stay open; everything sent is swallowed, both ways. */
  | 'silence'
  /** Everything is late by so many ms, each way. */
  | { readonly slow: number }
  /** At most so many KB (of 1,000 bytes) a second, each way; 1 or more. */
  | { readonly narrow: number }

export interface FaultProxy {
  /** As given to `link`. */
  readonly name: string
  readonly listenPort: number
  /** Replaces the fault in force. Once it resolves, no connection escapes, those made meanwhile included. */
  apply(fault: LinkFault): Promise<void>
  /** Back to clean. Connections that were silenced are closed. */
  heal(): Promise<void>
}

export type Upstream = { readonly host: string; readonly port: number }

/** All methods reject with `LabFailed` when the server does not do as asked. */
export interface Fabric extends AsyncDisposable {
  readonly kind: 'relay' | 'toxiproxy'
  /** For people: `toxiproxy 2.12.0 at http://127.0.0.1:8474 (TOXIPROXY_URL)`. */
  readonly description: string
  /** Listens at `127.0.0.1:listenPort` and passes connections on to `upstream`. Names: letters, digits, `.`, `_`, `-`. */
  link(name: string, listenPort: number, upstream: Upstream): Promise<FaultProxy>
  /** Heals every link. */
  reset(): Promise<void>
}

/** A fault in words: `silence`, `slow 200 ms`, `narrow 16 KB/s`. */
export function faultText(fault: LinkFault): string {
  if (typeof fault === 'string') return fault
  return 'slow' in fault ? `slow ${fault.slow} ms` : `narrow ${fault.narrow} KB/s`
}
