/**
 * Takes what the other database pushes: in order of its log, each change once, acknowledged when committed. Until it has
 * what the other had when they connected, it is *catching up* (SP6), as long as the other can be reached at all.
 */
import { type Database } from './database.ts'
import { type Ledger } from './ledger.ts'
import { type Emit, type LinkId } from './events.ts'
import { type Reunion } from './reunion.ts'
import { type PeerMessage } from '#shared/wire/peer-link.schema.ts'

/** Dials of the other database that fail before this one serves alone; so that a cold start never waits for the dead. */
const reachTriesMax = 2

type Changes = Extract<PeerMessage, { type: 'changes' }>
type Snapshot = Extract<PeerMessage, { type: 'snapshot' }>
/** What the other had when it connected. `whole`: all of it comes as a snapshot, for nothing of its log is held here. */
type Goal = { readonly log: string; readonly position: number; readonly whole: boolean }
type Arrival =
  { readonly phase: 'arriving'; readonly failures: number; readonly goal: Goal | null } | { readonly phase: 'arrived' }

export interface Receiver {
  readonly caughtUp: boolean
  /** The log of the other database, once it has dialled in. */
  readonly peerLog: string | null
  /** The other database dialled in; its log ends at `position`. */
  greeted(appliance: string, log: string, position: number): void
  /** `false`: there is a gap; the dialler has to begin anew from the position that it is told. */
  received(link: LinkId, log: string, message: PeerMessage): boolean
  /** A dial of the other database ended with nothing, or an open link with it was lost. */
  unreachable(): void
  /** There is no other database. */
  alone(): void
  /** It was away for so long that it has to catch up before it serves again. */
  again(): void
}

export function createReceiver(database: Database, emit: Emit, reunion: Reunion): Receiver {
  const { ledger } = database
  let arrival: Arrival = { phase: 'arriving', failures: 0, goal: null }
  let peerLog: string | null = null

  const arrive = (text: string): void => {
    arrival = { phase: 'arrived' }
    emit({ type: 'note', kind: 'database.serves', level: 'info', rules: ['SP6'], text })
  }
  const check = (): void => {
    if (arrival.phase !== 'arriving' || arrival.goal === null || arrival.goal.whole) return
    if (ledger.held(arrival.goal.log) >= arrival.goal.position) arrive('has what the other database had')
  }
  const acknowledge = (link: LinkId, log: string): void => {
    emit({ type: 'send', link, message: { type: 'acknowledged', position: ledger.held(log) } })
    check()
  }

  return {
    get caughtUp() {
      return arrival.phase === 'arrived'
    },
    get peerLog() {
      return peerLog
    },
    greeted(appliance, log, position) {
      if (log !== peerLog) namePastLost(database, appliance, log)
      peerLog = log
      const goal: Goal = { log, position, whole: ledger.held(log) === 0 }
      if (arrival.phase === 'arriving') arrival = { ...arrival, goal }
      else reunion.met(log, position)
      check()
    },
    received(link, log, message) {
      if (message.type === 'changes') {
        if (!takeChanges(ledger, log, message)) return false
        acknowledge(link, log)
      }
      if (message.type === 'snapshot') {
        takePart(ledger, log, message)
        if (message.last) arrival = withSnapshot(arrival)
        emit({ type: 'send', link, message: { type: 'snapshot.taken' } })
        check()
      }
      return true
    },
    unreachable() {
      if (arrival.phase === 'arrived') {
        reunion.parted()
        return
      }
      arrival = { ...arrival, failures: arrival.failures + 1, goal: null }
      if (arrival.failures >= reachTriesMax) arrive('the other database cannot be reached; serves alone')
    },
    again() {
      arrival = { phase: 'arriving', failures: 0, goal: null }
    },
    alone() {
      if (arrival.phase === 'arriving') arrive('there is no other database')
    },
  }
}

/** `false`: there is a gap. */
function takeChanges(ledger: Ledger, log: string, { changes }: Changes): boolean {
  for (const { position, record } of changes) {
    const held = ledger.held(log)
    if (position <= held) continue
    if (position > held + 1) return false
    ledger.apply(log, record, position)
  }
  return true
}

function takePart(ledger: Ledger, log: string, { records, last, position }: Snapshot): void {
  for (const record of records) ledger.apply(log, record, 0)
  if (last) ledger.apply(log, undefined, position)
}

function withSnapshot(arrival: Arrival): Arrival {
  if (arrival.phase === 'arrived' || arrival.goal === null) return arrival
  return { ...arrival, goal: { ...arrival.goal, whole: false } }
}

/** A database that comes with a log nobody has seen, though another of its was, has lost its past (RP3). */
function namePastLost(database: Database, appliance: string, log: string): void {
  const former = database.ledger.logsOf(appliance)
  if (former.length === 0 || former.includes(log)) return
  const held = former.map((name) => `${name} is held up to ${database.ledger.held(name)}`).join(', ')
  database.pastLost(appliance, `${appliance} came back without its past; what it had alone is lost: ${held}`)
}
