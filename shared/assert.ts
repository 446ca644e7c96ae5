/** Invariants. A failed one is a defect: only a `main.ts` sees it, logs the last events and exits 70. */

export class Defect extends Error {
  override readonly name = 'Defect'
}

/** Throws a `Defect` unless `condition` holds; `invariant` states what should have been true. */
export function assert(condition: boolean, invariant: string): asserts condition {
  if (!condition) throw new Defect(invariant)
}

/** The end of an exhaustive `switch`. */
export function assertNever(value: never): never {
  throw new Defect(`unexpected value ${JSON.stringify(value)}`)
}
