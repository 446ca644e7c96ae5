import { EventEmitter, once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type AgentEffect, type AgentEvent } from '../core/events.ts'
import { emptyOfflineData } from '../core/offline-data.ts'
import { type ClockReadings } from '#shared/clock.ts'
import { type AgentConfig } from '#shared/config.schema.ts'
import { type AgentStatus, type Decision } from '#shared/decision.ts'
import { AgentId, DialId, PassId, SessionId, UserName } from '#shared/ids.ts'
import { normalSettings } from '#shared/policy/settings.ts'
import { type Topology } from '#shared/topology/model.ts'
import { closeCodes } from '#shared/wire/close-codes.ts'
import { type WatchLine } from './control.ts'
import { type AgentHost, type MachineOptions, agentHost } from './host.ts'
import { type LogLine } from './log.ts'
import {
  type TestConnection,
  type TestPki,
  applianceHost,
  testAppliance,
  testPki,
  welcome,
} from './testing-appliance.ts'

const first = AgentId('w-1')
const second = AgentId('w-2')
const topology: Topology = {
  epoch: 3,
  enterprise: 'Hospital',
  generation: 'G4',
  sites: [],
  appliances: [],
  settings: { ...normalSettings, heartbeatMs: 30 },
}
const accepted = {
  outcome: 'accepted',
  session: SessionId('s-1'),
  state: 'active',
  binding: null,
  replicated: 'both',
  decision: 1,
} as const

let pki: TestPki
let folder = ''
let host: AgentHost | undefined
beforeAll(async () => {
  pki = await testPki()
})
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'host-'))
})
afterEach(async () => {
  await host?.stop()
  host = undefined
  rmSync(folder, { recursive: true })
})

/** What the agents of the host were told, and what the host said of them. */
class Heard {
  readonly events: { readonly agent: AgentId; readonly event: AgentEvent }[] = []
  readonly lines: LogLine[] = []
  readonly created: MachineOptions[] = []
  readonly #arrived = new EventEmitter()

  add(agent: AgentId, event: AgentEvent): void {
    this.events.push({ agent, event })
    this.#arrived.emit('event')
  }

