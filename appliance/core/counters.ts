/** What the metrics page counts; no ids, so that it stays small. */

export type Counters = {
  /** By outcome: `accepted`, a reason of rejection, `busy`, `unavailable`. */
  readonly logins: Map<string, number>
  readonly resumes: Map<string, number>
  /** Acknowledged changes, `both` or `one`. */
  readonly acknowledgements: Map<string, number>
}

export function createCounters(): Counters {
  return { logins: new Map(), resumes: new Map(), acknowledgements: new Map() }
}

export function countOne(counter: Map<string, number>, key: string): void {
  counter.set(key, (counter.get(key) ?? 0) + 1)
}
