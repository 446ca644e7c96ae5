/**
 * Load on one appliance: a few agent links with many requests in flight on each, so that what agents cost, one link for
 * each of thousands, is not in the figures. It checks nothing but what it was answered.
 */
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { connect, createSecureContext } from 'node:tls'
import { WebSocket } from 'ws'
import { spread } from '../spread.ts'
import { type LoadGiven, type LoadRun, type LoadRan } from '../program-lines.ts'
import { given, listen, tell } from './given.ts'
import { agentProtocolVersion } from '#shared/wire/versions.ts'

type Answer = {
  readonly type: string
  readonly request?: number
  readonly ticket?: string
  readonly replicated?: string
}
type Sent = { readonly atMs: number; readonly session: string; readonly bytes: number }
type Held = { readonly session: string; readonly ticket: string }

class Link {
  readonly held: Held[] = []
  readonly #socket: WebSocket
  readonly #sent = new Map<number, Sent>()
  #requests = 0
  #locked = 0
  answered: (answer: Answer, sent: Sent, bytes: number) => void = () => {}

  constructor(socket: WebSocket) {
    this.#socket = socket
    socket.on('message', (data: Buffer) => this.#receive(data))
    socket.on('close', (code) => {
      process.stderr.write(`a link of the load was closed: ${code}\n`)
      process.exit(1)
    })
  }

  get waiting(): number {
    return this.#sent.size
  }

  send(operation: LoadRun['operation'], user: string, password: string): void {
    this.#requests += 1
    const request = this.#requests
    const what =
      operation === 'login'
        ? { type: 'login', session: randomUUID(), user, password }
        : { type: 'lock', ...this.#next() }
    const text = JSON.stringify({ ...what, request })
    this.#sent.set(request, { atMs: performance.now(), session: what.session, bytes: text.length })
    this.#socket.send(text)
  }

  #next(): Held {
    const held = this.held[this.#locked % this.held.length]
    if (held === undefined) throw new Error('a link locks sessions that it has logged in before')
    this.#locked += 1
    return held
  }

  #receive(data: Buffer): void {
    const answer = JSON.parse(data.toString()) as Answer
    const sent = answer.request === undefined ? undefined : this.#sent.get(answer.request)
    if (answer.request === undefined || sent === undefined) return
    this.#sent.delete(answer.request)
    if (answer.ticket !== undefined) this.held.push({ session: sent.session, ticket: answer.ticket })
    this.answered(answer, sent, data.length)
  }
}

const { host, port, caFile, agents, users, password } = given() as LoadGiven
const secureContext = createSecureContext({ ca: readFileSync(caFile), minVersion: 'TLSv1.3', ecdhCurve: 'X25519' })

async function openLink(agent: string): Promise<Link> {
  const createConnection = () => connect({ host: '127.0.0.1', port, secureContext, servername: host })
  const socket = new WebSocket(`wss://${host}:${port}/agent`, { createConnection, perMessageDeflate: false })
  const { promise, resolve } = Promise.withResolvers<Link>()
  socket.once('open', () => {
    const versions = { min: agentProtocolVersion, max: agentProtocolVersion }
    socket.send(JSON.stringify({ type: 'hello', versions, agent, epoch: 1 }))
  })
  socket.once('message', (data: Buffer) => {
    const { type } = JSON.parse(data.toString()) as Answer
    if (type !== 'welcome') throw new Error(`the appliance said ${type}`)
    resolve(new Link(socket))
  })
  return await promise
}

let asked = 0

function run(links: readonly Link[], { operation, count, inFlight, perSecond }: LoadRun): Promise<LoadRan> {
  const { promise, resolve } = Promise.withResolvers<LoadRan>()
  const latencies: number[] = []
  const answers: Record<string, number> = {}
  const beganAt = performance.now()
  let begun = 0
  const send = (): void => {
    const link = links[begun % links.length] as Link
    asked += 1
    begun += 1
    link.send(operation, users[asked % users.length] as string, password)
  }
  const finish = (sent: Sent, answerBytes: number): void => {
    const ms = performance.now() - beganAt
    const done = { ms, perSecond: (count / ms) * 1000, latencyMs: spread(latencies) }
    resolve({ kind: 'ran', ...done, answers, requestBytes: sent.bytes, answerBytes })
  }
  for (const link of links) {
    link.answered = ({ type, replicated }, sent, bytes) => {
      latencies.push(performance.now() - sent.atMs)
      const name = replicated === undefined ? type : `${type} ${replicated}`
      answers[name] = (answers[name] ?? 0) + 1
      if (latencies.length === count) finish(sent, bytes)
      else if (perSecond === null && begun < count) send()
    }
  }
  if (perSecond === null) while (begun < Math.min(inFlight, count)) send()
  else
    pace(
      perSecond,
      () => begun - latencies.length < inFlight && begun < count,
      send,
      () => begun === count,
    )
  return promise
}

/** Calls `send` at a steady rate; what the clock is late with is sent together, while `may` allows it. */
function pace(perSecond: number, may: () => boolean, send: () => void, over: () => boolean): void {
  const beganAt = performance.now()
  let sent = 0
  const tick = (): void => {
    const due = ((performance.now() - beganAt) / 1000) * perSecond
    while (sent < due && may()) {
      sent += 1
      send()
    }
    if (!over()) setTimeout(tick, 1)
  }
  tick()
}

const links = await Promise.all(agents.map(openLink))
listen((line) => void run(links, line as LoadRun).then(tell))
tell({ kind: 'connected' })
