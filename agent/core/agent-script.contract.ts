/**
 * A scripted surrounding for one agent machine in virtual time: endpoints that serve, refuse, fall silent or are busy; a
 * database of sessions behind them; timers. For tables beside the core; the lab's worlds are `scenarios/runner`.
 */
import { agentMachine, type SteppedAgent } from './agent.ts'
import { type AgentEffect, type Command, type CommandAnswer } from './events.ts'
import { emptyOfflineData, type OfflineData } from './offline-data.ts'
import { assert, assertNever } from '#shared/assert.ts'
import { type Decision } from '#shared/decision.ts'
import { AgentId, type ApplianceId, type DialId, type SessionId, type SiteId, UserName } from '#shared/ids.ts'
import { type HostNetwork } from '#shared/network.ts'
import { defaultUserPolicy, type EffectivePolicy, samePolicy } from '#shared/policy/policy.ts'
import { type AgentProfile } from '#shared/profile.ts'
import { normalSettings } from '#shared/policy/settings.ts'
import { randomStream } from '#shared/random.ts'
import { type Topology } from '#shared/topology/model.ts'
import { type AgentMessage, type ApplianceMessage, type AuditRecord } from '#shared/wire/agent-link.schema.ts'

/**
 * `asks-nobody`: welcomes, then answers no request. `no-database`: welcomes, then answers every request *unavailable*.
 * `refuses`: does not know the agent. `confused`: welcomes, then answers every request with a good message that is no answer to it.
 */
export type Behaviour =
  'serves' | 'refused' | 'timed-out' | 'unavailable' | 'busy' | 'asks-nobody' | 'no-database' | 'confused' | 'refuses'

export type Script = ReturnType<typeof script>

type Note = Extract<AgentEffect, { type: 'note' }>

export type ScriptOptions = {
  readonly topology: Topology
  readonly network: HostNetwork
  readonly primServer: string
  readonly altServers?: readonly string[]
  readonly seed?: string
  readonly profile?: AgentProfile
  /** Topology in the cache at start. */
  readonly cached?: boolean
  /** What every user's login downloads. */
  readonly policy?: Partial<EffectivePolicy>
  /** What the offline store holds at start. */
  readonly offline?: OfflineData
  /** Of the agent's clock at start; the other clocks begin anew with each script. */
  readonly wallMs?: number
}

const hostPort = (host: string) => ({ host, port: 443 })

