/** When sessions were paused, why, and who answered: read from what the agents told (CH3, CH4, LO5). */
import { assertNever } from '#shared/assert.ts'
import { type AgentId, type SessionId, type UserName } from '#shared/ids.ts'
import { type SessionStatus } from '#shared/decision.ts'
import { type HistoryEvent } from './history.ts'

/** Times are Unix ms. */
export type Pause = {
  readonly agent: AgentId
  readonly session: SessionId
  readonly user: UserName
  readonly cause: NonNullable<SessionStatus['paused']> | null
  /** In words; absent where the agent did not say. */
  readonly why?: string | undefined
  readonly from: number
  readonly end: PauseEnd
}

export type PauseEnd =
  | { readonly kind: 'open' }
  /** `by` is absent where an appliance said that the session goes on. */
  | { readonly kind: 'answered'; readonly at: number; readonly by?: UserName | undefined }
  /** The session was ended, by its logout or by another user's login (CH4). */
  | { readonly kind: 'ended'; readonly at: number }
  /** The agent stopped, and its sessions with it. */
  | { readonly kind: 'agent-stopped'; readonly at: number }

/** Every pause in `events`, which are in order of time, in the order in which they began. */
export function pausesOf(events: readonly HistoryEvent[]): readonly Pause[] {
  const all: Pause[] = []
  const open = new Map<SessionId, number>()
  const close = (index: number, end: PauseEnd): void => {
    const pause = all[index]
    if (pause === undefined) return
    all[index] = { ...pause, end }
    open.delete(pause.session)
  }
  for (const event of events) {
    if (event.type === 'agent.stopped' || event.type === 'agent.started') {
      for (const index of open.values())
        if (all[index]?.agent === event.agent) close(index, { kind: 'agent-stopped', at: event.at })
    }
    if (event.type !== 'status') continue
    const { agent, sessions } = event.status
    const now = new Map(sessions.map((one) => [one.session, one]))
    for (const [session, index] of open) {
      if (all[index]?.agent !== agent) continue
      const is = now.get(session)
      if (is === undefined) close(index, { kind: 'ended', at: event.at })
      else if (is.state !== 'paused') close(index, { kind: 'answered', at: event.at, by: is.answeredBy })
    }
    for (const { session, user, state, paused, pausedWhy } of sessions) {
      if (state !== 'paused' || open.has(session)) continue
      open.set(session, all.length)
      const end: PauseEnd = { kind: 'open' }
      all.push({ agent, session, user, cause: paused ?? null, why: pausedWhy, from: event.at, end })
    }
  }
  return all
}

const causeWords = {
  'coming-online': 'it came online',
  interval: 'the interval was over',
  inactivity: 'nobody was active',
  'unknown-session': 'its appliance does not know it, its user must log in there',
} as const

/** A pause in words, two lines. */
export function pauseText({ agent, session, user, cause, why, from, end }: Pause): string {
  const began = `  ${agent}, the session of ${user} (${session}) was paused: ${cause === null ? 'challenged' : causeWords[cause]}`
  return `${began}${why === undefined ? '' : ` (${why})`}\n    ${endText(end, user, from)}`
}

function endText(end: PauseEnd, user: UserName, from: number): string {
  if (end.kind === 'open') return 'it is paused still'
  const after = `after ${((end.at - from) / 1_000).toFixed(1)} s of real time`
  switch (end.kind) {
    case 'answered': {
      if (end.by === undefined) return `its appliance let it go on ${after}`
      return end.by === user ? `${user} answered ${after}` : `${end.by}, another user, answered ${after}`
    }
    case 'ended':
      return `the session ended ${after}, unanswered`
    case 'agent-stopped':
      return `the agent stopped ${after}`
    default:
      return assertNever(end)
  }
}
