/** ST4: ranges that overlap across sites; the first site in topology order wins. */
import { type CompiledRange, compileRange, formatRange, rangesTouch } from '#shared/address.ts'
import { type Site } from '#shared/topology/model.ts'
import { type Finding } from '#shared/topology/problems.ts'

/** Beyond this many the file needs another look as a whole. */
const overlapsMax = 100

type Placed = { readonly compiled: CompiledRange; readonly text: string; readonly site: number; readonly index: number }

export function adviseRanges(sites: readonly Site[]): readonly Finding[] {
  const placed: readonly Placed[] = sites.flatMap((site, siteIndex) =>
    site.ranges.map((range, index) => ({
      compiled: compileRange(range),
      text: formatRange(range),
      site: siteIndex,
      index,
    })),
  )
  return overlaps(placed).map(([winner, loser]) => {
    const [first, second] = [sites[winner.site]?.name, sites[loser.site]?.name]
    return {
      code: 'ranges-overlap',
      rule: 'ST4',
      path: ['sites', loser.site, 'ranges', loser.index],
      text: `${loser.text} of ${second} overlaps ${winner.text} of ${first}; where both hold an address, ${first} wins`,
      remedy: 'give each address to one site',
    }
  })
}

/** Pairs of different sites, the earlier site first. In order of start, so that each range meets only those still open. */
function overlaps(placed: readonly Placed[]): readonly (readonly [Placed, Placed])[] {
  const byStart = placed.toSorted(
    (a, b) => a.compiled.family - b.compiled.family || compare(a.compiled.first, b.compiled.first),
  )
  const pairs: (readonly [Placed, Placed])[] = []
  let open: readonly Placed[] = []
  for (const next of byStart) {
    open = open.filter((earlier) => rangesTouch(earlier.compiled, next.compiled))
    for (const earlier of open.filter(({ site }) => site !== next.site)) {
      if (pairs.length === overlapsMax) return pairs
      pairs.push(earlier.site < next.site ? [earlier, next] : [next, earlier])
    }
    open = [...open, next]
  }
  return pairs
}

function compare(a: bigint, b: bigint): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