/** An agent on `network` among the appliances of `topology`, dialled by their `host`. */
export function script(options: ScriptOptions) {
  const machine: SteppedAgent = agentMachine({
    id: AgentId('agent-1'),
    primServer: hostPort(options.primServer),
    altServers: (options.altServers ?? []).map(hostPort),
    profile: options.profile ?? 'windows',
    random: randomStream(options.seed ?? 'seed', 'agent-1'),
    settings: normalSettings,
  })
  const { id: _id, ...defaults } = defaultUserPolicy
  /** What a login downloads. */
  const downloaded = { policy: { ...defaults, ...options.policy } as EffectivePolicy, credentialVersion: 1 }
  /** What an offline session is refused with, for each user. */
  const disabled = new Set<string>()
  let auditIsMute = false
  let nowMs = 1_000_000
  let wallAheadMs = (options.wallMs ?? nowMs) - nowMs
  /** Wire ms since the last message when a link is lost. */
  let heardAgoMs = 0
  let { network } = options
  const published = { topology: options.topology }
  const behaviours = new Map<string, Behaviour>()
  const sessions = new Map<string, 'active' | 'locked' | 'paused' | 'ended'>()
  const links = new Map<DialId, { host: string; appliance: ApplianceId; site: SiteId }>()
  const timers = new Map<string, { number: number; atMs: number }>()
  const log = {
    dialled: [] as string[],
    /** Hosts whose links the agent closed with a code of its own. */
    brokenOff: [] as string[],
    sent: [] as { atMs: number; host: string; message: AgentMessage }[],
    decisions: [] as Decision[],
    answers: new Map<number, CommandAnswer>(),
    notes: [] as Note[],
    persisted: [] as number[],
    audited: [] as AuditRecord[],
    kept: undefined as OfflineData | undefined,
    verifiersMade: 0,
  }
  const queue: Parameters<SteppedAgent['step']>[0][] = []
  let calls = 0
  let running = false
  /** Answers to dials and to hashes that wait for `release`. */
  let held: Parameters<SteppedAgent['step']>[0][] | undefined

  const push = (event: Parameters<SteppedAgent['step']>[0]): void => {
    if (held !== undefined && isHeld(event.type)) {
      held.push(event)
      return
    }
    queue.push(event)
    if (running) return
    running = true
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      for (const effect of machine.step(next, { wireMs: nowMs, policyMs: nowMs, wallMs: nowMs + wallAheadMs }))
        perform(effect)
    }
    running = false
  }

  const isHeld = (type: string): boolean => ['dial.answered', 'offline.verified', 'verifier.made'].includes(type)

  const perform = (effect: AgentEffect): void => {
    switch (effect.type) {
      case 'survey': {
        const known = options.topology.appliances.flatMap(({ host, address }) =>
          address === undefined || !effect.hosts.includes(host) ? [] : [[host, address] as const],
        )
        push({ type: 'surveyed', pass: effect.pass, network, addresses: new Map(known) })
        return
      }
      case 'dial':
        log.dialled.push(effect.host)
        answerDial(effect.dial, effect.host)
        return
      case 'hang-up':
        if (effect.code !== undefined) log.brokenOff.push(`${links.get(effect.dial)?.host} ${effect.code}`)
        links.delete(effect.dial)
        return
      case 'send':
        answerMessage(effect.dial, effect.message)
        return
      case 'set-timer':
        timers.set(effect.key, { number: effect.number, atMs: nowMs + effect.afterMs })
        return
      case 'clear-timer':
        timers.delete(effect.key)
        return
      case 'answer':
        log.answers.set(effect.call, effect.answer)
        return
      case 'decided':
        log.decisions.push(effect.decision)
        return
      case 'note':
        log.notes.push(effect)
        return
      case 'persist-offline':
        log.kept = effect.data
        return
      case 'verify-offline':
        push({ type: 'offline.verified', job: effect.job, ok: effect.verifier === `hash of ${effect.password}` })
        return
      case 'make-verifier':
        log.verifiersMade += 1
        push({ type: 'verifier.made', job: effect.job, verifier: `hash of ${effect.password}` })
        return
      case 'persist':
        log.persisted.push(effect.topology.epoch)
        return
      default:
    }
  }

  /** Reality: appliances stand where the first topology says, whatever a later one claims. */
  const answerDial = (dial: DialId, host: string): void => {
    const there = options.topology.appliances.find((appliance) => appliance.host === host)
    const behaviour = there === undefined ? 'refused' : (behaviours.get(host) ?? 'serves')
    if (behaviour === 'refused' || behaviour === 'timed-out') {
      push({ type: 'dial.failed', dial, reason: behaviour })
    } else if (behaviour === 'unavailable') {
      push({ type: 'dial.answered', dial, answer: { type: 'unavailable', reason: 'no-database' } })
    } else if (behaviour === 'refuses') {
      push({ type: 'dial.answered', dial, answer: { type: 'refused', reason: 'not-enrolled' } })
    } else if (behaviour === 'busy') {
      push({ type: 'dial.answered', dial, answer: { type: 'busy', retryAfterMs: 1_000 } })
    } else {
      assert(there !== undefined, 'an endpoint that answers is an appliance')
      links.set(dial, { host, appliance: there.id, site: there.site })
      const { epoch } = published.topology
      push({ type: 'dial.answered', dial, answer: { type: 'welcome', appliance: there.id, site: there.site, epoch } })
    }
  }

  const answerMessage = (dial: DialId, message: AgentMessage): void => {
    const link = links.get(dial)
    if (link === undefined) return
    log.sent.push({ atMs: nowMs, host: link.host, message })
    const behaviour = behaviours.get(link.host) ?? 'serves'
    if (behaviour === 'asks-nobody' || message.type === 'hello') return
    const { request } = message
    const answer = answerOf(behaviour, request) ?? reply(message)
    if (answer !== undefined) push({ type: 'message.received', dial, message: answer })
  }

  const answerOf = (behaviour: Behaviour, request: number): ApplianceMessage | undefined => {
    if (behaviour === 'no-database') return { type: 'unavailable', request, reason: 'no-database' }
    if (behaviour === 'confused') return { type: 'refreshed', request, epoch: 1 }
    return behaviour === 'busy' ? { type: 'busy', request, retryAfterMs: 1_000 } : undefined
  }

  const reply = (message: Exclude<AgentMessage, { type: 'hello' }>): ApplianceMessage | undefined => {
    const { request } = message
    switch (message.type) {
      case 'audit': {
        const { incarnation, seq } = message.records.at(-1) ?? { incarnation: 'none', seq: 0 }
        if (auditIsMute) return undefined
        log.audited.push(...message.records)
        return { type: 'audited', request, incarnation, seq }
      }
      case 'topology.get':
      case 'refresh':
        return { type: 'topology', request, topology: published.topology }
      case 'login':
        if (message.password !== 'right') return { type: 'rejected', request, reason: 'bad-credential' }
        if (disabled.has(message.user)) return { type: 'rejected', request, reason: 'disabled' }
        sessions.set(message.session, 'active')
        return {
          type: 'login.accepted',
          request,
          session: message.session,
          ticket: 'ticket',
          policy: downloaded.policy,
          credentialVersion: downloaded.credentialVersion,
          replicated: 'both',
        }
      case 'resume-offline':
        return adopt(message)
      default:
        return replyOfSession(message)
    }
  }

  const adopt = (message: Extract<AgentMessage, { type: 'resume-offline' }>): ApplianceMessage => {
    const { request, session, user, pause } = message
    if (disabled.has(user)) return { type: 'rejected', request, reason: 'disabled' }
    const isChanged = message.state === 'active' && !samePolicy(message.policy, downloaded.policy)
    const paused = pause ?? (isChanged ? 'coming-online' : undefined)
    const state = paused === undefined ? message.state : 'paused'
    sessions.set(session, state)
    if (state === 'ended') return { type: 'logged-out', request, replicated: 'both' }
    const answer = { type: 'adopted', request, session, ticket: 'ticket', policy: downloaded.policy, state } as const
    return { ...answer, ...(paused === undefined ? {} : { paused }), replicated: 'both' }
  }

  const replyOfSession = (message: Extract<AgentMessage, { ticket: string }>): ApplianceMessage => {
    const { request, session } = message
    const known = sessions.get(session)
    if (known === undefined) return { type: 'rejected', request, reason: 'unknown-session' }
    if (known === 'ended') return { type: 'rejected', request, reason: 'session-ended' }
    switch (message.type) {
      case 'resume': {
        const state = message.pause === undefined ? known : 'paused'
        sessions.set(session, state)
        const paused = message.pause === undefined ? {} : { paused: message.pause }
        return { type: 'resumed', request, session, state, ...paused, replicated: 'both' }
      }
      case 'pause':
        sessions.set(session, 'paused')
        return { type: 'paused', request, replicated: 'both' }
      case 'lock':
        sessions.set(session, 'locked')
        return { type: 'locked', request, replicated: 'both' }
      case 'unlock':
        if (message.password !== 'right') return { type: 'rejected', request, reason: 'bad-credential' }
        sessions.set(session, 'active')
        return { type: 'unlocked', request, ...downloaded, replicated: 'both' }
      case 'logout':
        sessions.set(session, 'ended')
        return { type: 'logged-out', request, replicated: 'both' }
      default:
        return assertNever(message)
    }
  }

  const commandAndAnswer = (make: (call: number) => Command): CommandAnswer | undefined => {
    calls += 1
    push({ type: 'command', command: make(calls) })
    return log.answers.get(calls)
  }

  const elapse = (ms: number): void => {
    const untilMs = nowMs + ms
    for (;;) {
      const [due] = [...timers].filter(([, timer]) => timer.atMs <= untilMs).sort((a, b) => a[1].atMs - b[1].atMs)
      if (due === undefined) break
      const [key, { number, atMs }] = due
      timers.delete(key)
      nowMs = Math.max(nowMs, atMs)
      push({ type: 'timer.fired', key, number })
    }
    nowMs = untilMs
  }

  return {
    log,
    sessions,
    start: () => {
      const topology = options.cached === true ? options.topology : undefined
      push({ type: 'started', topology, offline: options.offline ?? emptyOfflineData('first') })
      elapse(0)
    },
    behave: (behaviour: Behaviour, ...hosts: string[]) => hosts.forEach((host) => behaviours.set(host, behaviour)),
    /** The appliance at `host` dies: new dials are refused, its links are lost, and reconnect jitter passes. */
    lose: (...hosts: string[]) => {
      for (const host of hosts) behaviours.set(host, 'refused')
      const lost = [...links].filter(([, link]) => hosts.includes(link.host))
      for (const [dial] of lost) links.delete(dial)
      for (const [dial] of lost) push({ type: 'link.lost', dial, reason: 'closed', heardAgoMs })
      elapse(30_000)
    },
    /** Only the links are lost; the appliance answers again at once. */
    cutLinks: (host: string) => {
      const lost = [...links].filter(([, link]) => link.host === host)
      for (const [dial] of lost) links.delete(dial)
      for (const [dial] of lost) push({ type: 'link.lost', dial, reason: 'closed', heardAgoMs })
      elapse(30_000)
    },
    /** Dials are answered only after `release`. */
    hold: () => {
      held = []
    },
    release: () => {
      const answers = held ?? []
      held = undefined
      for (const answer of answers) push(answer)
    },
    move: (to: HostNetwork) => {
      network = to
    },
    publish: (topology: Topology) => {
      published.topology = topology
    },
    /** Pushes a topology over every open link. */
    pushTopology: (topology: Topology) => {
      published.topology = topology
      for (const dial of links.keys())
        push({ type: 'message.received', dial, message: { type: 'topology.changed', topology } })
    },
    /** The appliance at `host` says something unasked. */
    say: (host: string, message: ApplianceMessage) => {
      for (const [dial, link] of links) if (link.host === host) push({ type: 'message.received', dial, message })
    },
    elapse,
    /** The workstation sleeps: what was due meanwhile comes when it wakes. */
    sleep: (ms: number) => {
      nowMs += ms
      elapse(0)
    },
    /** The workstation's clock is set by hand. */
    setClock: (byMs: number) => {
      wallAheadMs += byMs
    },
    /** The users' passwords are of this version from now on. */
    credentialVersion: (version: number) => {
      downloaded.credentialVersion = version
    },
    /** Uploads of audit records are not answered from now on. */
    muteAudit: () => {
      auditIsMute = true
    },
    disable: (user: string) => disabled.add(user),
    login: (user = 'alice', password = 'right') =>
      commandAndAnswer((call) => ({ type: 'login', call, user: UserName(user), password })),
    unlock: (session: SessionId, password = 'right') =>
      commandAndAnswer((call) => ({ type: 'unlock', call, session, password })),
    answerAs: (session: SessionId, user: string) =>
      commandAndAnswer((call) => ({ type: 'unlock', call, session, user: UserName(user), password: 'right' })),
    activity: (session: SessionId) => commandAndAnswer((call) => ({ type: 'activity', call, session })),
    /** Logins and unlocks from now on download this. */
    changePolicy: (change: Partial<EffectivePolicy>) => {
      downloaded.policy = { ...downloaded.policy, ...change }
    },
    /** Links that are lost from now on were last heard this long before. */
    heardAgo: (ms: number) => {
      heardAgoMs = ms
    },
    lock: (session: SessionId) => commandAndAnswer((call) => ({ type: 'lock', call, session })),
    logout: (session: SessionId) => commandAndAnswer((call) => ({ type: 'logout', call, session })),
    answer: (call: number) => log.answers.get(call),
    now: () => nowMs,
    status: () => machine.status(nowMs),
    event: push,
  }
}

/** The session that an accepted answer names. */
export function sessionOf(answer: CommandAnswer | undefined): SessionId {
  assert(answer?.outcome === 'accepted', `the command is accepted, not ${JSON.stringify(answer)}`)
  return answer.session
}
