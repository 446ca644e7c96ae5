/** The relay's HTTP API: the routes, status codes and JSON of Toxiproxy 2.12. */
import { createServer, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { parseJson, parseProxies, parseProxy, parseToxic, parseToxicChange, type ProxyInput } from './relay-body.ts'
import { RelayError } from './relay-error.ts'
import { type Relay } from './relay.ts'

type Answer = { readonly status: number; readonly body?: unknown }
type Call = { readonly relay: Relay; readonly names: readonly string[]; readonly body: unknown }
type Route = {
  readonly methods: readonly string[]
  readonly path: RegExp
  answer(call: Call): Promise<Answer> | Answer
}

const newProxy: ProxyInput = { name: '', listen: '127.0.0.1:0', upstream: '', enabled: true }
const change = ['POST', 'PATCH']
const oneProxy = /^\/proxies\/([^/]+)$/
const itsToxics = /^\/proxies\/([^/]+)\/toxics$/
const oneToxic = /^\/proxies\/([^/]+)\/toxics\/([^/]+)$/

const routes: readonly Route[] = [
  {
    methods: ['GET'],
    path: /^\/version$/,
    answer: () => ({ status: 200, body: { version: `relay on Node ${process.versions.node}` } }),
  },
  {
    methods: ['POST'],
    path: /^\/reset$/,
    async answer({ relay }) {
      await relay.reset()
      return { status: 204 }
    },
  },
  {
    methods: ['POST'],
    path: /^\/populate$/,
    async answer({ relay, body }) {
      const proxies = []
      for (const input of parseProxies(body, newProxy)) proxies.push((await relay.createOrReplace(input)).view)
      return { status: 201, body: { proxies } }
    },
  },
  {
    methods: ['GET'],
    path: /^\/proxies$/,
    answer({ relay }) {
      return { status: 200, body: Object.fromEntries(relay.proxies.map(({ view }) => [view.name, view])) }
    },
  },
  {
    methods: ['POST'],
    path: /^\/proxies$/,
    async answer({ relay, body }) {
      return { status: 201, body: (await relay.create(parseProxy(body, newProxy))).view }
    },
  },
  { methods: ['GET'], path: oneProxy, answer: (call) => ({ status: 200, body: proxyOf(call).view }) },
  {
    methods: change,
    path: oneProxy,
    async answer(call) {
      const proxy = proxyOf(call)
      const input = parseProxy(call.body, proxy.view)
      await proxy.update(input, input.enabled)
      return { status: 200, body: proxy.view }
    },
  },
  {
    methods: ['DELETE'],
    path: oneProxy,
    async answer({ relay, names }) {
      await relay.remove(names[0] ?? '')
      return { status: 204 }
    },
  },
  { methods: ['GET'], path: itsToxics, answer: (call) => ({ status: 200, body: proxyOf(call).view.toxics }) },
  {
    methods: ['POST'],
    path: itsToxics,
    answer(call) {
      const proxy = proxyOf(call)
      const toxic = parseToxic(call.body)
      proxy.addToxic(toxic)
      return { status: 200, body: toxic }
    },
  },
  {
    methods: ['GET'],
    path: oneToxic,
    answer: (call) => ({ status: 200, body: proxyOf(call).toxic(toxicName(call)) }),
  },
  {
    methods: change,
    path: oneToxic,
    answer(call) {
      const proxy = proxyOf(call)
      const toxic = parseToxicChange(call.body, proxy.toxic(toxicName(call)))
      proxy.updateToxic(toxic)
      return { status: 200, body: toxic }
    },
  },
  {
    methods: ['DELETE'],
    path: oneToxic,
    answer(call) {
      proxyOf(call).removeToxic(toxicName(call))
      return { status: 204 }
    },
  },
]

/**
 * Serves the relay's API at `127.0.0.1:port`; rejects when the port is taken. It takes one call at a time, so that a
 * call never sees another's work half done.
 */
export async function serveRelay(relay: Relay, port: number): Promise<void> {
  let turn: Promise<unknown> = Promise.resolve()
  const answer = async (request: IncomingMessage): Promise<Answer> => {
    const sent = await text(request)
    const answered = turn.then(() => answerTo(relay, request, sent)).catch(answerOf)
    turn = answered
    return await answered
  }
  const server = createServer((request, response) => {
    const respond = ({ status, body }: Answer) => {
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(body === undefined ? undefined : `${JSON.stringify(body)}\n`)
    }
    // Without a whole request there is nobody to answer.
    answer(request).then(respond, () => response.destroy())
  })
  const { promise: listening, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen(port, '127.0.0.1', resolve)
  await listening
}

async function answerTo(
  relay: Relay,
  { url = '/', method = '', headers }: IncomingMessage,
  sent: string,
): Promise<Answer> {
  // A page in a browser could otherwise reach this API of the local machine.
  if (headers['user-agent']?.startsWith('Mozilla/')) throw new RelayError(403, 'user agent not allowed')
  const { pathname } = new URL(url, 'http://127.0.0.1')
  const onPath = routes.filter(({ path }) => path.test(pathname))
  const route = onPath.find(({ methods }) => methods.includes(method))
  if (route === undefined) {
    throw onPath.length === 0 ? new RelayError(404, 'page not found') : new RelayError(405, 'method not allowed')
  }
  const names = (route.path.exec(pathname) ?? []).slice(1).map(decodeURIComponent)
  return await route.answer({ relay, names, body: sent === '' ? undefined : parseJson(sent) })
}

function answerOf(error: unknown): Answer {
  const status = error instanceof RelayError ? error.status : 500
  return { status, body: { error: error instanceof Error ? error.message : String(error), status } }
}

function proxyOf({ relay, names }: Call) {
  return relay.proxy(names[0] ?? '')
}

function toxicName({ names }: Call): string {
  return names[1] ?? ''
}
