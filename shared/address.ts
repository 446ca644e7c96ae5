/**
 * Addresses, ranges and route destinations (ST2, ST3, HS2, HS3): the one adapter of `ipaddr.js`.
 *
 * The library takes `1`, `127.1` and octal `010.1.1.1` for addresses, keeps the host bits of a CIDR and throws when an
 * IPv4-mapped address meets an IPv4 range. So IPv4 must be four-part decimal here, IPv4-mapped IPv6 becomes IPv4 at
 * once, and everything else is arithmetic on integers.
 */
import ipaddr from 'ipaddr.js'
import { assert } from '#shared/assert.ts'
import { type Result, fail, ok } from '#shared/result.ts'
import { type AddressRange } from '#shared/topology/model.ts'

type Family = 4 | 6

export type Address = {
  readonly family: Family
  readonly value: bigint
  /** Canonical: four-part decimal, or RFC 5952. */
  readonly text: string
}

/** Inclusive bounds of one family. */
export type CompiledRange = { readonly family: Family; readonly first: bigint; readonly last: bigint }

export type RouteDestination = CompiledRange & { readonly prefixLength: number }

const bits = { 4: 32, 6: 128 } as const
/** Length of `::ffff:0:0/96`, in which IPv6 carries IPv4. */
const mappedPrefixLength = 96

/** One address. The error says what is wrong with the text, down to the octet. */
export function parseAddress(text: string): Result<Address, string> {
  return text.includes(':') ? parseIpv6(text) : parseIpv4(text)
}

/** What is wrong with a range: its form, one of its addresses, its order, its families, its prefix length (ST3). */
export type RangeProblem = {
  readonly kind: 'form' | 'address' | 'order' | 'families' | 'prefix'
  readonly reason: string
}

/**
 * A range as the guide writes it (`172.16.8.0-172.16.10.255`, spaces and an en dash allowed), a CIDR or a single
 * address (ST2). Start after end and mixed families are refused (ST3), and so is a CIDR that has host bits: it may be
 * a typing error.
 */
export function readRange(text: string): Result<AddressRange, RangeProblem> {
  const [start, end, ...more] = text.split(/[-–]/u).map((part) => part.trim())
  if (more.length > 0) return fail({ kind: 'form', reason: 'a range has one start and one end' })
  if (end === undefined) return text.includes('/') ? readCidr(text.trim()) : readPair(text.trim(), text.trim())
  return readPair(start ?? '', end)
}

/** `readRange` for callers that only want the sentence. */
export function parseRange(text: string): Result<AddressRange, string> {
  const range = readRange(text)
  return range.ok ? range : fail(range.error.reason)
}

/** The bounds of a range that `parseRange` gave. */
export function compileRange(range: AddressRange): CompiledRange {
  const start = parseAddress(range.start)
  const end = parseAddress(range.end)
  assert(start.ok && end.ok && start.value.family === end.value.family, 'a range has two addresses of one family')
  assert(start.value.value <= end.value.value, 'a range starts before it ends')
  return { family: start.value.family, first: start.value.value, last: end.value.value }
}

/** `a-b`, or one address where both ends are the same. */
export function formatRange(range: AddressRange): string {
  return range.start === range.end ? range.start : `${range.start}-${range.end}`
}

export function rangeHolds(range: CompiledRange, address: Address): boolean {
  return range.family === address.family && range.first <= address.value && address.value <= range.last
}

/** Whether two ranges have an address in common (ST4; *touched* of HS2). */
export function rangesTouch(a: CompiledRange, b: CompiledRange): boolean {
  return a.family === b.family && a.first <= b.last && b.first <= a.last
}

/** How many addresses a range has. */
export function rangeSize(range: CompiledRange): bigint {
  return range.last - range.first + 1n
}

/** The address at `offset` from the start of a range; an offset beyond the end is a defect. */
export function addressAt(range: CompiledRange, offset: number): Address {
  const value = range.first + BigInt(offset)
  assert(offset >= 0 && value <= range.last, 'an offset lies inside its range')
  return fromValue(range.family, value)
}

/** A route destination `ADDRESS/LENGTH`. Host bits are dropped, as routing does. */
export function parseRouteDestination(text: string): Result<RouteDestination, string> {
  const parsed = parsePrefixed(text)
  if (!parsed.ok) return fail(parsed.error.reason)
  const { address, prefixLength } = parsed.value
  return ok({ ...block(address, prefixLength), prefixLength })
}

/** HS3: `0.0.0.0/0` and `::/0`, and the halves `0.0.0.0/1`, `128.0.0.0/1`, `::/1`, `8000::/1` that VPN clients set. */
export function isDefaultRoute(destination: RouteDestination): boolean {
  return destination.prefixLength <= 1
}

/** Bounds of a single address, for the questions below. */
export function singleAddress(address: Address): CompiledRange {
  return { family: address.family, first: address.value, last: address.value }
}

/** HS2: wholly inside `127.0.0.0/8` or `::1`. */
export function isLoopback(range: CompiledRange): boolean {
  return liesInside(range, '127.0.0.0/8', '::1/128')
}

/** HS2: wholly inside `169.254.0.0/16` or `fe80::/10`. */
export function isLinkLocal(range: CompiledRange): boolean {
  return liesInside(range, '169.254.0.0/16', 'fe80::/10')
}

