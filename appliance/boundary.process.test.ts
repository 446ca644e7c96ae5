/**
 * A real appliance and what comes to its listener from both kinds of links: every bad message ends its own link under a
 * name (SC3), while an agent and a peer that do right are served on.
 */
import { once } from 'node:events'
import { type Duplex } from 'node:stream'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type WebSocket } from 'ws'
import { openSocket, TestAgent } from './testing/client.ts'
import { ended, planEnterprise, type TestEnterprise, waitFor } from './testing/enterprise.ts'
import { closeName } from '#shared/wire/close-codes.ts'
import { wireLimits } from '#shared/wire/limits.ts'

type Kind = 'agent' | 'peer'
/** What the stranger does on its open link. */
type Deed = (socket: WebSocket, raw: Duplex) => void

let enterprise: TestEnterprise
let good: TestAgent
let ticket: string
let goodPeer: WebSocket
const peerAnswers: unknown[] = []

const hellos = {
  agent: { type: 'hello', versions: { min: 1, max: 1 }, agent: 'pc-bad', epoch: 0 },
  peer: { type: 'hello.service', versions: { min: 1, max: 1 }, appliance: 't', epoch: 1 },
} as const
const bytesMax = { agent: wireLimits.agentMessageBytesMax, peer: wireLimits.peerMessageBytesMax } as const

beforeAll(async () => {
  enterprise = await planEnterprise({ a: { role: 'database' }, s: { role: 'service' }, t: { role: 'service' } })
  await enterprise.start('a')
  await enterprise.until('a', 'serves', ({ state }) => state === 'serving')
  good = await TestAgent.dial(enterprise, 'a', 'pc-good')
  ;({ ticket } = await good.login('s1'))
  goodPeer = await dial('peer', 's')
  goodPeer.on('message', (data: Buffer) => peerAnswers.push(JSON.parse(data.toString())))
  goodPeer.send(JSON.stringify({ ...hellos.peer, appliance: 's' }))
})

afterAll(async () => {
  good[Symbol.dispose]()
  goodPeer.terminate()
  await enterprise[Symbol.asyncDispose]()
})

async function dial(kind: Kind, appliance = 't'): Promise<WebSocket> {
  const identity = kind === 'peer' ? await enterprise.identity(`${appliance}.hospital.example`) : undefined
  const socket = openSocket(enterprise, 'a', `/${kind}`, identity)
  socket.on('error', () => {})
  await once(socket, 'open')
  return socket
}

/** The name under which the appliance ends a link of that kind on which this is done. */
async function endOf(kind: Kind, deed: Deed): Promise<string> {
  const socket = await dial(kind)
  const closed = once(socket, 'close') as Promise<[number]>
  const { _socket: raw } = socket as unknown as { _socket: Duplex }
  deed(socket, raw)
  const [code] = await closed
  return closeName(code) ?? String(code)
}

/** Those who do right are asked for an answer, over the links that they had before. */
async function expectOthersServed(): Promise<void> {
  expect(await good.ask({ type: 'resume', session: 's1', ticket })).toMatchObject({ type: 'resumed' })
  const before = peerAnswers.length
  goodPeer.send(JSON.stringify({ type: 'asked', request: 1, ask: { op: 'find-user', user: 'anna', agent: 'pc-good' } }))
  await waitFor('the good peer is answered', () => peerAnswers.length > before)
  expect(good.closed).toBeNull()
  expect(ended(enterprise.process('a'))).toBe(false)
}

const say =
  (...messages: (object | string)[]): Deed =>
  (socket) => {
    for (const message of messages) socket.send(typeof message === 'string' ? message : JSON.stringify(message))
  }
/** Bytes on the WebSocket as they are, without a frame of the library. */
const raw =
  (...bytes: number[]): Deed =>
  (_socket, stream) =>
    void stream.write(Buffer.from(bytes))

