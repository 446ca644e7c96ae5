/**
 * Runs selection passes: survey the host, decide the home site anew (HS5), plan, dial one candidate after another, ask
 * the one that answers, end. Several passes of one agent may run at once; they share dials and links.
 */
import { attempt } from './attempt.ts'
import { afterPass } from './after-pass.ts'
import { decisionOf } from './explain.ts'
import { beginPass, type Group, type Report, stepPass } from './pass.ts'
import { isLive, keptPin, type Pin, withoutUnavailable } from './pin.ts'
import { bootstrapPlan, failoverPlan, homePlan, type HostPort, listPlan, timerPlan } from './plan.ts'
import { type AgentState, dialingLinkTo, emit, note, openLinkTo, type PassRun, setTimer, type Task } from './state.ts'
import { chooseWhoMoves } from './timer-move.ts'
import { adopt, newestEpoch } from './topology-slots.ts'
import { type Purpose } from '#shared/decision.ts'
import { DialId, PassId } from '#shared/ids.ts'
import { type HostNetwork } from '#shared/network.ts'
import { homeSite } from '#shared/topology/home-site.ts'
import { agentProtocolVersion } from '#shared/wire/versions.ts'

/** Full jitter of a reconnect: the first dial waits up to this long, doubling per dial of the pass (LO6). */
export const reconnectJitterMs = { first: 100, max: 1_000 } as const

function purposeOf(task: Task): Purpose {
  return task.kind === 'online' ? task.purpose : task.kind
}

/** Begins a pass for `task`. Without any topology the bootstrap comes first, and the task waits for it (BT1, BT9). */
export function startPass(state: AgentState, task: Task): void {
  if (task.kind !== 'bootstrap' && state.profile !== 'list') {
    if (state.slots.inUse === undefined) {
      startBootstrap(state, task)
      return
    }
    adoptReceived(state)
  }
  state.counters.pass += 1
  const purpose = purposeOf(task)
  const run: PassRun = {
    id: PassId(state.counters.pass),
    purpose,
    task,
    beganAtMs: state.now.wallMs,
    home: state.home,
    pass: undefined,
    dials: 0,
    asking: undefined,
    pinWas: 'none',
    rules: new Set(),
  }
  state.passes.set(run.id, run)
  emit(state, { type: 'pass-began', number: run.id, purpose })
  emit(state, { type: 'survey', pass: run.id, hosts: hostsOf(state, task) })
}

function startBootstrap(state: AgentState, task: Task): void {
  for (const { task: running } of state.passes.values()) {
    if (running.kind !== 'bootstrap') continue
    running.waiting.push(task)
    return
  }
  startPass(state, { kind: 'bootstrap', waiting: [task] })
}

/** *Received* becomes *in use* before the pass, and only here (BT5). */
function adoptReceived(state: AgentState): void {
  const before = state.slots.inUse
  state.slots = adopt(state.slots)
  const { inUse } = state.slots
  if (inUse === undefined || inUse === before) return
  state.settings = inUse.settings
  emit(state, { type: 'persist', topology: inUse })
  note(state, 'topology.in-use', ['BT5'], `topology ${inUse.epoch} is in use from now on`, { epoch: inUse.epoch })
}

function hostsOf(state: AgentState, task: Task): readonly string[] {
  const onlyFirst = task.kind !== 'bootstrap' && state.profile !== 'list'
  const servers = onlyFirst ? [state.primServer] : serversOf(state)
  const appliances = state.slots.inUse?.appliances ?? []
  return [...new Set([...servers, ...appliances].map(({ host }) => host))]
}

function serversOf({ primServer, altServers }: AgentState): readonly HostPort[] {
  return [primServer, ...altServers]
}

/** The host's network and its names are known: decide the home site and plan (HS1, HS5, PN6). */
export function surveyed(
  state: AgentState,
  pass: PassId,
  network: HostNetwork,
  addresses: ReadonlyMap<string, string>,
): void {
  const run = state.passes.get(pass)
  if (run === undefined || run.pass !== undefined) return
  run.pass = beginPass(planOf(state, run, network, addresses), state.now.wireMs)
  walk(state, run)
}

function planOf(
  state: AgentState,
  run: PassRun,
  network: HostNetwork,
  addresses: ReadonlyMap<string, string>,
): readonly Group[] {
  const topology = state.slots.inUse
  const { task } = run
  if (state.profile === 'list') return listPlan(serversOf(state), addresses)
  if (topology === undefined || task.kind === 'bootstrap') return bootstrapPlan(serversOf(state), addresses)
  state.home = homeSite(topology, network)
  run.home = state.home
  state.pin = keptPin(state.pin, state.home.site, topology)
  const { pin, primServer, random } = state
  const { policyMs } = state.now
  run.pinWas = pin === undefined ? 'none' : isLive(pin, policyMs, topology.settings.pinWindowMs) ? 'live' : 'expired'
  if (task.kind === 'timer' && !chooseWhoMoves(state, task)) return []
  if (task.kind === 'unlock' && staysInPlace(state, task.session)) return []
  const forSession = task.kind === 'login' || task.kind === 'unlock'
  const first = pin === undefined ? pickUnderWay(state) : forSession || run.pinWas === 'live' ? pin : undefined
  const ground = { topology, home: state.home.site, primServer, addresses, random, pin: first, policyMs }
  if (task.kind === 'timer') return timerPlan(ground)
  return task.kind === 'failover' ? failoverPlan(ground, task.lost) : homePlan(ground)
}

