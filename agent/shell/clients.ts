/**
 * What clients of the control door wait for: answers to what they asked, the lines of `/watch`, the decisions kept for
 * whoever asks later. The agents behind it are seen through `Inside`.
 */
import { type Command, type CommandAnswer } from '../core/events.ts'
import { assert } from '#shared/assert.ts'
import { type AgentStatus, type Decision, type Purpose } from '#shared/decision.ts'
import { type AgentId } from '#shared/ids.ts'
import { type AgentDoor, type WatchLine } from './control.ts'

/** The agents of this process. */
export type Inside = {
  readonly ids: () => Iterable<AgentId>
  readonly isHere: (id: AgentId) => boolean
  readonly statusOf: (id: AgentId) => AgentStatus
  readonly ask: (id: AgentId, command: Command) => void
  /** Unix ms. */
  readonly nowMs: () => number
  readonly onStop: () => void
}

/** Decisions kept of each agent. */
const decisionsMax = 200
/** What was asked may have happened: the caller hears that it was cut off. */
const stoppedAnswer: CommandAnswer = { outcome: 'failed', code: 'reset', text: 'the agent stops', decision: null }

type Unstamped<Line> = Line extends { readonly at: number } ? Omit<Line, 'at'> : never

export class Clients implements AgentDoor {
  readonly #inside: Inside
  readonly #watchers = new Set<(line: WatchLine) => void>()
  /** Commands that wait for their answer, by call. */
  readonly #calls = new Map<number, (answer: CommandAnswer) => void>()
  /** As JSON, which takes a third of the memory: records are written by every pass and read by hardly anybody. */
  readonly #decisions = new Map<AgentId, string[]>()
  /** Agents whose status has been told in this turn. */
  readonly #told = new Set<AgentId>()
  #call = 0
  #phase: 'open' | 'closed' = 'open'

  constructor(inside: Inside) {
    this.#inside = inside
  }

  statuses(): readonly AgentStatus[] {
    return [...this.#inside.ids()].map((id) => this.#inside.statusOf(id))
  }

  status(id: AgentId): AgentStatus | undefined {
    return this.#inside.isHere(id) ? this.#inside.statusOf(id) : undefined
  }

  decisions(id: AgentId): readonly Decision[] | undefined {
    if (!this.#inside.isHere(id)) return undefined
    return (this.#decisions.get(id) ?? []).map((text) => JSON.parse(text) as Decision)
  }

  command(id: AgentId, command: (call: number) => Command): Promise<CommandAnswer> | undefined {
    if (!this.#inside.isHere(id)) return undefined
    if (this.#phase === 'closed') return Promise.resolve(stoppedAnswer)
    this.#call += 1
    const call = this.#call
    return new Promise((resolve) => {
      this.#calls.set(call, resolve)
      this.#inside.ask(id, command(call))
    })
  }

  watch(listener: (line: WatchLine) => void): () => void {
    const at = this.#inside.nowMs()
    for (const status of this.statuses()) listener({ at, type: 'status', status })
    this.#watchers.add(listener)
    return () => this.#watchers.delete(listener)
  }

  stop(): void {
    this.#inside.onStop()
  }

  /** Whoever still waits hears that the agent stops, and so does everybody from now on. */
  close(): void {
    this.#phase = 'closed'
    for (const answer of this.#calls.values()) answer(stoppedAnswer)
    this.#calls.clear()
  }

  beginTurn(): void {
    this.#told.clear()
  }

  answer(call: number, answer: CommandAnswer): void {
    const resolve = this.#calls.get(call)
    assert(resolve !== undefined, 'a command has one answer')
    this.#calls.delete(call)
    resolve(answer)
  }

  /** The steps of a turn are over before its effects are performed: the first telling says it all. */
  statusChanged(id: AgentId): void {
    if (this.#watchers.size === 0 || this.#told.has(id)) return
    this.#told.add(id)
    this.#tell({ type: 'status', status: this.#inside.statusOf(id) })
  }

  passBegan(agent: AgentId, number: number, purpose: Purpose): void {
    this.#tell({ type: 'pass.began', agent, number, purpose })
  }

  decided(id: AgentId, decision: Decision): void {
    const kept = this.#decisions.get(id) ?? []
    kept.push(JSON.stringify(decision))
    if (kept.length > decisionsMax) kept.shift()
    this.#decisions.set(id, kept)
    this.#tell({ type: 'decision', decision })
  }

  #tell(line: Unstamped<WatchLine>): void {
    const at = this.#inside.nowMs()
    for (const watcher of this.#watchers) watcher({ at, ...line })
  }
}
