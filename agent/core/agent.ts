/**
 * The machine of one agent: one event in, effects out. It joins the parts that decide (home site, plan, pass, pin,
 * topology slots) to what an agent holds (links, sessions, requests). No clock, no dice, no sockets: all are handed in.
 */
import { received } from './answers.ts'
import { auditTimer, uploadAudit } from './audit.ts'
import { challengeTimerFired } from './challenges.ts'
import { command } from './commands.ts'
import { type AgentEffect, type AgentEvent, type AgentMachine, type DialAnswer } from './events.ts'
import { loseLink } from './loss.ts'
import { hasOfflineLogin, offlineVerified, verifierMade } from './offline.ts'
import { emptyOfflineData, type OfflineData } from './offline-data.ts'
import { type Report } from './pass.ts'
import { dialNow, linkOpened, startPass, surveyed, tell } from './passes.ts'
import { type HostPort } from './plan.ts'
import { ask, requestOfTimer } from './requests.ts'
import { bindingOf, offlineRetryTimer, wantsAppliance } from './sessions.ts'
import { type AgentState, emit, type PassRun, type Session, setTimer, warn } from './state.ts'
import { keepTimer, timerMoveTimer, timerTask } from './timer-move.ts'
import { emptySlots, newestEpoch } from './topology-slots.ts'
import { seenAt } from './trusted-time.ts'
import { assertNever } from '#shared/assert.ts'
import { type Instant } from '#shared/clock.ts'
import { type AgentStatus, type SessionStatus } from '#shared/decision.ts'
import { type AgentId, type DialId, PassId } from '#shared/ids.ts'
import { type AgentProfile } from '#shared/profile.ts'
import { type Settings } from '#shared/policy/settings.ts'
import { type RandomStream } from '#shared/random.ts'
import { type Topology } from '#shared/topology/model.ts'

export type AgentOptions = {
  readonly id: AgentId
  readonly primServer: HostPort
  readonly altServers: readonly HostPort[]
  readonly profile: AgentProfile
  readonly random: RandomStream
  /** In force until a topology brings the enterprise's own. */
  readonly settings: Settings
}

export interface SteppedAgent extends AgentMachine {
  step(event: AgentEvent, now: Instant): readonly AgentEffect[]
}

export function agentMachine(options: AgentOptions): SteppedAgent {
  return new Machine(options)
}

class Machine implements SteppedAgent {
  readonly id: AgentId
  readonly #state: AgentState

  constructor(options: AgentOptions) {
    this.id = options.id
    this.#state = initialState(options)
  }

  step(event: AgentEvent, now: Instant): readonly AgentEffect[] {
    const state = this.#state
    const effects: AgentEffect[] = []
    state.now = now
    state.effects = effects
    state.seen = seenAt(state.seen, now)
    const kept = state.offline
    handle(state, event)
    hangUpUnused(state)
    keepTimer(state)
    if (state.offline !== kept) keepOffline(state)
    if (effects.length > 0) emit(state, { type: 'status-changed' })
    // What an idle agent did last is not kept in memory until it does something again.
    state.effects = []
    return effects
  }