/**
 * The home appliance that another pass of this agent is trying. It is as good as picked: a login that comes while the
 * agent comes online would otherwise pick for itself and land beside the pin (PN7).
 */
function pickUnderWay(state: AgentState): Pin | undefined {
  for (const { pass } of state.passes.values()) {
    if (pass?.phase !== 'trying' || pass.trying.stage !== 'home') continue
    const { appliance, site } = pass.trying
    if (appliance !== null && site !== null) return { appliance, site, sinceMs: state.now.policyMs }
  }
  return undefined
}

/** An unlock of a session bound inside its home site stays where it is (FB3). */
function staysInPlace(state: AgentState, id: (Task & { kind: 'unlock' })['session']): boolean {
  const where = state.sessions.get(id)?.where
  return where?.at === 'bound' && where.place.site === state.home.site
}

/** Goes on with the candidate being tried, over the link that is there, the dial under way, or a new dial. */
function walk(state: AgentState, run: PassRun): void {
  const { pass } = run
  run.asking = undefined
  if (pass === undefined || pass.phase !== 'trying') {
    end(state, run)
    return
  }
  const link = openLinkTo(state, pass.trying.endpoint)
  if (link !== undefined) {
    tell(state, run, attempt(state, run, link))
    return
  }
  const dialing = dialingLinkTo(state, pass.trying.endpoint)
  if (dialing !== undefined) {
    dialing.waiters.add(run.id)
    return
  }
  const afterMs = jitterOf(state, run)
  if (afterMs === 0) dialNow(state, run)
  else setTimer(state, `dial:${run.id}`, afterMs, 'wire')
}

/** Nobody waits at the keyboard for a reconnect, and a thousand agents reconnect at once: full jitter (LO6). */
function jitterOf(state: AgentState, run: PassRun): number {
  run.dials += 1
  if (!['failover', 'background', 'timer'].includes(run.purpose)) return 0
  const spanMs = Math.min(reconnectJitterMs.max, reconnectJitterMs.first * 2 ** (run.dials - 1))
  return state.random.below(spanMs) + 1
}

/** Dials the candidate of `run`, or joins a dial or link that came meanwhile. */
export function dialNow(state: AgentState, run: PassRun): void {
  const { pass } = run
  if (pass?.phase !== 'trying' || run.asking !== undefined) return
  const { endpoint, host, port } = pass.trying
  const link = openLinkTo(state, endpoint)
  if (link !== undefined) {
    tell(state, run, attempt(state, run, link))
    return
  }
  const dialing = dialingLinkTo(state, endpoint)
  if (dialing !== undefined) {
    dialing.waiters.add(run.id)
    return
  }
  state.counters.dial += 1
  const dial = DialId(state.counters.dial)
  state.links.set(dial, { phase: 'dialing', endpoint, candidate: pass.trying, waiters: new Set([run.id]) })
  const epoch = newestEpoch(state.slots)
  const sessions = [...state.sessions.values()].filter(({ where }) => where.at !== 'bound').map(({ id }) => id)
  const versions = { min: agentProtocolVersion, max: agentProtocolVersion }
  const hello = { type: 'hello', versions, agent: state.id, epoch, sessions: sessions.slice(0, 1_000) } as const
  emit(state, { type: 'dial', dial, host, port, hello, timeoutMs: state.settings.connectTimeoutMs })
}

/** The link that `run` waited for is open. */
export function linkOpened(state: AgentState, run: PassRun, dial: DialId): void {
  if (run.pass?.phase === 'trying') tell(state, run, attempt(state, run, dial))
}

/** Takes the outcome of the candidate that `run` is trying; `undefined` means that an answer is still to come. */
export function tell(state: AgentState, run: PassRun, report: Report | undefined): void {
  if (report === undefined || run.pass?.phase !== 'trying') return
  const { appliance } = run.pass.trying
  const available = report.outcome === 'answered' || report.outcome === 'rejected' || report.outcome === 'busy'
  if (!available && appliance !== null) state.pin = withoutUnavailable(state.pin, appliance)
  run.pass = stepPass(run.pass, report, state.now.wireMs)
  walk(state, run)
}

function end(state: AgentState, run: PassRun): void {
  state.passes.delete(run.id)
  const next = afterPass(state, run)
  emit(state, { type: 'decided', decision: decisionOf(state, run) })
  for (const task of next) startPass(state, task)
}
