/**
 * The networks of a lab of containers, and everybody's place on them.
 *
 * *Real*: the networks are the inhabited blocks of the sites' own ranges, every host has the address of the enterprise
 * file, and agents read their own interfaces and routes (HS1, HS2). *Declared*: one private network a site, and agents
 * are told the addresses of the file as in a lab of processes; for enterprises whose addresses no container may have.
 */
import { type CompiledRange, compileRange, rangesTouch, singleAddress } from '#shared/address.ts'
import { assert } from '#shared/assert.ts'
import { type SiteId } from '#shared/ids.ts'
import { type Enterprise } from '#shared/topology/model.ts'
import { WrongUsage } from '../outcome.ts'
import {
  type Block,
  blockAround,
  blockOf,
  blocksOf,
  blockText,
  canBeGiven,
  coverOf,
  highestFree,
  ipv4Of,
  isPrivate,
  lowestFree,
} from './blocks.ts'
import { type Resident, residentsOf } from './residents.ts'

export type Place = { readonly block: Block; readonly address: string }
export type SiteNetwork = {
  readonly block: Block
  /** Whose hosts are on it; `null`: hosts of no site. */
  readonly site: SiteId | null
  /** Addresses of it for the engine, for Toxiproxy and for the lab's own container. */
  readonly spare: readonly [gateway: string, toxiproxy: string, lab: string]
}

export type Addressing = {
  readonly kind: 'real' | 'declared'
  /** Why not *real*; one sentence each. */
  readonly reasons: readonly string[]
  readonly residents: readonly Resident[]
  readonly networks: readonly SiteNetwork[]
  /** By the key of the resident. */
  readonly places: ReadonlyMap<string, Place>
  /** A private /24 of the lab's own that no host of the enterprise is in; number 0 to 255. */
  readonly own: (number: number) => Block
}

/** Wider blocks of a site are narrowed to the /24s that are used: a network of thousands of addresses helps nobody. */
const widestPrefix = 20
const narrowPrefix = 24
const spares = 3
/** Own networks for sites are numbered from 1; 0 and 255 are the wide area network and the doors. */
const ownSitesMax = 254
/** Where hosts of own networks begin. */
const ownHostsFrom = 11

/** *Real* wherever every address of the enterprise can be given to a container. */
export function addressingOf(enterprise: Enterprise): Addressing {
  const blocks = siteBlocks(enterprise)
  const residents = residentsOf(enterprise, blocks)
  const own = ownBlocks(enterprise, residents)
  const reasons = [...overlaps(enterprise), ...unfit(enterprise, residents)]
  if (reasons.length === 0) {
    const real = placeReal(enterprise, residents, blocks, own)
    if (typeof real !== 'string') return { kind: 'real', reasons: [], residents, ...real, own }
    reasons.push(real)
  }
  const undivided = residentsOf(enterprise, [])
  return { kind: 'declared', reasons, residents: undivided, ...placeDeclared(undivided, own), own }
}

type Placed = Pick<Addressing, 'networks' | 'places'>

function rangesOf({ topology }: Enterprise): { readonly site: SiteId; readonly range: CompiledRange }[] {
  return topology.sites.flatMap(({ id, ranges }) => ranges.map((range) => ({ site: id, range: compileRange(range) })))
}

function overlaps(enterprise: Enterprise): string[] {
  const ranges = rangesOf(enterprise)
  return ranges.flatMap((one, index) =>
    ranges
      .slice(index + 1)
      .filter((other) => other.site !== one.site && rangesTouch(one.range, other.range))
      .map((other) => `ranges of ${one.site} and ${other.site} overlap`),
  )
}

function unfit({ workstations }: Enterprise, residents: readonly Resident[]): string[] {
  const seen = new Set<string>()
  const stated = residents.flatMap(({ key, address }) => (address === undefined ? [] : [{ key, address }]))
  const twice = stated.filter(({ address }) => seen.size === seen.add(address).size)
  return [
    ...stated.flatMap(({ key, address }) => {
      const ipv4 = ipv4Of(address)
      if (ipv4 === undefined) return [`${address} of ${key} is IPv6`]
      return isPrivate(ipv4) ? [] : [`${address} of ${key} is not private`]
    }),
    ...twice.map(({ key, address }) => `${address} of ${key} is another's too`),
    ...workstations.flatMap(({ id, network }) =>
      (network?.addresses.length ?? 0) > 1 ? [`workstation ${id} has several addresses`] : [],
    ),
  ]
}

/** The blocks of every range: one that covers it where that takes in nobody else, else those it consists of. */
function siteBlocks(enterprise: Enterprise): Block[] {
  const ranges = rangesOf(enterprise).filter(({ range }) => range.family === 4)
  const residents = residentsOf(enterprise, []).flatMap(({ address }) => ipv4Of(address ?? '') ?? [])
  return ranges.flatMap(({ range }) => {
    const cover = coverOf(range)
    const isAlone =
      cover.prefixLength >= widestPrefix &&
      ranges.every((other) => other.range === range || !rangesTouch(cover, other.range)) &&
      residents.every((one) => !rangesTouch(cover, singleAddress(one)) || rangesTouch(range, singleAddress(one)))
    return isAlone ? [cover] : blocksOf(range)
  })
}

