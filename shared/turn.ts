/**
 * The turn loop that every process runs: drain what has arrived, step the core, make everything it wants persisted one
 * commit, then perform the rest in order. *Persist, then send*: nobody hears of what a crash can undo, and a burst costs
 * one commit. Shells and the simulation implement the ports; the loop is the same.
 */
import { type Clock, type Instant } from '#shared/clock.ts'
import { assert } from '#shared/assert.ts'

export type TurnPorts<Event, Effect> = {
  readonly clock: Clock
  /** The core: one event to its effects. */
  readonly step: (event: Event, now: Instant) => readonly Effect[]
  /** What the turn does last, in view of all its effects so far: the same commit, and performed after them. */
  readonly finish?: (effects: readonly Effect[], now: Instant) => readonly Effect[]
  /** Makes the turn's effects durable in one commit, before any of them is performed. */
  readonly commit: (effects: readonly Effect[]) => void
  readonly perform: (effect: Effect) => void
  /** Runs `turn` soon, once: `setImmediate` in a process, an event of now in the simulation. */
  readonly schedule: (turn: () => void) => void
  /** More waiting events than this is a defect of the shell, which should have stopped reading. */
  readonly eventsMax: number
}

export interface Turn<Event> {
  /** Queues an event for the next turn. */
  push(event: Event): void
  /** Events waiting. */
  readonly waiting: number
}

export function turnLoop<Event, Effect>(ports: TurnPorts<Event, Effect>): Turn<Event> {
  let queue: Event[] = []
  let scheduled = false

  const run = (): void => {
    scheduled = false
    const events = queue
    queue = []
    const effects: Effect[] = []
    for (const event of events) effects.push(...ports.step(event, ports.clock.now()))
    if (effects.length === 0) return
    effects.push(...(ports.finish?.(effects, ports.clock.now()) ?? []))
    ports.commit(effects)
    for (const effect of effects) ports.perform(effect)
  }

  return {
    push(event) {
      assert(queue.length < ports.eventsMax, 'a shell stops reading before its turn queue is full')
      queue.push(event)
      if (scheduled) return
      scheduled = true
      ports.schedule(run)
    },
    get waiting() {
      return queue.length
    },
  }
}
