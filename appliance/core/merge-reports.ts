/**
 * What the merge law decided between changes that two databases made apart (RP8): record by record, both versions, the
 * one that stays, and why. Each session is named once, with the last that either side made of it apart.
 */
import { type Emit } from './events.ts'
import { compareStamps, isApart, isLater } from './merge.ts'
import { type SessionRecord } from '#shared/wire/peer-link.schema.ts'

/** Sessions whose merge is remembered; the oldest report goes first. */
const reportsMax = 1_000

type Version = {
  /** The database that made it. */
  readonly database: string
  readonly state: SessionRecord['state']
  readonly appliance: string
  /** Unix ms by the clock of that database. */
  readonly atMs: number
}

export type MergeReport = {
  readonly session: string
  readonly user: string
  readonly agent: string
  readonly here: Version
  readonly there: Version
  readonly stays: 'here' | 'there'
  readonly why: string
}

type Pair = { readonly here: SessionRecord; readonly there: SessionRecord }

export class MergeReports {
  private readonly emit: Emit
  private readonly origin: string
  private readonly pairs = new Map<string, Pair>()

  constructor(origin: string, emit: Emit) {
    this.origin = origin
    this.emit = emit
  }

  get all(): readonly MergeReport[] {
    return [...this.pairs.values()].map(report)
  }

  /** A version from elsewhere meets the one that is held. Nothing is reported unless the two were made apart. */
  meet(held: SessionRecord, came: SessionRecord): void {
    if (!isApart(held, came)) return
    const known = this.pairs.get(came.session)
    // Once merged, what is held may be an earlier version of the other side; the one made here is remembered.
    const here = known === undefined || held.stamp.origin === this.origin ? held : known.here
    const there = known === undefined || compareStamps(came.stamp, known.there.stamp) > 0 ? came : known.there
    this.pairs.delete(came.session)
    this.pairs.set(came.session, { here, there })
    this.trim()
    const { session, here: ours, there: theirs, stays, why } = report({ here, there })
    const text = `session ${session} was changed apart: ${ours.state} here, ${theirs.state} on ${theirs.database}; what was made ${stays} stays: ${why}`
    this.emit({ type: 'note', kind: 'merge.apart', level: 'warn', rules: ['RP8'], text, data: { session, stays, why } })
  }

  private trim(): void {
    const [oldest] = this.pairs.keys()
    if (this.pairs.size > reportsMax && oldest !== undefined) this.pairs.delete(oldest)
  }
}

function report({ here, there }: Pair): MergeReport {
  const { session, user, agent } = here
  const stays = isLater(here, there) ? 'here' : 'there'
  const why =
    here.state !== there.state && [here, there].some(({ state }) => state === 'ended')
      ? 'ended is final'
      : 'the later change'
  return { session, user, agent, here: version(here), there: version(there), stays, why }
}

function version({ state, appliance, stamp }: SessionRecord): Version {
  return { database: stamp.origin, state, appliance, atMs: stamp.wallMs }
}
