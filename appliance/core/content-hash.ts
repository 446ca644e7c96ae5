/**
 * One number for all that a database holds, kept up change by change and the same whatever the order (RP7). It shows
 * that two databases differ by mistake; it does not withstand somebody who wants two contents to look alike.
 */
import { type StoredRecord } from '#shared/wire/peer-link.schema.ts'

export class ContentHash {
  private low = 0
  private high = 0

  add(record: StoredRecord): void {
    this.mix(record, 1)
  }

  /** Takes away what was added, field by field the same. */
  remove(record: StoredRecord): void {
    this.mix(record, -1)
  }

  /** 16 digits of lower-case hex; all zero for nothing. */
  get text(): string {
    return hex(this.high) + hex(this.low)
  }

  private mix(record: StoredRecord, sign: 1 | -1): void {
    const [low, high] = digest(content(record))
    this.low = (this.low + sign * low) >>> 0
    this.high = (this.high + sign * high) >>> 0
  }
}

/** Equal for records of equal content, whatever the order of their fields. */
function content({ kind, value }: StoredRecord): string {
  if (kind === 'audit') {
    const { by, source, incarnation, seq, atMs, user, agent, session, appliance, detail } = value
    return JSON.stringify([by, source, incarnation, seq, atMs, value.kind, user, agent, session, appliance, detail])
  }
  if (kind === 'data')
    return JSON.stringify([value.kind, value.key, ordered([value.fields, value.deleted, value.made])])
  const { session, user, agent, appliance, state, paused, tickets, stamp, made } = value
  const counts = Object.entries(made).sort(([a], [b]) => (a < b ? -1 : 1))
  const { wallMs, counter, origin } = stamp
  return JSON.stringify([session, user, agent, appliance, state, paused, tickets, wallMs, counter, origin, counts])
}

/** Objects as sorted lists of what they hold, at every depth. */
function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return entries.map(([name, held]) => [name, ordered(held)])
}

/** Two lanes of 32 bits: multiply and xor character by character, then mix the lanes into each other (as cyrb53). */
function digest(text: string): readonly [low: number, high: number] {
  let low = 0xdeadbeef
  let high = 0x41c6ce57
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index)
    low = Math.imul(low ^ code, 0x9e3779b1)
    high = Math.imul(high ^ code, 0x5f356495)
  }
  const stirred = Math.imul(low ^ (low >>> 16), 0x85ebca6b) ^ Math.imul(high ^ (high >>> 13), 0xc2b2ae35)
  const other = Math.imul(high ^ (high >>> 16), 0x85ebca6b) ^ Math.imul(low ^ (low >>> 13), 0xc2b2ae35)
  return [stirred >>> 0, other >>> 0]
}

function hex(lane: number): string {
  return lane.toString(16).padStart(8, '0')
}
