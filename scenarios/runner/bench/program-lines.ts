/**
 * What the bench and its programs say to each other: the one argument of a program, and lines of JSON. Types alone, since
 * whoever imports a program runs it.
 */
import { type Spread } from './spread.ts'
import { type OperationRows } from './store-facts.ts'

export type HashGiven = { readonly verifier: string; readonly password: string }

export type HashRun = { readonly count: number; readonly inFlight: number }

export type HashRan = { readonly kind: 'ran'; readonly ms: number }

export type CommitsGiven = { readonly file: string; readonly rows: OperationRows }

export type CommitsRun = { readonly count: number; readonly group: number }

export type CommitsRan = { readonly kind: 'ran'; readonly ms: number; readonly cpuMs: number }

export type SerialGiven = {
  readonly port: number
  readonly certificateFile: string
  readonly keyFile: string
  readonly caFile: string
  readonly file: string
  /** Bytes that are kept for each request, and that go to the other server. */
  readonly recordBytes: number
  /** Bytes of an answer, by request. */
  readonly answerBytes: Readonly<Record<'login' | 'lock', number>>
  /** The other server; absent on that one. */
  readonly next?: { readonly port: number; readonly host: string }
}

export type StormServerGiven = { readonly port: number; readonly certificateFile: string; readonly keyFile: string }

export type StormGiven = {
  readonly count: number
  readonly portA: number
  readonly portB: number
  readonly caFile: string
  readonly host: string
}

export type StormLine =
  { readonly kind: 'connected' } | { readonly kind: 'reconnected'; readonly reconnectMs: readonly number[] }

export type LoadGiven = {
  readonly host: string
  readonly port: number
  readonly caFile: string
  readonly agents: readonly string[]
  readonly users: readonly string[]
  readonly password: string
}

/** `lock` needs logins before it: it locks their sessions, again and again. */
export type LoadRun = {
  readonly operation: 'login' | 'lock'
  readonly count: number
  /** The most requests on their way at any time. */
  readonly inFlight: number
  /** Sent at this rate, whatever is answered; `null`: as fast as answers come. */
  readonly perSecond: number | null
}

export type LoadRan = {
  readonly kind: 'ran'
  readonly ms: number
  readonly perSecond: number
  readonly latencyMs: Spread
  /** Answers by type and, where they say so, on how many databases. */
  readonly answers: Readonly<Record<string, number>>
  /** Bytes of the last request and of its answer. */
  readonly requestBytes: number
  readonly answerBytes: number
}