  /** The first event of that type, as soon as there is one. */
  async until<Type extends AgentEvent['type']>(type: Type): Promise<Extract<AgentEvent, { type: Type }>> {
    for (;;) {
      const found = this.events.find(({ event }) => event.type === type)
      if (found !== undefined) return found.event as Extract<AgentEvent, { type: Type }>
      await once(this.#arrived, 'event')
    }
  }

  types(agent: AgentId): string[] {
    return this.events.flatMap(({ agent: of, event }) => (of === agent ? [event.type] : []))
  }
}

type Script = (event: AgentEvent, agent: AgentId) => readonly AgentEffect[]

/** A host with two agents whose machine is a script. */
function hosting(
  script: Script,
  changes: Partial<AgentConfig> & { readonly port?: number; readonly readings?: ClockReadings } = {},
) {
  const { port = 1, readings, ...config } = changes
  const heard = new Heard()
  const agent = { primServer: `${applianceHost}:443`, altServers: ['10.1.0.11:444'] }
  const own = agentHost(
    {
      seed: 'seed',
      control: { port: 1, token: 't' },
      caFile: 'unused',
      cacheFolder: folder,
      connectTo: [{ from: `${applianceHost}:443`, to: `127.0.0.1:${port}` }],
      resolve: { 'stated.example': '10.9.0.1' },
      settings: normalSettings,
      agents: [
        { ...agent, id: first, network: { addresses: ['172.16.8.40'], routes: [] } },
        { ...agent, id: second },
      ],
      ...config,
    },
    {
      createMachine(options) {
        heard.created.push(options)
        return {
          id: options.id,
          status: (policyMs) => statusOf(options.id, policyMs),
          step(event) {
            heard.add(options.id, event)
            return script(event, options.id)
          },
        }
      },
      tls: pki.agent,
      log: (line) => heard.lines.push(line),
      onStop: () => {},
      ...(readings === undefined ? {} : { readings }),
      readNetwork: () => Promise.resolve({ adapters: [{ name: 'eth0', addresses: ['192.0.2.2'] }], routes: [] }),
    },
  )
  host = own
  return { own, heard }
}

function statusOf(agent: AgentId, policyMs: number): AgentStatus {
  return {
    agent,
    profile: 'windows',
    online: policyMs < 0,
    home: { site: null, by: 'none' },
    topology: { inUse: 0, received: 0 },
    pin: null,
    links: [],
    sessions: [],
    passes: [],
  }
}

function decision(number: number): Decision {
  return {
    number,
    agent: first,
    profile: 'windows',
    purpose: 'login',
    sessions: [],
    beganAtMs: 0,
    endedAtMs: 0,
    home: { site: null, by: 'none' },
    epoch: 0,
    candidates: [],
    outcome: 'exhausted',
    appliance: null,
    stage: null,
    rules: [],
    reason: '',
  }
}

const dial: AgentEffect = {
  type: 'dial',
  dial: DialId(1),
  host: applianceHost,
  port: 443,
  hello: { type: 'hello', versions: { min: 1, max: 1 }, agent: first, epoch: 0 },
  timeoutMs: 5000,
}

function login(own: AgentHost, agent = first) {
  return own.door.command(agent, (call) => ({ type: 'login', call, user: UserName('ann'), password: 'hunter2' }))
}

describe('agents of one process', () => {
  test('each has its servers, its settings and dice of its own', () => {
    const { heard } = hosting(() => [])
    expect(heard.created).toMatchObject(
      [first, second].map((id) => ({
        id,
        primServer: { host: applianceHost, port: 443 },
        altServers: [{ host: '10.1.0.11', port: 444 }],
        settings: normalSettings,
      })),
    )
    const [one, other] = heard.created.map(({ random }) => random.hex(16))
    expect(one).not.toBe(other)
  })

  test('a command goes to its agent, out to the appliance, and its answer comes back', async () => {
    await using appliance = await testAppliance(pki, ({ socket }, message) => {
      const { type } = message as { type: string }
      socket.send(JSON.stringify(type === 'hello' ? welcome : { type: 'locked', request: 1, replicated: 'both' }))
    })
    const script: Script = (event) => {
      switch (event.type) {
        case 'command':
          return [dial]
        case 'dial.answered':
          return [{ type: 'send', dial: DialId(1), message: { type: 'topology.get', request: 1 } }]
        case 'message.received':
          return [
            { type: 'answer', call: 1, answer: accepted },
            { type: 'hang-up', dial: DialId(1) },
          ]
        default:
          return []
      }
    }
    const { own, heard } = hosting(script, { port: appliance.port })
    own.start()
    expect(await login(own)).toEqual(accepted)
    expect(heard.types(first)).toEqual(['started', 'command', 'dial.answered', 'message.received'])
    expect(heard.types(second)).toEqual(['started'])
    expect(own.door.command(AgentId('w-3'), () => expect.fail())).toBeUndefined()
  })

  test('[BT3] the topology in use is on the disk before anything of the turn is sent, and comes back at the start', async () => {
    const file = path.join(folder, `${first}.topology.json`)
    const seen: boolean[] = []
    await using appliance = await testAppliance(pki, ({ socket }, message) => {
      if ((message as { type: string }).type === 'hello') socket.send(JSON.stringify(welcome))
      else seen.push(existsSync(file))
      if (seen.length === 1) socket.close(closeCodes.stopping)
    })
    const script: Script = (event) => {
      if (event.type === 'command') return [dial]
      if (event.type !== 'dial.answered') return []
      return [
        { type: 'send', dial: DialId(1), message: { type: 'topology.get', request: 1 } },
        { type: 'persist', topology: { ...topology, epoch: 2 } },
        { type: 'persist', topology },
      ]
    }
    const { own, heard } = hosting(script, { port: appliance.port })
    own.start()
    void login(own)
    expect(await heard.until('link.lost')).toMatchObject({ reason: 'stopping' })
    expect(seen).toEqual([true])
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(topology)
    await own.stop()

    const restarted = hosting(() => [])
    restarted.own.start()
    await restarted.heard.until('started')
    expect(restarted.heard.events).toEqual([
      { agent: first, event: { type: 'started', topology, offline: expect.anything() } },
      { agent: second, event: { type: 'started', topology: undefined, offline: expect.anything() } },
    ])
  })

  test('[OF5] offline data are on the disk before anything of the turn is sent, and come back at the start', async () => {
    const file = path.join(folder, `${first}.offline`)
    const seen: boolean[] = []
    await using appliance = await testAppliance(pki, ({ socket }, message) => {
      if ((message as { type: string }).type === 'hello') socket.send(JSON.stringify(welcome))
      else seen.push(existsSync(file))
      if (seen.length === 1) socket.close(closeCodes.stopping)
    })
    const data = { ...emptyOfflineData('kept'), seenMs: 7 }
    const script: Script = (event) => {
      if (event.type === 'command') return [dial]
      if (event.type !== 'dial.answered') return []
      return [
        { type: 'send', dial: DialId(1), message: { type: 'topology.get', request: 1 } },
        { type: 'persist-offline', data: emptyOfflineData('kept') },
        { type: 'persist-offline', data },
      ]
    }
    const { own, heard } = hosting(script, { port: appliance.port })
    own.start()
    void login(own)
    await heard.until('link.lost')
    expect(seen).toEqual([true])
    await own.stop()
    const restarted = hosting(() => [])
    restarted.own.start()
    expect(await restarted.heard.until('started')).toEqual({ type: 'started', topology: undefined, offline: data })
  })

  test('[OF4] passwords are hashed off the loop, at the cost of the configuration', async () => {
    const { own, heard } = hosting(
      (event) => {
        if (event.type === 'started') return [{ type: 'make-verifier', job: 1, password: 'correct-horse' }]
        if (event.type !== 'verifier.made') return []
        return [{ type: 'verify-offline', job: 2, verifier: event.verifier, password: 'correct-horse' }]
      },
      { offlineHashCost: 'minimum' },
    )
    own.start()
    expect((await heard.until('verifier.made')).verifier).toContain('m=8,t=1,p=1')
    expect(await heard.until('offline.verified')).toEqual({ type: 'offline.verified', job: 2, ok: true })
  })

  test('heartbeats follow the newest topology in use', async () => {
    const connected = Promise.withResolvers<TestConnection>()
    await using appliance = await testAppliance(pki, (connection) => {
      connection.socket.send(JSON.stringify(welcome))
      connected.resolve(connection)
    })
    const older = { ...topology, epoch: 2, settings: normalSettings }
    const { own, heard } = hosting(
      (event, agent) => {
        if (event.type === 'started' && agent === first) return [dial]
        if (event.type === 'dial.answered') return [{ type: 'persist', topology }]
        return event.type === 'command' ? [{ type: 'persist', topology: older }] : []
      },
      { port: appliance.port },
    )
    own.start()
    const { socket } = await connected.promise
    await heard.until('dial.answered')
    void login(own, second)
    await heard.until('command')
    await once(socket, 'ping')
    await once(socket, 'ping', { signal: AbortSignal.timeout(1000) })
  })

  test('a survey has the declared network, or this machine, and addresses of names', async () => {
    const { own, heard } = hosting((event) =>
      event.type === 'started' ? [{ type: 'survey', pass: PassId(4), hosts: ['stated.example', applianceHost] }] : [],
    )
    own.start()
    await heard.until('surveyed')
    await expect.poll(() => heard.events.length).toBe(4)
    const surveys = heard.events.flatMap(({ event }) => (event.type === 'surveyed' ? [event] : []))
    const addresses = new Map([['stated.example', '10.9.0.1']])
    expect(surveys).toContainEqual({
      type: 'surveyed',
      pass: 4,
      network: { adapters: [{ name: 'declared', addresses: ['172.16.8.40'] }], routes: [] },
      addresses,
    })
    expect(surveys).toContainEqual({
      type: 'surveyed',
      pass: 4,
      network: { adapters: [{ name: 'eth0', addresses: ['192.0.2.2'] }], routes: [] },
      addresses,
    })
  })

  test('timers run on their time base, one of a key, and each agent has its own', async () => {
    const set = (key: string, number: number, afterMs: number, base: 'wire' | 'policy'): AgentEffect => ({
      type: 'set-timer',
      key,
      number,
      afterMs,
      base,
    })
    const { own, heard } = hosting(
      (event, agent) => {
        if (event.type !== 'started') return []
        if (agent === second) return [{ type: 'clear-timer', key: 'policy' }]
        return [
          set('wire', 1, 30, 'wire'),
          set('wire', 2, 60, 'wire'),
          set('policy', 3, 600_000, 'policy'),
          set('void', 4, 1, 'wire'),
          { type: 'clear-timer', key: 'void' },
        ]
      },
      { settings: { ...normalSettings, timeScale: 60_000 } },
    )
    own.start()
    await expect.poll(() => heard.types(first).length).toBe(3)
    expect(heard.events.slice(2)).toEqual([
      { agent: first, event: { type: 'timer.fired', key: 'policy', number: 3 } },
      { agent: first, event: { type: 'timer.fired', key: 'wire', number: 2 } },
    ])
  })
})

describe('what a host says', () => {
  test('[CH3] what came due while the machine slept comes as soon as it wakes', async () => {
    const afterMs = 3_600_000
    let sleptMs = 0
    const readings: ClockReadings = {
      monotonicMs: () => performance.now(),
      wallMs: () => performance.timeOrigin + performance.now() + sleptMs,
      originMs: performance.timeOrigin,
    }
    const script: Script = (event) =>
      event.type === 'started' ? [{ type: 'set-timer', key: 'inactivity', number: 1, afterMs, base: 'policy' }] : []
    const { own, heard } = hosting(script, { readings })
    own.start()
    await heard.until('started')
    sleptMs = afterMs
    expect(await heard.until('timer.fired')).toMatchObject({ key: 'inactivity', number: 1 })
  })

  test('watchers hear every status once a turn, and passes and decisions in order', async () => {
    const script: Script = (event, agent) => {
      if (event.type === 'started') return [{ type: 'status-changed' }, { type: 'status-changed' }]
      if (event.type !== 'command' || agent !== first) return []
      return [
        { type: 'pass-began', number: 7, purpose: 'login' },
        { type: 'status-changed' },
        { type: 'decided', decision: decision(7) },
        { type: 'status-changed' },
        { type: 'answer', call: event.command.call, answer: accepted },
      ]
    }
    const { own } = hosting(script)
    const lines: WatchLine[] = []
    const leave = own.door.watch((line) => lines.push(line))
    own.start()
    await login(own)
    const told = lines.map((line) => (line.type === 'status' ? `status ${line.status.agent}` : line.type))
    // One line each for watching; start and command then share a turn.
    expect(told).toEqual(['status w-1', 'status w-2', 'status w-1', 'status w-2', 'pass.began', 'decision'])
    expect(lines.every(({ at }) => Math.abs(at - Date.now()) < 60_000)).toBe(true)
    leave()
    const before = lines.length
    await login(own)
    expect(lines).toHaveLength(before)
  })

  test('the last 200 decisions are kept', async () => {
    const all = Array.from({ length: 205 }, (_, index) => decision(index + 1))
    const { own } = hosting((event) =>
      event.type === 'command'
        ? [
            ...all.map((one): AgentEffect => ({ type: 'decided', decision: one })),
            { type: 'answer', call: event.command.call, answer: accepted },
          ]
        : [],
    )
    await login(own)
    const kept = own.door.decisions(first) ?? []
    expect(kept.map(({ number }) => number)).toEqual(all.slice(5).map(({ number }) => number))
    expect(own.door.decisions(second)).toEqual([])
    expect(own.door.decisions(AgentId('w-3'))).toBeUndefined()
  })

  test('notes go to the log with their agent; the last events keep no secret', async () => {
    const { own, heard } = hosting((event) =>
      event.type === 'command'
        ? [
            { type: 'note', kind: 'k', level: 'warn', rules: ['SP1'], text: 't', data: { a: 1 } },
            { type: 'answer', call: event.command.call, answer: accepted },
          ]
        : [],
    )
    await login(own, second)
    expect(heard.lines).toEqual([
      { agent: second, kind: 'k', level: 'warn', rules: ['SP1'], text: 't', data: { a: 1 } },
    ])
    expect(own.lastEvents()).toEqual([
      {
        agent: second,
        event: { type: 'command', command: { type: 'login', call: 1, user: 'ann', password: '[redacted]' } },
      },
    ])
  })

  test('a stop leaves the links in order, answers who waits, and no event follows', async () => {
    const closed = Promise.withResolvers<number>()
    await using appliance = await testAppliance(pki, ({ socket }) => {
      socket.send(JSON.stringify(welcome))
      socket.once('close', (code) => closed.resolve(code))
    })
    const { own, heard } = hosting(
      (event, agent) =>
        event.type === 'started' && agent === first
          ? [dial, { type: 'set-timer', key: 'k', number: 1, afterMs: 5, base: 'wire' }]
          : [],
      { port: appliance.port },
    )
    own.start()
    await heard.until('dial.answered')
    await heard.until('timer.fired')
    const waiting = login(own)
    await heard.until('command')
    const before = heard.events.length
    await own.stop()
    expect(await waiting).toEqual({ outcome: 'failed', code: 'reset', text: 'the agent stops', decision: null })
    expect(await login(own)).toMatchObject({ outcome: 'failed', code: 'reset' })
    expect(await closed.promise).toBe(closeCodes.finished)
    expect(heard.events).toHaveLength(before)
  })
})
