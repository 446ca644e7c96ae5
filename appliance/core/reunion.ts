/**
 * Two databases that both served while they were apart meet again (RP6, RP8). Neither stops: those whom a database serves
 * would find their sessions unknown at the other, which does not have them yet. But the one that is not the first of the
 * topology takes in nobody else until it has what the other had when it connected; so whoever comes is always taken in
 * by one of the two.
 */
export type ReunionOptions = {
  /** Is this one not the first database of the topology? */
  readonly yields: () => boolean
  /** How far a log is held here. */
  readonly held: (log: string) => number
}

export class Reunion {
  private readonly options: ReunionOptions
  private goal: { readonly log: string; readonly position: number } | null = null

  constructor(options: ReunionOptions) {
    this.options = options
  }

  /** Is nobody new to be taken in? */
  get isOpen(): boolean {
    const { goal } = this
    return goal !== null && this.options.held(goal.log) < goal.position
  }

  /** The other database dialled in; its log ends at `position`. */
  met(log: string, position: number): void {
    this.goal = this.options.yields() ? { log, position } : null
  }

  /** The other cannot be reached, or what it pushes comes no more. */
  parted(): void {
    this.goal = null
  }
}