const deeds: readonly [what: string, name: string, deed: (kind: Kind) => Deed][] = [
  ['text that is not JSON', 'malformed', () => say('{"type":"hello"')],
  ['JSON that is no object', 'malformed', () => say('[1]')],
  ['an unknown type', 'malformed', () => say({ type: 'nonsense' })],
  ['a field too many', 'malformed', (kind) => say({ ...hellos[kind], extra: 1 })],
  ['a field too few', 'malformed', (kind) => say({ ...hellos[kind], versions: { min: 1 } })],
  ['a field out of bounds', 'malformed', (kind) => say({ ...hellos[kind], epoch: -1 })],
  [
    'a name too long',
    'malformed',
    (kind) => say({ ...hellos[kind], [kind === 'agent' ? 'agent' : 'appliance']: 'x'.repeat(254) }),
  ],
  ['a bad message after a good hello', 'malformed', (kind) => say(hellos[kind], { type: 'nonsense' })],
  ['a binary message', 'malformed', (kind) => (socket) => socket.send(Buffer.from(JSON.stringify(hellos[kind])))],
  ['deep nesting', 'malformed', (kind) => say('['.repeat(bytesMax[kind] - 16))],
  ['a message too large', 'oversized', (kind) => say('x'.repeat(bytesMax[kind] + 1))],
  [
    'a message too large in pieces',
    'oversized',
    (kind) => (socket) => {
      for (const fin of [false, true]) socket.send('x'.repeat(bytesMax[kind] / 2 + 1), { fin })
    },
  ],
  [
    'a message of countless pieces',
    'inPieces',
    () => (socket) => {
      for (let piece = 0; piece <= 16_384; piece += 1) socket.send('', { fin: false })
    },
  ],
  [
    'a request before hello',
    'unexpected',
    (kind) => say(kind === 'agent' ? { type: 'topology.get', request: 1 } : { type: 'snapshot.taken' }),
  ],
  ['a second hello', 'unexpected', (kind) => say(hellos[kind], hellos[kind])],
  [
    'a version that nobody speaks',
    'versionUnsupported',
    (kind) => say({ ...hellos[kind], versions: { min: 7, max: 9 } }),
  ],
  ['text that is not UTF-8', 'notUtf8', () => raw(0x81, 0x82, 0, 0, 0, 0, 0xc3, 0x28)],
  ['a frame without a mask', 'notFrames', () => raw(0x81, 0x02, 0x7b, 0x7d)],
  ['a frame with reserved bits', 'notFrames', () => raw(0xf1, 0x80, 0, 0, 0, 0)],
  ['a frame of no known kind', 'notFrames', () => raw(0x83, 0x80, 0, 0, 0, 0)],
]

describe.each(['agent', 'peer'] as const)('a link of kind %s', (kind) => {
  test.each(deeds)('[SC3] %s is ended as `%s`, and harms no other', async (_what, name, deed) => {
    expect(await endOf(kind, deed(kind))).toBe(name)
    await expectOthersServed()
  })

  test('[SC3] anything that is no message is ended as `malformed`', async () => {
    const anything = fc.oneof(fc.string({ maxLength: 1_000 }), fc.json())
    await fc.assert(
      fc.asyncProperty(anything, async (text) => {
        expect(await endOf(kind, say(text))).toBe('malformed')
      }),
      { numRuns: 25 },
    )
    await expectOthersServed()
  })

  test('[SC3] bytes that are no frames end that link alone, under a name', async () => {
    const names = ['notFrames', 'notUtf8', 'oversized', 'malformed']
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 14, maxLength: 200 }), async (bytes) => {
        // A first byte that no frame of a client begins with, so that it does not wait for more.
        expect(names).toContain(await endOf(kind, raw(0x8f, ...bytes)))
      }),
      { numRuns: 25 },
    )
    await expectOthersServed()
  })
})

test('[SC3] a peer that asks what an agent may ask, and an agent that asks what a peer may, are told apart', async () => {
  expect(await endOf('peer', say(hellos.peer, { type: 'topology.get', request: 1 }))).toBe('malformed')
  expect(await endOf('agent', say(hellos.agent, { type: 'asked', request: 1, ask: {} }))).toBe('malformed')
  await expectOthersServed()
})
