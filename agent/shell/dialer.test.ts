import { EventEmitter, once } from 'node:events'
import { type AddressInfo, type Socket, createServer } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { DialId } from '#shared/ids.ts'
import { createAuthority } from '#shared/pki/authority.ts'
import { agentTls, applianceTls } from '#shared/pki/tls-options.ts'
import { closeCodes, closeName } from '#shared/wire/close-codes.ts'
import { wireLimits } from '#shared/wire/limits.ts'
import { connectTable } from './connect-table.ts'
import { Dialer, type DialerOptions } from './dialer.ts'
import { type DialEffect, type LinkEvent } from './link.ts'
import {
  type TestAppliance,
  type TestConnection,
  type TestPki,
  applianceHost,
  testAppliance,
  testPki,
  welcome,
} from './testing-appliance.ts'

const heartbeat = { heartbeatMs: 5000, heartbeatsMissedMax: 2, heartbeatSlackMs: 1000 }
const quickHeartbeat = { heartbeatMs: 40, heartbeatsMissedMax: 2, heartbeatSlackMs: 40 }
const welcomed = {
  type: 'dial.answered',
  dial: 1,
  answer: { type: 'welcome', appliance: 'chicago-1', site: 'chicago', epoch: 3 },
}

let pki: TestPki
let used: Dialer | undefined
beforeAll(async () => {
  pki = await testPki()
})
afterEach(async () => {
  await used?.close()
  used = undefined
})

/** What one agent is told, in order. */
class Told {
  readonly events: LinkEvent[] = []
  readonly #arrived = new EventEmitter()

  readonly emit = (event: LinkEvent): void => {
    this.events.push(event)
    this.#arrived.emit('event')
  }

