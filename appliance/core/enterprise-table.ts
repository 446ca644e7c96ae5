/**
 * Enterprise data of a database (RP1): what the configuration says, and every change since, here or elsewhere. A deleted
 * record stays as its deletion, so that an older change cannot bring it back.
 */
import { type ContentHash } from './content-hash.ts'
import { type FieldReports } from './field-reports.ts'
import { changeRecord, mergeData } from './merge-data.ts'
import { type Stamps } from './stamps.ts'
import { dataKey } from './store.ts'
import {
  type DataChange,
  type EnterpriseKind,
  type EnterpriseRecord,
  type RecordOf,
} from '#shared/wire/enterprise-data.schema.ts'
import { type Stamp } from '#shared/wire/peer-link.schema.ts'

export type EnterpriseTableOptions = {
  /** By the configuration; every change is later. */
  readonly initial: readonly EnterpriseRecord[]
  readonly content: ContentHash
  readonly stamps: Stamps
  readonly reports: FieldReports
}

export class EnterpriseTable {
  private readonly options: EnterpriseTableOptions
  private readonly records = new Map<string, EnterpriseRecord>()
  private readonly byKind = new Map<EnterpriseKind, Map<string, EnterpriseRecord>>()
  private readonly configured: ReadonlySet<string>

  constructor(options: EnterpriseTableOptions) {
    this.options = options
    this.configured = new Set(options.initial.map(({ kind, key }) => dataKey(kind, key)))
    for (const record of options.initial) this.keep(record)
  }

  /** Keys as a store has them. */
  keys(): Iterable<string> {
    return this.records.keys()
  }

  at(key: string): EnterpriseRecord | undefined {
    return this.records.get(key)
  }

  /** `undefined` where there is none, and where it was deleted and nothing set since. */
  find<Kind extends EnterpriseKind>(kind: Kind, key: string): RecordOf<Kind> | undefined {
    const record = this.byKind.get(kind)?.get(key) as RecordOf<Kind> | undefined
    return record === undefined || isGone(record) ? undefined : record
  }

  /** In the order in which each was first kept. */
  *list<Kind extends EnterpriseKind>(kind: Kind): Iterable<RecordOf<Kind>> {
    for (const record of this.byKind.get(kind)?.values() ?? []) {
      if (!isGone(record)) yield record as RecordOf<Kind>
    }
  }

  /** The record after that change, made here; it is kept. */
  change(change: DataChange, stamp: Stamp): EnterpriseRecord {
    const changed = changeRecord(this.at(dataKey(change.kind, change.key)), change, stamp)
    this.keep(changed)
    return changed
  }

  /** What the store has. What nobody has changed since is as the configuration says now. */
  restore(record: EnterpriseRecord): void {
    if (!this.configured.has(dataKey(record.kind, record.key))) {
      this.merge(record)
      return
    }
    const since = Object.entries(record.fields).filter(([, field]) => field.change > 0)
    this.merge({ ...record, fields: Object.fromEntries(since) })
  }

  /** Takes a version from elsewhere. Returns what is kept now; `null` where nothing is new. */
  merge(record: EnterpriseRecord): EnterpriseRecord | null {
    const { stamps, reports } = this.options
    for (const { stamp } of Object.values(record.fields)) stamps.observe(stamp)
    if (record.deleted !== undefined) stamps.observe(record.deleted.stamp)
    const known = this.at(dataKey(record.kind, record.key))
    if (known !== undefined) reports.meet(known, record)
    const merged = known === undefined ? record : mergeData(known, record)
    if (merged === known) return null
    this.keep(merged)
    return merged
  }

  private keep(record: EnterpriseRecord): void {
    const { content } = this.options
    const key = dataKey(record.kind, record.key)
    const before = this.records.get(key)
    if (before !== undefined) content.remove({ kind: 'data', value: before })
    content.add({ kind: 'data', value: record })
    this.records.set(key, record)
    const ofKind = this.byKind.get(record.kind) ?? new Map<string, EnterpriseRecord>()
    this.byKind.set(record.kind, ofKind.set(record.key, record))
  }
}

function isGone({ fields }: EnterpriseRecord): boolean {
  return Object.keys(fields).length === 0
}
