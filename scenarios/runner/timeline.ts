/** The history of a run as lines for people: when, who, what, and why. */
import { type AgentStatus, type Decision, type SessionStatus, type TriedCandidate } from '#shared/decision.ts'
import { type AgentId, type SessionId } from '#shared/ids.ts'
import { type HistoryEvent } from './history.ts'

export type TimelineScale = {
  /** When the run began, Unix ms. */
  readonly beganAt: number
  readonly timeScale: number
}

/**
 * The lines of one run, each event in order: `   3.21 s      (4:17)  ws-1: login of alice is asked for`; none for what would
 * only fill the screen. Of an agent's status it tells which sessions have been paused since the one before.
 */
export function timeline(scale: TimelineScale): (event: HistoryEvent) => readonly string[] {
  const paused = new Map<AgentId, ReadonlySet<SessionId>>()
  return (event) => {
    const told = event.type === 'status' ? newlyPaused(event.status, paused) : [tell(event) ?? []].flat()
    return told.map((text) => `${stampOf(event.at, scale)}  ${text}`)
  }
}

function newlyPaused({ agent, sessions }: AgentStatus, seen: Map<AgentId, ReadonlySet<SessionId>>): readonly string[] {
  const before = seen.get(agent)
  const now = sessions.filter(({ state }) => state === 'paused')
  seen.set(agent, new Set(now.map(({ session }) => session)))
  const fresh = now.filter(({ session }) => before?.has(session) !== true)
  return fresh.map(({ user, paused, pausedWhy }) => {
    const why = pausedWhy === undefined ? '' : `: ${pausedWhy}`
    return `${agent}: the session of ${user} is paused, ${paused ?? 'challenged'}${why}`
  })
}

/** Real seconds since the start, and the policy time that they stand for where the two differ. */
export function stampOf(at: number, { beganAt, timeScale }: TimelineScale): string {
  const realMs = Math.max(0, at - beganAt)
  const real = `${(realMs / 1000).toFixed(2)} s`.padStart(9)
  return timeScale === 1 ? real : `${real} ${`(${clockText(realMs * timeScale)})`.padStart(11)}`
}

/** `1:02:03` hours, or `2:03` minutes. */
function clockText(ms: number): string {
  const seconds = Math.floor(ms / 1000)
  const pad = (number: number): string => String(number).padStart(2, '0')
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60]
  return hours === 0 ? `${minutes}:${pad(seconds % 60)}` : `${hours}:${pad(minutes)}:${pad(seconds % 60)}`
}

function tell(event: HistoryEvent): string | readonly string[] | null {
  switch (event.type) {
    case 'told':
      return `— ${event.text}`
    case 'asked':
      return event.user === null
        ? `${event.agent}: ${event.operation} is asked for`
        : `${event.agent}: ${event.operation} of ${event.user} is asked for`
    case 'answered':
      return `${event.agent}: ${answerText(event.answer)}`
    case 'pass.ended':
      return `${event.agent}: ${event.decision.reason} [${event.decision.rules.join(' ')}]`
    case 'appliance.serving':
      return `${event.appliance} serves`
    case 'appliance.not-serving':
      return `${event.appliance} is unavailable: ${event.cause}`
    case 'appliance.advises':
      return event.advice.map((text) => `${event.appliance} advises: ${text}`)
    case 'link.cut':
      return `link from ${fromText(event.from)} to ${event.endpoint}: ${event.fault}`
    case 'link.healed':
      return `link from ${fromText(event.from)} to ${event.endpoint}: healed`
    case 'topology.edited':
      return `the topology is edited: epoch ${event.topology.epoch}`
    case 'agent.started':
      return `${event.agent} starts`
    case 'agent.stopped':
      return `${event.agent} stops`
    case 'agent.slept':
      return `${event.agent} falls asleep`
    case 'agent.woke':
      return `${event.agent} wakes`
    default:
      return null
  }
}

function fromText(from: string | null): string {
  return from === null ? 'agents without a home site' : `agents of ${from}`
}

function answerText(answer: Extract<HistoryEvent, { type: 'answered' }>['answer']): string {
  if (answer.outcome === 'failed') return `failed, ${answer.text} (${answer.code})`
  const where = answer.binding === null ? 'no appliance' : `${answer.binding.appliance} of ${answer.binding.site}`
  const acknowledged = answer.replicated === null ? '' : `, replicated: ${answer.replicated}`
  return `accepted, session ${answer.session} is ${answer.state} at ${where}${acknowledged}`
}

/** Where a session is: `dal1 of dallas (home), active`. */
export function sessionPlace({ binding, moving, state, paused, offline }: SessionStatus): string {
  const is = state === 'paused' && paused !== undefined ? `paused (${paused})` : state
  if (binding === null && moving) return `no appliance yet (moving), ${is}`
  if (binding === null) return `nothing (${offline === true ? 'started offline' : 'offline'}), ${is}`
  const temporary = binding.temporary ? ', temporary' : ''
  return `${binding.appliance} of ${binding.site} (${binding.stage}${temporary}), ${is}`
}

/** A decision record in words, several lines: outcome and rules, home site and why, each candidate (SP9). */
export function decisionText(decision: Decision): string {
  const { agent, number, purpose, rules, reason } = decision
  const ms = Math.round(decision.endedAtMs - decision.beganAtMs)
  const candidates = decision.candidates.map((candidate) => `    ${candidateText(candidate)}`)
  return [
    `  ${agent} #${number}, ${purpose}, ${decision.outcome} in ${ms} ms: ${reason}`,
    `    rules ${rules.join(', ')}; ${groundText(decision)}`,
    ...candidates,
  ].join('\n')
}

/** What the pass went by. */
function groundText({ profile, epoch, home }: Decision): string {
  if (profile === 'list') return 'profile list, no topology'
  return `${profile === 'windows' ? '' : `profile ${profile}; `}topology epoch ${epoch}; ${homeText(home)}`
}

/** `home dallas: 172.16.9.20 is in 172.16.8.0-172.16.10.255`, or by which route, or none. */
export function homeText(home: Decision['home']): string {
  switch (home.by) {
    case 'range':
      return `home ${home.site}: ${home.address} is in ${home.range}`
    case 'route':
      return `home ${home.site}: route ${home.route} touches ${home.range}`
    default:
      return 'no home site'
  }
}

function candidateText({ appliance, site, endpoint, stage, outcome, detail, ms }: TriedCandidate): string {
  const who = appliance === null ? endpoint : `${appliance} (${endpoint})`
  const where = site === null ? '' : ` of ${site}`
  return `${stage}: ${who}${where}: ${outcome}${detail === undefined ? '' : `, ${detail}`} after ${Math.round(ms)} ms`
}