/** HS2: wholly inside `224.0.0.0/4` or `ff00::/8`. */
export function isMulticast(range: CompiledRange): boolean {
  return liesInside(range, '224.0.0.0/4', 'ff00::/8')
}

function liesInside(range: CompiledRange, ...blocks: readonly string[]): boolean {
  return blocks.some((text) => {
    const outer = parseRouteDestination(text)
    assert(outer.ok, 'a known block is well formed')
    return outer.value.family === range.family && outer.value.first <= range.first && range.last <= outer.value.last
  })
}

function parseIpv4(text: string): Result<Address, string> {
  const problem = ipv4Problem(text)
  if (problem !== null) return fail(problem)
  return ok(fromValue(4, valueOf(ipaddr.IPv4.parse(text).toByteArray())))
}

/** What keeps `text` from being four-part decimal, or `null`. */
function ipv4Problem(text: string): string | null {
  if (text === '') return 'an address is missing'
  const octets = text.split('.')
  if (!/^[\d.]+$/u.test(text)) return `"${text}" is not an IP address`
  if (octets.length !== 4) return `an IPv4 address has four octets, "${text}" has ${octets.length}`
  for (const octet of octets) {
    if (octet === '') return `"${text}" has an empty octet`
    if (octet.length > 1 && octet.startsWith('0')) return `octet ${octet} of "${text}" has a leading zero`
    if (Number(octet) > 255) return `octet ${octet} of "${text}" is above 255`
  }
  return ipaddr.IPv4.isValidFourPartDecimal(text) ? null : `"${text}" is not an IPv4 address`
}

function parseIpv6(text: string): Result<Address, string> {
  if (text.includes('%')) return fail(`"${text}" has a zone; an address here has none`)
  const tail = text.slice(text.lastIndexOf(':') + 1)
  const tailProblem = /^[\d.]*\.[\d.]*$/u.test(tail) ? ipv4Problem(tail) : null
  if (tailProblem !== null) return fail(tailProblem)
  if (!ipaddr.IPv6.isValid(text)) return fail(`"${text}" is not an IPv6 address`)
  const parsed = ipaddr.IPv6.parse(text)
  if (parsed.isIPv4MappedAddress()) return ok(fromValue(4, valueOf(parsed.toIPv4Address().toByteArray())))
  return ok(fromValue(6, valueOf(parsed.toByteArray())))
}

function readPair(start: string, end: string): Result<AddressRange, RangeProblem> {
  const first = parseAddress(start)
  if (!first.ok) return fail({ kind: 'address', reason: first.error })
  const last = parseAddress(end)
  if (!last.ok) return fail({ kind: 'address', reason: last.error })
  if (first.value.family !== last.value.family) {
    return fail({
      kind: 'families',
      reason: `the start is IPv${first.value.family} and the end is IPv${last.value.family}`,
    })
  }
  if (first.value.value > last.value.value) {
    return fail({ kind: 'order', reason: `the start ${first.value.text} lies after the end ${last.value.text}` })
  }
  return ok({ start: first.value.text, end: last.value.text })
}

function readCidr(text: string): Result<AddressRange, RangeProblem> {
  const parsed = parsePrefixed(text)
  if (!parsed.ok) return parsed
  const { address, prefixLength } = parsed.value
  const { family, first, last } = block(address, prefixLength)
  const start = fromValue(family, first).text
  if (first !== address.value) {
    return fail({ kind: 'prefix', reason: `"${text}" has host bits; its network is ${start}/${prefixLength}` })
  }
  return ok({ start, end: fromValue(family, last).text })
}

/** `ADDRESS/LENGTH`; an IPv4-mapped one becomes IPv4 with the length that is left. */
function parsePrefixed(text: string): Result<{ address: Address; prefixLength: number }, RangeProblem> {
  const [host, length, ...more] = text.split('/')
  if (host === undefined || length === undefined || more.length > 0) {
    return fail({ kind: 'form', reason: `"${text}" is not ADDRESS/LENGTH` })
  }
  const address = parseAddress(host)
  if (!address.ok) return fail({ kind: 'address', reason: address.error })
  const mapped = address.value.family === 4 && host.includes(':')
  const max = mapped ? bits[6] : bits[address.value.family]
  const min = mapped ? mappedPrefixLength : 0
  const stated = /^(?:0|[1-9]\d{0,2})$/u.test(length) ? Number(length) : -1
  if (stated < min || stated > max) {
    return fail({ kind: 'prefix', reason: `prefix length "${length}" is not a number from ${min} to ${max}` })
  }
  return ok({ address: address.value, prefixLength: stated - min })
}

function block(address: Address, prefixLength: number): CompiledRange {
  const hostBits = BigInt(bits[address.family] - prefixLength)
  const first = (address.value >> hostBits) << hostBits
  return { family: address.family, first, last: first + (1n << hostBits) - 1n }
}

function valueOf(bytes: readonly number[]): bigint {
  return bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n)
}

function fromValue(family: Family, value: bigint): Address {
  const bytes = Array.from({ length: bits[family] / 8 }, (_, index) =>
    Number((value >> BigInt(bits[family] - 8 * (index + 1))) & 0xffn),
  )
  const text = family === 4 ? bytes.join('.') : new ipaddr.IPv6(bytes).toRFC5952String()
  return { family, value, text }
}
