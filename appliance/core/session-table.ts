/** The sessions of a database, by id; ended ones stay, so that they cannot come back (SE1). */
import { type ContentHash } from './content-hash.ts'
import { type MergeReports } from './merge-reports.ts'
import { mergeSession } from './merge.ts'
import { type Stamps } from './stamps.ts'
import { type SessionRecord } from '#shared/wire/peer-link.schema.ts'

export type SessionTableOptions = {
  readonly content: ContentHash
  readonly stamps: Stamps
  readonly reports: MergeReports
  /** The session was served by `from`, and is not any more. */
  readonly left: (session: string, from: string) => void
}

export class SessionTable {
  private readonly options: SessionTableOptions
  private readonly records = new Map<string, SessionRecord>()
  private open = 0

  constructor(options: SessionTableOptions) {
    this.options = options
  }

  get all(): ReadonlyMap<string, SessionRecord> {
    return this.records
  }

  /** Sessions that have not ended. */
  get openCount(): number {
    return this.open
  }

  /** Takes a version from elsewhere, and returns what is kept now. */
  merge(session: SessionRecord): SessionRecord {
    const { stamps, reports } = this.options
    stamps.observe(session.stamp)
    const known = this.records.get(session.session)
    if (known !== undefined) reports.meet(known, session)
    const merged = known === undefined ? session : mergeSession(known, session)
    this.keep(merged)
    return merged
  }

  keep(session: SessionRecord): void {
    const { content, left } = this.options
    const before = this.records.get(session.session)
    if (before !== undefined) content.remove({ kind: 'session', value: before })
    content.add({ kind: 'session', value: session })
    this.records.set(session.session, session)
    this.open += openCount(session) - openCount(before)
    if (before === undefined || before.state === 'ended') return
    const leaves = before.appliance !== session.appliance || session.state === 'ended'
    if (leaves) left(session.session, before.appliance)
  }
}

function openCount(session: SessionRecord | undefined): number {
  return session === undefined || session.state === 'ended' ? 0 : 1
}