/** A sentence where it cannot be done. */
function placeReal(
  enterprise: Enterprise,
  residents: readonly Resident[],
  blocks: readonly Block[],
  own: (number: number) => Block,
): Placed | string {
  const ranges = rangesOf(enterprise)
  const places = new Map<string, Place>()
  const used = new Map<string, { readonly block: Block; readonly site: SiteId | null }>()
  for (const { key, address } of residents) {
    const ipv4 = ipv4Of(address ?? '')
    if (ipv4 === undefined || address === undefined) continue
    const single = singleAddress(ipv4)
    const held = blocks.find((block) => rangesTouch(block, single))
    const block = held === undefined ? outside(single, ranges) : narrowed(held, single)
    if (!canBeGiven(block, address)) return `${address} of ${key} is no address for a host of ${blockText(block)}`
    places.set(key, { block, address })
    const owner = ranges.find(({ range }) => rangesTouch(block, range))?.site ?? null
    if (!used.has(blockText(block))) used.set(blockText(block), { block, site: held === undefined ? null : owner })
  }
  let next = 1
  for (const { key, address, site } of residents) {
    if (address !== undefined) continue
    const home = [...used.values()].find((network) => site !== null && network.site === site)
    const block = home?.block ?? own(next++)
    used.set(blockText(block), { block, site })
    const free = lowestFree(block, takenIn(places), ownHostsFrom)
    if (free === undefined) return `${blockText(block)} has no address left for ${key}`
    places.set(key, { block, address: free })
  }
  return withSpares([...used.values()], places) ?? 'a network has no room for the lab beside its hosts'
}

/** The widest block of a /24 around an address in no range that touches none. */
function outside(address: CompiledRange, ranges: readonly { readonly range: CompiledRange }[]): Block {
  for (let length = narrowPrefix; ; length += 1) {
    const block = blockAround(address, length)
    if (length === 32 || ranges.every(({ range }) => !rangesTouch(block, range))) return block
  }
}

function narrowed(block: Block, address: CompiledRange): Block {
  return block.prefixLength >= widestPrefix ? block : blockAround(address, narrowPrefix)
}

/** One network of the lab's own for each site that has hosts, and one for hosts of no site. */
function placeDeclared(residents: readonly Resident[], own: (number: number) => Block): Placed {
  const sites = [...new Set(residents.map(({ site }) => site))]
  if (sites.length > ownSitesMax)
    throw new WrongUsage(`containers: ${sites.length} sites, at most ${ownSitesMax} can be`)
  const places = new Map<string, Place>()
  const networks = sites.map((site, index) => ({ site, block: own(index + 1) }))
  for (const { site, block } of networks) {
    for (const { key } of residents.filter((resident) => resident.site === site)) {
      const address = lowestFree(block, takenIn(places), ownHostsFrom)
      if (address === undefined)
        throw new WrongUsage(`containers: a site has more than the hosts of ${blockText(block)}`)
      places.set(key, { block, address })
    }
  }
  const placed = withSpares(networks, places)
  if (placed === undefined) throw new WrongUsage('containers: a site has more hosts than a network of 254')
  return placed
}

function withSpares(
  networks: readonly { readonly block: Block; readonly site: SiteId | null }[],
  places: ReadonlyMap<string, Place>,
): Placed | undefined {
  const taken = takenIn(places)
  const made = networks.map(({ block, site }) => {
    const free = highestFree(block, taken, spares)
    const [gateway, toxiproxy, lab] = free ?? []
    if (gateway === undefined || toxiproxy === undefined || lab === undefined) return undefined
    return { block, site, spare: [gateway, toxiproxy, lab] as const }
  })
  const whole = made.flatMap((network) => network ?? [])
  if (whole.length < made.length) return undefined
  return { networks: whole.toSorted((a, b) => (a.block.first < b.block.first ? -1 : 1)), places }
}

function takenIn(places: ReadonlyMap<string, Place>): ReadonlySet<string> {
  return new Set([...places.values()].map(({ address }) => address))
}

/** The first of 10.93.0.0/16, 10.94.0.0/16 … that no range and no host of the enterprise is in. */
function ownBlocks(enterprise: Enterprise, residents: readonly Resident[]): (number: number) => Block {
  const theirs = [
    ...rangesOf(enterprise).map(({ range }) => range),
    ...residents.flatMap(({ address }) => {
      const ipv4 = ipv4Of(address ?? '')
      return ipv4 === undefined ? [] : [singleAddress(ipv4)]
    }),
  ]
  // A range as wide as 10.0.0.0/8 leaves the third private block.
  const bases = [...Array.from({ length: 163 }, (_, index) => `10.${93 + index}`), '192.168', '172.31']
  const base = bases.find((one) => theirs.every((range) => !rangesTouch(blockOf(`${one}.0.0/16`), range)))
  if (base === undefined) throw new WrongUsage('containers: the ranges leave no private /16 for the lab itself')
  return (number) => {
    assert(number >= 0 && number <= 255, 'a network of the lab has a number from 0 to 255')
    return blockOf(`${base}.${number}.0/24`)
  }
}
