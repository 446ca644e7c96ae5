/** The known word that a mistyped one most likely meant. */

/** More edits than this share of the word, and the two have little to do with each other. */
const editsShareMax = 0.4
/** Longer words are not compared: the work grows with the product of the lengths. */
const wordLengthMax = 64
const listedMax = 12

/** The closest of `known`, or `undefined` when none is close. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  if (word.length > wordLengthMax) return undefined
  const ranked = known
    .filter((candidate) => candidate.length <= wordLengthMax)
    .map((candidate) => ({ candidate, edits: editDistance(word.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ candidate, edits }) => edits <= Math.max(word.length, candidate.length) * editsShareMax)
  return ranked.sort((a, b) => a.edits - b.edits)[0]?.candidate
}

/** What to write instead: the close one, or the list of what is known. */
export function suggest(word: string, known: readonly string[]): string {
  const close = nearest(word, known)
  if (close !== undefined) return `did you mean "${close}"?`
  const more = known.length > listedMax ? ` and ${known.length - listedMax} more` : ''
  return `choose one of ${known.slice(0, listedMax).join(', ')}${more}`
}

/** Levenshtein distance with an adjacent swap counted as one edit. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row]
    for (let column = 1; column <= b.length; column += 1) {
      const same = a[row - 1] === b[column - 1]
      const replaced = (last[column - 1] ?? 0) + (same ? 0 : 1)
      const swapped =
        a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]
          ? (beforeLast[column - 2] ?? Infinity) + 1
          : Infinity
      current.push(Math.min(replaced, swapped, (last[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1))
    }
    beforeLast = last
    last = current
  }
  return last[b.length] ?? 0
}