  status(policyMs: number): AgentStatus {
    return statusOf(this.#state, policyMs)
  }
}

function initialState(options: AgentOptions): AgentState {
  return {
    ...options,
    slots: emptySlots,
    home: { site: null, by: 'none' },
    pin: undefined,
    anchor: undefined,
    links: new Map(),
    sessions: new Map(),
    endings: new Map(),
    passes: new Map(),
    requests: new Map(),
    retries: new Map(),
    timers: new Map(),
    counters: { dial: 0, pass: 0, request: 0, timer: 0, job: 0 },
    offline: emptyOfflineData('none'),
    jobs: new Map(),
    seen: { wallMs: 0, wireMs: 0 },
    heardMs: -Infinity,
    now: { wireMs: 0, policyMs: 0, wallMs: 0 },
    effects: [],
  }
}

function handle(state: AgentState, event: AgentEvent): void {
  switch (event.type) {
    case 'started':
      started(state, event.topology, event.offline)
      return
    case 'command':
      command(state, event.command)
      return
    case 'surveyed':
      surveyed(state, event.pass, event.network, event.addresses)
      return
    case 'dial.answered':
      dialAnswered(state, event.dial, event.answer)
      return
    case 'dial.failed':
      dialEnded(state, event.dial, { outcome: event.reason, detail: event.detail })
      return
    case 'message.received':
      if (state.links.get(event.dial)?.phase === 'open') received(state, event.dial, event.message)
      return
    case 'link.lost':
      loseLink(state, event.dial, 'reset', event.reason, event.heardAgoMs)
      return
    case 'timer.fired':
      // The number guards against a timer that was re-armed or cleared while this one was on its way.
      if (state.timers.get(event.key) !== event.number) return
      state.timers.delete(event.key)
      timerFired(state, event.key)
      return
    case 'offline.verified':
      offlineVerified(state, event.job, event.ok)
      return
    case 'verifier.made':
      verifierMade(state, event.job, event.verifier)
      return
    default:
      assertNever(event)
  }
}

/** An agent that comes online connects within its home site, sessions or not (PN7). */
function started(state: AgentState, topology: Topology | undefined, offline: OfflineData): void {
  // A thin client keeps nothing to log in with, not even of a time when it was none (FB4).
  state.offline = hasOfflineLogin(state) ? offline : { ...offline, users: [] }
  state.seen = { ...state.seen, wallMs: Math.max(state.seen.wallMs, offline.seenMs) }
  if (topology !== undefined) {
    state.slots = { inUse: topology, received: topology }
    state.settings = topology.settings
  }
  armRefresh(state)
  startPass(state, { kind: 'online', purpose: 'online' })
}

function dialAnswered(state: AgentState, dial: DialId, answer: DialAnswer): void {
  const link = state.links.get(dial)
  if (link?.phase !== 'dialing') return
  if (answer.type === 'unavailable') {
    dialEnded(state, dial, { outcome: 'unavailable', detail: answer.reason })
    return
  }
  if (answer.type === 'busy') {
    dialEnded(state, dial, { outcome: 'busy', retryAfterMs: answer.retryAfterMs })
    return
  }
  if (answer.type === 'refused') {
    warn(state, 'agent.refused', ['SC4', 'SP6'], `an appliance refused this agent: ${answer.reason}`)
    dialEnded(state, dial, { outcome: 'rejected', detail: 'not-enrolled' })
    return
  }
  const { candidate, endpoint } = link
  const { appliance } = answer
  if (candidate.appliance !== null && candidate.appliance !== appliance) {
    emit(state, { type: 'hang-up', dial })
    dialEnded(state, dial, { outcome: 'unavailable', detail: `${appliance} answers there` })
    return
  }
  const { host, port, stage } = candidate
  const place = { appliance, site: candidate.site ?? answer.site, host, port }
  state.links.set(dial, { phase: 'open', endpoint, place, stage })
  if (state.slots.inUse !== undefined && answer.epoch > newestEpoch(state.slots)) {
    ask(state, dial, { kind: 'topology' }, { type: 'topology.get' })
  }
  for (const run of runsOf(state, link.waiters)) linkOpened(state, run, dial)
}

/** A dial ended without a link; every pass that waited for it records the same outcome. */
function dialEnded(state: AgentState, dial: DialId, report: Report): void {
  const link = state.links.get(dial)
  if (link?.phase !== 'dialing') return
  state.links.delete(dial)
  for (const run of runsOf(state, link.waiters)) tell(state, run, report)
}

function runsOf(state: AgentState, waiters: ReadonlySet<PassId>): readonly PassRun[] {
  return [...waiters].flatMap((pass) => state.passes.get(pass) ?? [])
}

const refreshTimer = 'refresh'

function armRefresh(state: AgentState): void {
  setTimer(state, refreshTimer, state.settings.refreshIntervalMs, 'policy')
}

function timerFired(state: AgentState, key: string): void {
  const request = requestOfTimer(key)
  const retry = state.retries.get(key)
  if (request !== undefined) {
    const pending = state.requests.get(request)
    if (pending === undefined) return
    emit(state, { type: 'hang-up', dial: pending.dial })
    // Not the time limit: an agent that slept meanwhile hears of it when it wakes.
    const unheardMs = state.now.wireMs - pending.askedMs
    loseLink(state, pending.dial, 'timed-out', 'a request was not answered in time', unheardMs)
  } else if (retry !== undefined) {
    state.retries.delete(key)
    startPass(state, retry)
  } else if (key === refreshTimer) {
    armRefresh(state)
    refresh(state)
  } else if (key === offlineRetryTimer) {
    if (wantsAppliance(state)) startPass(state, { kind: 'online', purpose: 'background' })
  } else if (key === auditTimer) {
    uploadAudit(state)
  } else if (key === timerMoveTimer) {
    const task = timerTask(state)
    if (task !== undefined) startPass(state, task)
  } else if (challengeTimerFired(state, key)) {
    return
  } else if (key.startsWith('dial:')) {
    const run = state.passes.get(PassId(Number(key.slice('dial:'.length))))
    if (run !== undefined) dialNow(state, run)
  }
}

/** Kept with the highest time seen, so that a clock set back later is known for one (OF4). */
function keepOffline(state: AgentState): void {
  state.offline = { ...state.offline, seenMs: state.seen.wallMs }
  emit(state, { type: 'persist-offline', data: state.offline })
}

/** Topology, policy and audit ride on the refresh interval (BT4, OF5), and so does the time that the agent has seen. */
function refresh(state: AgentState): void {
  if (state.offline.users.length > 0) state.offline = { ...state.offline }
  uploadAudit(state)
  if (state.profile === 'list' || state.anchor === undefined || !state.links.has(state.anchor)) return
  ask(state, state.anchor, { kind: 'topology' }, { type: 'refresh', epoch: newestEpoch(state.slots) })
}

/** A link is kept for its sessions, as the anchor (PN7), for an answer still to come, or for a pass that asks over it. */
function hangUpUnused(state: AgentState): void {
  const used = new Set<DialId | undefined>([state.anchor])
  for (const { where } of state.sessions.values()) if (where.at === 'bound') used.add(where.dial)
  for (const { dial } of state.requests.values()) used.add(dial)
  for (const { asking } of state.passes.values()) used.add(asking)
  for (const [dial, link] of state.links) {
    if (link.phase !== 'open' || used.has(dial)) continue
    state.links.delete(dial)
    emit(state, { type: 'hang-up', dial })
  }
}

function statusOf(state: AgentState, policyMs: number): AgentStatus {
  const open = [...state.links.values()].flatMap((link) => (link.phase === 'open' ? link.place.appliance : []))
  const { pin } = state
  return {
    agent: state.id,
    profile: state.profile,
    online: open.length > 0,
    home: state.home,
    topology: { inUse: state.slots.inUse?.epoch ?? 0, received: newestEpoch(state.slots) },
    pin: pin === undefined ? null : { appliance: pin.appliance, ageMs: Math.round(policyMs - pin.sinceMs) },
    links: open,
    sessions: [...state.sessions.values()].map((session) => sessionStatusOf(state, session)),
    passes: [...state.passes.values()].map(({ purpose }) => purpose),
  }
}

function sessionStatusOf(state: AgentState, session: Session): SessionStatus {
  const { id, user, state: said, where, unknownThere, pausedWhy, answeredBy } = session
  const paused = unknownThere ? 'unknown-session' : session.paused
  return {
    session: id,
    user,
    state: said,
    binding: bindingOf(state, where),
    moving: where.at === 'moving',
    ...(session.ticket === '' ? { offline: true as const } : {}),
    ...(said === 'paused' && paused !== undefined ? { paused } : {}),
    ...(said === 'paused' && pausedWhy !== undefined ? { pausedWhy } : {}),
    ...(said !== 'paused' && answeredBy !== undefined ? { answeredBy } : {}),
  }
}
