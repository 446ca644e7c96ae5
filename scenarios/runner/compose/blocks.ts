/**
 * Blocks of IPv4 addresses as a network can have them (CIDR). A site's ranges are any pairs of addresses; networks are
 * aligned powers of two, so a range becomes one block that covers it, or the blocks that it consists of.
 */
import { assert } from '#shared/assert.ts'
import {
  type Address,
  addressAt,
  type CompiledRange,
  parseAddress,
  parseRouteDestination,
  rangeHolds,
  type RouteDestination,
} from '#shared/address.ts'

/** An aligned block; its first address is the network's, its last one the broadcast address. */
export type Block = RouteDestination

const bits = 32
const privateBlocks = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'].map(blockOf)

/** The block that `text` (`ADDRESS/LENGTH`) names; anything else is a defect. */
export function blockOf(text: string): Block {
  const block = parseRouteDestination(text)
  assert(block.ok && block.value.family === 4, `${text} is a block of IPv4 addresses`)
  return block.value
}

/** `ADDRESS/LENGTH`. */
export function blockText(block: Block): string {
  return `${addressAt(block, 0).text}/${block.prefixLength}`
}

/** The block of that prefix length that holds the first address of `range`. */
export function blockAround(range: CompiledRange, prefixLength: number): Block {
  const size = 1n << BigInt(bits - prefixLength)
  const first = (range.first / size) * size
  return { family: 4, first, last: first + size - 1n, prefixLength }
}

/** The smallest block that holds all of `range`. */
export function coverOf(range: CompiledRange): Block {
  for (let length = bits; length > 0; length -= 1) {
    const block = blockAround(range, length)
    if (block.last >= range.last) return block
  }
  return blockAround(range, 0)
}

/** The fewest blocks that hold exactly the addresses of `range`, in order. */
export function blocksOf(range: CompiledRange): Block[] {
  const blocks: Block[] = []
  for (let first = range.first; first <= range.last;) {
    let length = bits
    while (length > 0) {
      const wider = blockAround({ ...range, first }, length - 1)
      if (wider.first !== first || wider.last > range.last) break
      length -= 1
    }
    const block = blockAround({ ...range, first }, length)
    blocks.push(block)
    first = block.last + 1n
  }
  return blocks
}

/** RFC 1918: addresses that nobody outside answers for. */
export function isPrivate(address: Address): boolean {
  return privateBlocks.some((block) => rangeHolds(block, address))
}

/** Whether a host in the network `block` can have that address: the first and the last are not for hosts. */
export function canBeGiven(block: Block, address: string): boolean {
  const parsed = ipv4Of(address)
  return parsed !== undefined && block.first < parsed.value && parsed.value < block.last
}

/** The IPv4 address that `text` is, or `undefined`. */
export function ipv4Of(text: string): Address | undefined {
  const address = parseAddress(text)
  return address.ok && address.value.family === 4 ? address.value : undefined
}

/** The `count` highest addresses of a block that hosts can have and that are not `taken`; `undefined`: not so many. */
export function highestFree(block: Block, taken: ReadonlySet<string>, count: number): string[] | undefined {
  const found: string[] = []
  const hosts = Number(block.last - block.first) - 1
  for (let offset = hosts; offset >= 1 && found.length < count; offset -= 1) {
    const { text } = addressAt(block, offset)
    if (!taken.has(text)) found.push(text)
  }
  return found.length === count ? found : undefined
}

/** The lowest address from `offset` on that is not `taken`; `undefined`: the block is full. */
export function lowestFree(block: Block, taken: ReadonlySet<string>, offset: number): string | undefined {
  for (let at = offset; at < Number(block.last - block.first); at += 1) {
    const { text } = addressAt(block, at)
    if (!taken.has(text)) return text
  }
  return undefined
}
