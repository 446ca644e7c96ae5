/**
 * The merge of two versions of a record of enterprise data: field by field, the latest change stays, and a deletion takes
 * every field with it that is not later (RP5). A record whose fields are all gone is deleted; one that was changed after
 * its deletion has what was set since, and nothing of before. It is a union of maxima, so it does not matter in which order,
 * how often, or on which database versions meet.
 */
import { compareStamps, mergeMade } from './merge.ts'
import { type DataChange, type EnterpriseKind, type EnterpriseRecord } from '#shared/wire/enterprise-data.schema.ts'
import { type Stamp } from '#shared/wire/peer-link.schema.ts'

/** A change of a record: when, and the how manieth of its origin. */
export type Changed = { readonly stamp: Stamp; readonly change: number }
type Field = Changed & { readonly value: unknown }
type Fields = Readonly<Record<string, Field>>

/** Before every change that anybody makes: what the configuration says. */
const initially: Changed = { stamp: { wallMs: 0, counter: 0, origin: 'configuration' }, change: 0 }

/** A record as the configuration has it; every change is later. */
export function initialRecord(change: DataChange): EnterpriseRecord {
  return build(change, { key: change.key, fields: dated(change, initially), made: {} })
}

/** The record after a change made by `stamp.origin`, which knew `known`. */
export function changeRecord(known: EnterpriseRecord | undefined, change: DataChange, stamp: Stamp): EnterpriseRecord {
  const count = (known?.made[stamp.origin] ?? 0) + 1
  const made = { ...known?.made, [stamp.origin]: count }
  const now: Changed = { stamp, change: count }
  const { key } = change
  if (change.fields === null) return build(change, { key, fields: {}, deleted: now, made })
  const deleted = known?.deleted === undefined ? {} : { deleted: known.deleted }
  return build(change, { key, fields: { ...known?.fields, ...dated(change, now) }, ...deleted, made })
}

/** Both are versions of one record. Returns `a` itself where `b` brings nothing new. */
export function mergeData(a: EnterpriseRecord, b: EnterpriseRecord): EnterpriseRecord {
  const deleted = later(a.deleted, b.deleted)
  const [ours, theirs] = [fieldsOf(a), fieldsOf(b)]
  const fields: Record<string, Field> = {}
  for (const name of new Set([...Object.keys(ours), ...Object.keys(theirs)])) {
    const field = later(ours[name], theirs[name])
    if (field !== undefined && isAfter(field, deleted)) fields[name] = field
  }
  const made = mergeMade(a.made, b.made)
  const names = Object.keys(fields)
  const isSame =
    deleted === a.deleted &&
    names.length === Object.keys(ours).length &&
    names.every((name) => fields[name] === ours[name]) &&
    Object.entries(made).every(([origin, count]) => a.made[origin] === count)
  return isSame ? a : build(a, { key: a.key, fields, ...(deleted === undefined ? {} : { deleted }), made })
}

/** What the two sides of a partition made of one field; `deletes`: its side deleted the record instead. */
export type Apart = {
  readonly field: string
  readonly here: Side
  readonly there: Side
  readonly stays: 'here' | 'there'
}
export type Side = Changed & { readonly deletes: boolean }

/** The fields that both sides changed, neither knowing of the other's change (RP8). */
export function findApart(held: EnterpriseRecord, came: EnterpriseRecord): readonly Apart[] {
  const [ours, theirs] = [fieldsOf(held), fieldsOf(came)]
  const apart: Apart[] = []
  for (const field of new Set([...Object.keys(ours), ...Object.keys(theirs)])) {
    const here = unknownTo(came, latest(ours[field], held.deleted))
    const there = unknownTo(held, latest(theirs[field], came.deleted))
    if (here === undefined || there === undefined || (here.deletes && there.deletes)) continue
    apart.push({ field, here, there, stays: compareStamps(here.stamp, there.stamp) > 0 ? 'here' : 'there' })
  }
  return apart
}

function latest(field: Field | undefined, deleted: Changed | undefined): Side | undefined {
  if (field !== undefined) return { ...field, deletes: false }
  return deleted === undefined ? undefined : { ...deleted, deletes: true }
}

function unknownTo({ made }: EnterpriseRecord, side: Side | undefined): Side | undefined {
  return side !== undefined && side.change > (made[side.stamp.origin] ?? 0) ? side : undefined
}

/** `a` unless `b` is later. Only what two configurations say has one stamp and two values; then the value decides. */
function later<One extends Changed & { readonly value?: unknown }>(
  a: One | undefined,
  b: One | undefined,
): One | undefined {
  if (a === undefined || b === undefined) return a ?? b
  const order = compareStamps(a.stamp, b.stamp)
  if (order !== 0) return order > 0 ? a : b
  return (JSON.stringify(b.value) ?? '') > (JSON.stringify(a.value) ?? '') ? b : a
}

function isAfter(field: Field, deleted: Changed | undefined): boolean {
  return deleted === undefined || compareStamps(field.stamp, deleted.stamp) > 0
}

function fieldsOf(record: EnterpriseRecord): Fields {
  return record.fields
}

function dated({ fields }: DataChange, changed: Changed): Fields {
  const given = Object.entries(fields ?? {}).filter(([, value]) => value !== undefined)
  return Object.fromEntries(given.map(([name, value]) => [name, { value, ...changed }]))
}

type Body = {
  readonly key: string
  readonly fields: Fields
  readonly deleted?: Changed
  readonly made: EnterpriseRecord['made']
}

/** The law is the same for every kind, so here alone the fields of a kind are taken for what they are. */
function build({ kind }: { readonly kind: EnterpriseKind }, body: Body): EnterpriseRecord {
  return { kind, ...body }
}
