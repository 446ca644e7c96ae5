/**
 * What the merge law decided between changes of enterprise data that two databases made apart (RP8): field by field, who
 * changed it on either side, and whose change stays. What the fields hold is not told: some are secrets (SC2).
 */
import { type Emit } from './events.ts'
import { findApart, type Side } from './merge-data.ts'
import { type EnterpriseKind, type EnterpriseRecord } from '#shared/wire/enterprise-data.schema.ts'

/** Fields whose merge is remembered; the oldest report goes first. */
const reportsMax = 1_000

type Version = {
  /** The database that made it. */
  readonly database: string
  readonly what: 'set' | 'deleted'
  /** Unix ms by the clock of that database. */
  readonly atMs: number
}

export type FieldReport = {
  readonly kind: EnterpriseKind
  readonly key: string
  readonly field: string
  readonly here: Version
  readonly there: Version
  readonly stays: 'here' | 'there'
  readonly why: 'the later change'
}

export class FieldReports {
  private readonly emit: Emit
  private readonly reports = new Map<string, FieldReport>()

  constructor(emit: Emit) {
    this.emit = emit
  }

  get all(): readonly FieldReport[] {
    return [...this.reports.values()]
  }

  /** A version from elsewhere meets the one that is held. Nothing is reported unless both changed one field apart. */
  meet(held: EnterpriseRecord, came: EnterpriseRecord): void {
    const { kind, key } = held
    for (const { field, here, there, stays } of findApart(held, came)) {
      const report: FieldReport = {
        kind,
        key,
        field,
        here: version(here),
        there: version(there),
        stays,
        why: 'the later change',
      }
      const name = JSON.stringify([kind, key, field])
      this.reports.delete(name)
      this.reports.set(name, report)
      this.trim()
      const text = `${field} of ${kind} ${key} was changed apart: ${report.here.what} here, ${report.there.what} on ${report.there.database}; what was made ${stays} stays: it is later`
      const data = { recordKind: kind, key, field, stays }
      this.emit({ type: 'note', kind: 'merge.apart', level: 'warn', rules: ['RP8'], text, data })
    }
  }

  private trim(): void {
    const [oldest] = this.reports.keys()
    if (this.reports.size > reportsMax && oldest !== undefined) this.reports.delete(oldest)
  }
}

function version({ stamp, deletes }: Side): Version {
  return { database: stamp.origin, what: deletes ? 'deleted' : 'set', atMs: stamp.wallMs }
}