  /** All events, as soon as there are `count`. */
  async first(count: number): Promise<readonly LinkEvent[]> {
    while (this.events.length < count) await once(this.#arrived, 'event')
    return this.events
  }
}

/** A dialer whose dials of `applianceHost:443` go to `port`, with one agent. */
function dialing(port: number, options: Partial<DialerOptions> = {}) {
  const table = connectTable([{ from: `${applianceHost}:443`, to: `127.0.0.1:${port}` }], {
    'stated.example': '127.0.0.1',
  })
  const own = new Dialer({ tls: pki.agent, table, heartbeat, nowMs: () => performance.now(), ...options })
  used = own
  const told = new Told()
  return { own, told, agent: own.forAgent(told.emit) }
}

function dialOf(number: number, changes: Partial<DialEffect> = {}): DialEffect {
  const hello = { type: 'hello', versions: { min: 1, max: 1 }, agent: 'w-1', epoch: 0 } as const
  return { type: 'dial', dial: DialId(number), host: applianceHost, port: 443, hello, timeoutMs: 5000, ...changes }
}

function welcomes(connection: TestConnection, message: unknown): void {
  if ((message as { type: string }).type === 'hello') connection.socket.send(JSON.stringify(welcome))
}

function only(appliance: TestAppliance): TestConnection {
  const [connection] = appliance.connections
  if (connection === undefined) throw new Error('nobody connected')
  return connection
}

type Listener = AsyncDisposable & { readonly port: number; readonly sockets: readonly Socket[] }

/** A bare listener on loopback. */
async function listener(onSocket: (socket: Socket) => void): Promise<Listener> {
  const sockets: Socket[] = []
  const server = createServer((socket) => {
    sockets.push(socket)
    socket.on('error', () => {})
    onSocket(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    sockets,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/** How a single dial ends. */
async function outcome(port: number, changes: Partial<DialEffect> = {}, options: Partial<DialerOptions> = {}) {
  const { told, agent } = dialing(port, options)
  agent.dial(dialOf(1, changes))
  const [event] = await told.first(1)
  return event?.type === 'dial.failed' ? `${event.reason} (${event.detail})` : event
}

describe('a dial that is answered', () => {
  test('says hello, hears welcome, and carries messages both ways', async () => {
    await using appliance = await testAppliance(pki, welcomes)
    const { told, agent } = dialing(appliance.port)
    agent.dial(dialOf(1))
    expect(await told.first(1)).toEqual([welcomed])
    expect(only(appliance).messages).toEqual([dialOf(1).hello])
    expect(only(appliance).transport.getProtocol()).toBe('TLSv1.3')

    const coming = only(appliance).next()
    agent.send(DialId(1), { type: 'topology.get', request: 7 })
    expect(await coming).toEqual({ type: 'topology.get', request: 7 })
    only(appliance).socket.send(JSON.stringify({ type: 'refreshed', request: 7, epoch: 3 }))
    expect((await told.first(2))[1]).toEqual({
      type: 'message.received',
      dial: 1,
      message: { type: 'refreshed', request: 7, epoch: 3 },
    })
  })

  test('the URL and the server name stay those that were dialled', async () => {
    await using appliance = await testAppliance(pki, welcomes)
    const { told, agent } = dialing(appliance.port)
    agent.dial(dialOf(1))
    await told.first(1)
    expect(only(appliance).transport.servername).toBe(applianceHost)
    expect(only(appliance).requestedHost).toBe(applianceHost)
  })

  test.each([
    { type: 'unavailable', reason: 'no-database' },
    { type: 'busy', retryAfterMs: 250 },
  ] as const)('[SP6] the first message $type is the answer, and the link is closed', async (answer) => {
    await using appliance = await testAppliance(pki, ({ socket }) => socket.send(JSON.stringify(answer)))
    const { told, agent } = dialing(appliance.port)
    agent.dial(dialOf(1))
    expect(await told.first(1)).toEqual([{ type: 'dial.answered', dial: 1, answer }])
    const [code] = (await once(only(appliance).socket, 'close')) as [number]
    expect(code).toBe(closeCodes.finished)
    expect(told.events).toHaveLength(1)
  })
})

describe('a dial that fails', () => {
  test('[SP6] refused', async () => {
    const gone = await listener(() => {})
    await gone[Symbol.asyncDispose]()
    expect(await outcome(gone.port)).toBe('refused (ECONNREFUSED)')
  })

  test('[SP6] connected, then reset', async () => {
    await using resetting = await listener((socket) => socket.resetAndDestroy())
    expect(await outcome(resetting.port)).toBe('reset (ECONNRESET)')
  })

  test('[SP6] silence on the socket, in TLS or after it is timed out', async () => {
    await using silent = await listener(() => {})
    expect(await outcome(silent.port, { timeoutMs: 50 })).toBe('timed-out (50 ms)')
    await used?.close()
    await using mute = await testAppliance(pki, () => {})
    expect(await outcome(mute.port, { timeoutMs: 100 })).toBe('timed-out (100 ms)')
  })

  test('[SC1] another authority, another name and TLS 1.2 are TLS failures', async () => {
    await using appliance = await testAppliance(pki, welcomes)
    const foreign = agentTls({ ca: (await createAuthority('Elsewhere')).certificatePem })
    expect(await outcome(appliance.port, {}, { tls: foreign })).toBe('tls-failed (SELF_SIGNED_CERT_IN_CHAIN)')
    await used?.close()
    const other = { host: 'stated.example', port: appliance.port }
    expect(await outcome(appliance.port, other)).toBe('tls-failed (ERR_TLS_CERT_ALTNAME_INVALID)')
    await used?.close()
    const { certificatePem: cert, keyPem: key } = pki.appliance
    const options = applianceTls({ ca: pki.authority.certificatePem, cert, key })
    const old = createTlsServer({ ...options, minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' })
    old.listen(0, '127.0.0.1')
    await once(old, 'listening')
    expect(await outcome((old.address() as AddressInfo).port)).toMatch(
      /^tls-failed \((?:EPROTO|.*PROTOCOL_VERSION)\)$/u,
    )
    old.close()
  })

  test('[SP6] a host that has no address', async () => {
    // Longer than a label may be, so that the resolver refuses it without asking anybody.
    const host = `${'x'.repeat(64)}.example`
    expect(await outcome(1, { host })).toMatch(/^no-address/u)
    await used?.close()
    expect(await outcome(1, { host: 'not a name' })).toBe('no-address (not a host name)')
  })

  test('closed before the first message is a reset, and the close code is told by name', async () => {
    await using appliance = await testAppliance(pki, ({ socket }) => socket.close(closeCodes.stopping))
    expect(await outcome(appliance.port)).toBe('reset (closed stopping)')
  })

  test('a first message that is malformed or out of order is answered with its close code', async () => {
    const cases = [
      ['{}', closeCodes.malformed, 'reset (malformed: no known message type)'],
      [
        JSON.stringify({ type: 'refreshed', request: 1, epoch: 1 }),
        closeCodes.unexpected,
        'reset (unexpected: refreshed before welcome)',
      ],
      [Buffer.from(JSON.stringify(welcome)), closeCodes.malformed, 'reset (malformed: not text)'],
    ] as const
    for (const [data, closeCode, told] of cases) {
      await using appliance = await testAppliance(pki, ({ socket }) => socket.send(data))
      expect(await outcome(appliance.port)).toBe(told)
      const [code] = (await once(only(appliance).socket, 'close')) as [number]
      expect(code).toBe(closeCode)
      await used?.close()
    }
  })
})

describe('dials in flight', () => {
  test('the rest wait, their timeout begins when they leave the queue, and a hang-up in the queue is quiet', async () => {
    await using silent = await listener(() => {})
    const { told, agent } = dialing(silent.port, { dialsInFlightMax: 2 })
    const begun = performance.now()
    for (const number of [1, 2, 3, 4]) agent.dial(dialOf(number, { timeoutMs: 150 }))
    agent.hangUp(DialId(3))
    expect((await told.first(2)).map(({ dial }) => dial)).toEqual([1, 2])
    expect(silent.sockets).toHaveLength(2)
    expect((await told.first(3)).map(({ dial }) => dial)).toEqual([1, 2, 4])
    expect(performance.now() - begun).toBeGreaterThan(290)
    expect(silent.sockets).toHaveLength(3)
  })

  test('who has a link already goes before who has none', async () => {
    await using appliance = await testAppliance(pki, welcomes)
    const { own, told, agent } = dialing(appliance.port, { dialsInFlightMax: 1 })
    agent.dial(dialOf(1))
    await told.first(1)
    const [under, behind] = [new Told(), new Told()]
    own.forAgent(under.emit).dial(dialOf(1))
    own.forAgent(behind.emit).dial(dialOf(1))
    agent.dial(dialOf(2))
    await behind.first(1)
    expect(told.events.map(({ dial }) => dial)).toEqual([1, 2])
    expect(under.events).toHaveLength(1)
  })

  test('agents of one process may use the same numbers', async () => {
    await using appliance = await testAppliance(pki, welcomes)
    const { own, told, agent } = dialing(appliance.port, { dialsInFlightMax: 1 })
    const neighbour = new Told()
    agent.dial(dialOf(1))
    own.forAgent(neighbour.emit).dial(dialOf(1))
    expect(await told.first(1)).toEqual([welcomed])
    expect(await neighbour.first(1)).toEqual([welcomed])
    agent.hangUp(DialId(1))
    appliance.connections[1]?.socket.close(closeCodes.stopping)
    expect((await neighbour.first(2))[1]).toMatchObject({ type: 'link.lost', dial: 1, reason: 'stopping' })
    expect(told.events).toHaveLength(1)
  })

  test('nothing is told of a dial or link after its hang-up', async () => {
    await using appliance = await testAppliance(pki, (connection, message) => {
      welcomes(connection, message)
      connection.socket.send(JSON.stringify({ type: 'busy', retryAfterMs: 1 }))
    })
    const { told, agent } = dialing(appliance.port)
    agent.dial(dialOf(1))
    agent.hangUp(DialId(1))
    agent.dial(dialOf(2))
    await told.first(1)
    agent.hangUp(DialId(2))
    agent.send(DialId(2), { type: 'topology.get', request: 1 })
    const [code] = (await once(only(appliance).socket, 'close')) as [number]
    expect(code).toBe(closeCodes.finished)
    expect(told.events.map(({ type, dial }) => `${type} ${dial}`)).toEqual(['dial.answered 2'])
  })
})

describe('a link', () => {
  const cases = [
    ['a close code of ours', ({ socket }: TestConnection) => socket.close(closeCodes.stopping), 'stopping'],
    ['another close code', ({ socket }: TestConnection) => socket.close(4999), 'code 4999'],
    ['no close frame', ({ socket }: TestConnection) => socket.terminate(), 'reset'],
    [
      'a malformed message',
      ({ socket }: TestConnection) => socket.send('{"type":"hello"}'),
      'malformed: no known message type',
    ],
    [
      'a second welcome',
      ({ socket }: TestConnection) => socket.send(JSON.stringify(welcome)),
      'unexpected: welcome twice',
    ],
    [
      'more bytes than a message may have',
      ({ socket }: TestConnection) => socket.send('x'.repeat(wireLimits.applianceMessageBytesMax + 1)),
      'oversized',
    ],
  ] as const
  test.each(cases)('ends by %s', async (_, end, reason) => {
    await using appliance = await testAppliance(pki, welcomes)
    const { told, agent } = dialing(appliance.port)
    agent.dial(dialOf(1))
    await told.first(1)
    end(only(appliance))
    expect((await told.first(2))[1]).toMatchObject({ type: 'link.lost', dial: 1, reason })
  })

  const badMessages = [
    ['malformed', ({ socket }: TestConnection) => socket.send('{"type":"hello"}')],
    ['malformed', ({ socket }: TestConnection) => socket.send(JSON.stringify({ ...welcome, extra: 1 }))],
    ['malformed', ({ socket }: TestConnection) => socket.send(Buffer.from(JSON.stringify(welcome)))],
    ['unexpected', ({ socket }: TestConnection) => socket.send(JSON.stringify(welcome))],
    ['oversized', ({ socket }: TestConnection) => socket.send('x'.repeat(wireLimits.applianceMessageBytesMax + 1))],
    ['notUtf8', ({ transport }: TestConnection) => transport.write(Buffer.from([0x81, 0x02, 0xc3, 0x28]))],
    ['notFrames', ({ transport }: TestConnection) => transport.write(Buffer.from([0x83, 0x00]))],
  ] as const
  test.each(badMessages)(
    '[SC3] tells an appliance that does wrong: %s; the links to others go on',
    async (name, wrong) => {
      await using bad = await testAppliance(pki, welcomes)
      await using good = await testAppliance(pki, welcomes)
      const { own, told, agent } = dialing(bad.port, {
        table: connectTable(
          [
            { from: `${applianceHost}:443`, to: `127.0.0.1:${bad.port}` },
            { from: `${applianceHost}:444`, to: `127.0.0.1:${good.port}` },
          ],
          {},
        ),
      })
      const neighbour = new Told()
      const other = own.forAgent(neighbour.emit)
      agent.dial(dialOf(1))
      other.dial(dialOf(1, { port: 444 }))
      await Promise.all([told.first(1), neighbour.first(1)])
      const closed = once(only(bad).socket, 'close') as Promise<[number]>
      wrong(only(bad))
      const [code] = await closed
      expect(closeName(code)).toBe(name)
      expect((await told.first(2))[1]).toMatchObject({
        type: 'link.lost',
        dial: 1,
        reason: expect.stringContaining(name),
      })
      const coming = only(good).next()
      other.send(DialId(1), { type: 'topology.get', request: 1 })
      expect(await coming).toMatchObject({ type: 'topology.get' })
      expect(neighbour.events).toHaveLength(1)
    },
  )

  test('is lost when nothing is heard any more', async () => {
    await using appliance = await testAppliance(pki, welcomes)
    const { told, agent } = dialing(appliance.port, { heartbeat: quickHeartbeat })
    agent.dial(dialOf(1))
    await told.first(1)
    only(appliance).transport.pause()
    expect((await told.first(2))[1]).toMatchObject({ type: 'link.lost', dial: 1, reason: 'silent' })
  })

  test('pings are enough to keep it, and new settings count at once', async () => {
    await using appliance = await testAppliance(pki, welcomes)
    const { own, told, agent } = dialing(appliance.port)
    agent.dial(dialOf(1))
    await told.first(1)
    own.setHeartbeat(quickHeartbeat)
    for (let ping = 0; ping < 5; ping += 1) await once(only(appliance).socket, 'ping')
    expect(told.events).toHaveLength(1)
  })

  test('[LO7] a stall of the agent itself loses no link', async () => {
    await using appliance = await testAppliance(pki, welcomes)
    const { told, agent } = dialing(appliance.port, { heartbeat: quickHeartbeat })
    agent.dial(dialOf(1))
    await told.first(1)
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300)
    for (let ping = 0; ping < 3; ping += 1) await once(only(appliance).socket, 'ping')
    expect(told.events).toHaveLength(1)
  })

  const stalledMs = 300
  const slept = [
    ['what is silent', ({ transport }: TestConnection) => transport.pause()],
    ['what said goodbye as that began', ({ socket }: TestConnection) => socket.close(closeCodes.stopping)],
  ] as const
  test.each(slept)('[CH2] a stall of the agent itself is no contact: %s', async (_, end) => {
    await using appliance = await testAppliance(pki, welcomes)
    const { told, agent } = dialing(appliance.port, { heartbeat: quickHeartbeat })
    agent.dial(dialOf(1))
    await told.first(1)
    end(only(appliance))
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, stalledMs)
    const [, lost] = await told.first(2)
    expect(lost?.type === 'link.lost' && lost.heardAgoMs).toBeGreaterThanOrEqual(stalledMs)
  })

  test('is cut when more bytes wait in it than the bound', async () => {
    await using appliance = await testAppliance(pki, welcomes)
    const { told, agent } = dialing(appliance.port)
    agent.dial(dialOf(1))
    await told.first(1)
    only(appliance).transport.pause()
    const password = 'p'.repeat(1024 * 1024)
    for (let request = 1; request <= 40; request += 1) {
      agent.send(DialId(1), { type: 'login', request, session: 's', user: 'u', password })
    }
    expect((await told.first(2))[1]).toMatchObject({ type: 'link.lost', dial: 1, reason: 'tooSlow' })
  })
})
