import { once } from 'node:events'
import { type AddressInfo, type Socket } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { waitFor } from '../testing/enterprise.ts'
import { type LinkId } from '../core/events.ts'
import { LinkTable } from './link-table.ts'
import { realClock } from '#shared/clock.ts'
import { closeName } from '#shared/wire/close-codes.ts'
import { decodeAgentMessage } from '#shared/wire/codec.ts'
import { wireLimits } from '#shared/wire/limits.ts'

const heartbeat = { heartbeatMs: 40, heartbeatsMissedMax: 2, heartbeatSlackMs: 60 }

let server: WebSocketServer
let table: LinkTable
let waiting = 0
const events: string[] = []
const flows: string[] = []
const links: LinkId[] = []
const transports: Socket[] = []

beforeEach(async () => {
  waiting = 0
  for (const list of [events, flows, links, transports]) list.length = 0
  server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  table = new LinkTable({ clock: realClock(1), heartbeat: () => heartbeat, waiting: () => waiting })
  server.on('connection', (socket, request) => {
    const link = table.add({
      socket,
      transport: request.socket,
      decode: decodeAgentMessage,
      received: (from, { type }) => void events.push(`${from} received ${type}`),
      lost: (from, reason) => void events.push(`${from} lost ${reason}`),
      flow: (link, filled) => void flows.push(`${link} ${filled ? 'filled' : 'drained'}`),
    })
    links.push(link)
    transports.push(request.socket)
  })
  await once(server, 'listening')
})

afterEach(() => {
  table.stop()
  for (const socket of server.clients) socket.terminate()
  server.close()
})

/** A client, and the link of it. */
async function join(
  options: { autoPong?: boolean } = {},
): Promise<{ socket: WebSocket; link: LinkId; closed: () => string | undefined }> {
  const before = links.length
  const socket = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`, options)
  let closed: string | undefined
  socket.on('error', () => {})
  socket.on('close', (code) => {
    closed = closeName(code) ?? String(code)
  })
  await once(socket, 'open')
  await waitFor('the link', () => links.length > before)
  return { socket, link: links.at(-1) as LinkId, closed: () => closed }
}

test('a link that falls silent is lost, and one that answers is not', async () => {
  const silent = await join({ autoPong: false })
  const alive = await join()
  await waitFor('lost', () => events.includes(`${silent.link} lost silent`))
  expect(events).toEqual([`${silent.link} lost silent`])
  expect(alive.socket.readyState).toBe(WebSocket.OPEN)
})

test('after a stall of its own it gives every link the whole time again', async () => {
  await join()
  const until = performance.now() + 400
  while (performance.now() < until);
  let pings = 0
  for (const socket of server.clients) socket.on('pong', () => (pings += 1))
  await waitFor('a few heartbeats', () => pings > 3)
  expect(events).toEqual([])
})

test('a message that is none cuts the link with its name, and no other', async () => {
  const [binary, nonsense, good] = [await join(), await join(), await join()]
  binary.socket.send(Buffer.from('{"type":"topology.get","request":1}'))
  nonsense.socket.send('{"type":"nonsense"}')
  good.socket.send('{"type":"topology.get","request":1}')
  await waitFor('cut', () => binary.closed() !== undefined && nonsense.closed() !== undefined)
  expect([binary.closed(), nonsense.closed(), good.closed()]).toEqual(['malformed', 'malformed', undefined])
  expect(events).toContain(`${good.link} received topology.get`)
})

test('a link closed by the core brings no more events', async () => {
  const { socket, link, closed } = await join()
  table.close(link, 'replaced')
  socket.send('{"type":"topology.get","request":1}')
  await waitFor('closed', () => closed() !== undefined)
  expect([closed(), events]).toEqual(['replaced', []])
})

test('a receiver that does not read is cut at the cap', async () => {
  const { socket, link } = await join()
  socket.pause()
  const text = 'x'.repeat(1024 * 1024)
  for (let message = 0; message < 100 && events.length === 0; message += 1) table.send(link, { text, message })
  expect(events).toEqual([`${link} lost tooSlow`])
  for (const { bufferedAmount } of server.clients) expect(bufferedAmount).toBeLessThan(2 * wireLimits.bufferedBytesMax)
})

test('a socket that fills up says so once, and says when it has drained', async () => {
  const { socket, link } = await join()
  socket.pause()
  const text = 'x'.repeat(1024 * 1024)
  const most = wireLimits.bufferedBytesMax / text.length - 1
  for (let message = 0; message < most; message += 1) table.send(link, { text, message })
  expect([events, flows]).toEqual([[], [`${link} filled`]])
  socket.resume()
  await waitFor('drained', () => flows.length > 1)
  expect([events, flows]).toEqual([[], [`${link} filled`, `${link} drained`]])
  for (const { bufferedAmount } of server.clients) expect(bufferedAmount).toBe(0)
})

test('what is sent in one turn leaves together', async () => {
  const { socket, link } = await join()
  const transport = transports.at(-1) as Socket
  let received = 0
  socket.on('message', () => (received += 1))
  for (let message = 0; message < 100; message += 1) table.send(link, { message })
  // ws corks and uncorks for each frame; the one that stays is ours.
  expect(transport.writableCorked).toBe(1)
  await waitFor('all', () => received === 100)
  expect(transport.writableCorked).toBe(0)
})

test('sockets that bring more than turns take are read no further until the next turn', async () => {
  const { socket, link } = await join()
  waiting = wireLimits.eventQueueMax
  const most = 20_000
  const perTurn: number[] = []
  let before = 0
  const count = (): void => {
    perTurn.push(events.length - before)
    before = events.length
    if (before < most) setImmediate(count)
  }
  count()
  const text = '{"type":"topology.get","request":1}'
  for (let message = 0; message < most; message += 1) socket.send(text)
  await waitFor('all', () => events.length === most)
  expect(new Set(events)).toEqual(new Set([`${link} received topology.get`]))
  // What one read of the socket brings, and no more.
  expect(Math.max(...perTurn)).toBeLessThan((64 * 1024) / text.length)
})
