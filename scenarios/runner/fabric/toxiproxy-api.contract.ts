/** What the relay and Toxiproxy have in common beyond the fabric's verbs: the HTTP API and every toxic. */
import { randomBytes, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePorts } from '../ports.ts'
import { type FabricUnderTest } from './fabric.contract.ts'
import { dial, echo, listen } from './test-sockets.ts'

type Answer = { readonly status: number; readonly body: unknown }

/** Describes the suite; `open` is called once. */
export function toxiproxyApiContract(open: () => Promise<FabricUnderTest>): void {
  let tested: FabricUnderTest
  let userAgent = 'node'

  async function ask(method: string, path: string, body?: unknown): Promise<Answer> {
    const response = await fetch(`${tested.url}${path}`, {
      method,
      headers: { 'user-agent': userAgent },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const text = await response.text()
    return { status: response.status, body: text.startsWith('{') || text.startsWith('[') ? JSON.parse(text) : text }
  }

  /** A proxy to `port` that is deleted at the end of the test. */
  async function proxyTo(port: number): Promise<AsyncDisposable & { name: string; listenPort: number; path: string }> {
    const [listenPort] = (await freePorts(1)) as [number]
    const name = `api-${randomUUID()}`
    const created = await ask('POST', '/proxies', {
      name,
      listen: `127.0.0.1:${listenPort}`,
      upstream: `127.0.0.1:${port}`,
    })
    expect(created.status).toBe(201)
    const path = `/proxies/${name}`
    return { name, listenPort, path, [Symbol.asyncDispose]: async () => void (await ask('DELETE', path)) }
  }

  beforeAll(async () => {
    tested = await open()
  })
  afterAll(async () => {
    await tested?.fabric[Symbol.asyncDispose]()
  })

  describe('API', () => {
    it('tells its version', async () => {
      expect(await ask('GET', '/version')).toEqual({ status: 200, body: { version: expect.any(String) } })
    })

    it('creates, shows, lists, changes and deletes a proxy', async () => {
      const [listenPort, other] = (await freePorts(2)) as [number, number]
      const name = `api-${randomUUID()}`
      const body = { name, listen: `127.0.0.1:${listenPort}`, upstream: '127.0.0.1:9' }
      const shown = { ...body, enabled: true, toxics: [] }
      expect(await ask('POST', '/proxies', body)).toMatchObject({ status: 201, body: shown })
      expect(await ask('POST', '/proxies', body)).toEqual({
        status: 409,
        body: { error: 'proxy already exists', status: 409 },
      })
      expect(await ask('GET', `/proxies/${name}`)).toMatchObject({ status: 200, body: shown })
      expect(await ask('GET', '/proxies')).toMatchObject({ status: 200, body: { [name]: shown } })
      expect(await ask('POST', `/proxies/${name}`, { enabled: false })).toMatchObject({
        status: 200,
        body: { ...shown, enabled: false },
      })
      const moved = { listen: `127.0.0.1:${other}`, enabled: true }
      expect(await ask('PATCH', `/proxies/${name}`, moved)).toMatchObject({ status: 200, body: { ...shown, ...moved } })
      expect(await ask('DELETE', `/proxies/${name}`)).toEqual({ status: 204, body: '' })
      expect(await ask('GET', `/proxies/${name}`)).toMatchObject({ status: 404 })
    })

    it('knows nothing of an unknown proxy', async () => {
      const answer = { status: 404, body: { error: 'proxy not found', status: 404 } }
      expect(await ask('GET', '/proxies/nobody')).toEqual(answer)
      expect(await ask('POST', '/proxies/nobody', {})).toEqual(answer)
      expect(await ask('DELETE', '/proxies/nobody')).toEqual(answer)
      expect(await ask('GET', '/proxies/nobody/toxics')).toEqual(answer)
      expect(await ask('POST', '/proxies/nobody/toxics', { type: 'latency' })).toEqual(answer)
      expect(await ask('DELETE', '/proxies/nobody/toxics/latency_downstream')).toEqual(answer)
    })

    it('refuses bodies that say nothing useful', async () => {
      const refusal = (error: string) => ({ status: 400, body: { error: expect.stringContaining(error), status: 400 } })
      expect(await ask('POST', '/proxies', '{')).toEqual(refusal('bad request body'))
      expect(await ask('POST', '/proxies', { name: 7, upstream: 'x:1' })).toEqual(refusal('bad request body'))
      expect(await ask('POST', '/proxies', { upstream: 'x:1' })).toEqual(refusal('missing required field: name'))
      expect(await ask('POST', '/proxies', { name: 'x' })).toEqual(refusal('missing required field: upstream'))
      expect(await ask('POST', '/populate', {})).toMatchObject({ status: 400 })
    })

    it('refuses a port that is taken, and has no proxy then', async () => {
      await using server = await listen(echo)
      const name = `api-${randomUUID()}`
      const taken = { name, listen: `127.0.0.1:${server.port}`, upstream: '127.0.0.1:9' }
      const answer = { status: 500, body: { error: expect.stringContaining('address already in use'), status: 500 } }
      expect(await ask('POST', '/proxies', taken)).toEqual(answer)
      expect(await ask('GET', `/proxies/${name}`)).toMatchObject({ status: 404 })
    })

    it('populates: creates what is missing, leaves what is equal, replaces what differs', async () => {
      await using proxy = await proxyTo(9)
      await ask('POST', `${proxy.path}/toxics`, { type: 'latency' })
      const equal = { name: proxy.name, listen: `127.0.0.1:${proxy.listenPort}`, upstream: '127.0.0.1:9' }
      expect(await ask('POST', '/populate', [equal])).toMatchObject({
        status: 201,
        body: { proxies: [{ ...equal, toxics: [{ type: 'latency' }] }] },
      })
      const different = { ...equal, upstream: '127.0.0.1:10', enabled: false }
      expect(await ask('POST', '/populate', [different])).toMatchObject({
        status: 201,
        body: { proxies: [{ ...different, toxics: [] }] },
      })
    })

    it('creates, shows, lists, changes and deletes a toxic', async () => {
      await using proxy = await proxyTo(9)
      const path = `${proxy.path}/toxics`
      const toxic = {
        name: 'latency_downstream',
        type: 'latency',
        stream: 'downstream',
        toxicity: 1,
        attributes: { latency: 30, jitter: 0 },
      }
      expect(await ask('POST', path, { type: 'latency', attributes: { latency: 30 } })).toEqual({
        status: 200,
        body: toxic,
      })
      expect(await ask('POST', path, { type: 'latency' })).toEqual({
        status: 409,
        body: { error: 'toxic already exists', status: 409 },
      })
      expect(await ask('GET', path)).toEqual({ status: 200, body: [toxic] })
      const changed = { ...toxic, toxicity: 0.5, attributes: { latency: 30, jitter: 4 } }
      const change = { toxicity: 0.5, attributes: { jitter: 4 } }
      expect(await ask('POST', `${path}/${toxic.name}`, change)).toEqual({ status: 200, body: changed })
      expect(await ask('PATCH', `${path}/${toxic.name}`, {})).toEqual({ status: 200, body: changed })
      expect(await ask('GET', `${path}/${toxic.name}`)).toEqual({ status: 200, body: changed })
      expect(await ask('DELETE', `${path}/${toxic.name}`)).toEqual({ status: 204, body: '' })
      const missing = { status: 404, body: { error: 'toxic not found', status: 404 } }
      expect(await ask('GET', `${path}/${toxic.name}`)).toEqual(missing)
      expect(await ask('POST', `${path}/${toxic.name}`, {})).toEqual(missing)
      expect(await ask('DELETE', `${path}/${toxic.name}`)).toEqual(missing)
    })

    it('refuses toxics that it does not know', async () => {
      await using proxy = await proxyTo(9)
      const path = `${proxy.path}/toxics`
      const refusal = (error: string) => ({ status: 400, body: { error: expect.stringContaining(error), status: 400 } })
      expect(await ask('POST', path, { type: 'plague' })).toEqual(refusal('invalid toxic type'))
      expect(await ask('POST', path, { type: 'latency', stream: 'sideways' })).toEqual(refusal('stream was invalid'))
      expect(await ask('POST', path, { type: 'latency', attributes: { latency: 'long' } })).toEqual(
        refusal('bad request body'),
      )
    })

    it('is closed to pages in a browser', async () => {
      userAgent = 'Mozilla/5.0 (X11)'
      try {
        expect((await ask('GET', '/proxies')).status).toBe(403)
      } finally {
        userAgent = 'node'
      }
    })
  })

  describe('toxics', () => {
    it('limit_data passes so many bytes, then closes', async () => {
      await using server = await listen(echo)
      await using proxy = await proxyTo(server.port)
      await ask('POST', `${proxy.path}/toxics`, { type: 'limit_data', attributes: { bytes: 10 } })
      using client = await dial(proxy.listenPort)
      await client.ping('6bytes')
      client.socket.write('and too many')
      await client.closed
      expect(client.received.toString()).toBe('6bytesand ')
    })

    it('limit_data goes on counting when its limit is changed', async () => {
      await using server = await listen(echo)
      await using proxy = await proxyTo(server.port)
      await ask('POST', `${proxy.path}/toxics`, { type: 'limit_data', attributes: { bytes: 10 } })
      using client = await dial(proxy.listenPort)
      await client.ping('6bytes')
      await ask('POST', `${proxy.path}/toxics/limit_data_downstream`, { attributes: { bytes: 8 } })
      client.socket.write('and too many')
      await client.closed
      expect(client.received.toString()).toBe('6bytesan')
    })

    it('slicer cuts data into small pieces and loses none', async () => {
      await using server = await listen(echo)
      await using proxy = await proxyTo(server.port)
      const attributes = { average_size: 100, size_variation: 20, delay: 2_000 }
      await ask('POST', `${proxy.path}/toxics`, { type: 'slicer', attributes })
      using client = await dial(proxy.listenPort)
      const sent = randomBytes(1_000)
      client.socket.write(sent)
      expect((await client.receive(sent.length)).equals(sent)).toBe(true)
      expect(client.pieces.length).toBeGreaterThan(1)
    })

    it('slow_close delays the end, not the data', async () => {
      await using server = await listen((socket) => socket.end('bye'))
      await using proxy = await proxyTo(server.port)
      await ask('POST', `${proxy.path}/toxics`, { type: 'slow_close', attributes: { delay: 150 } })
      using client = await dial(proxy.listenPort)
      await client.receive(3)
      const began = performance.now()
      await client.closed
      expect(performance.now() - began).toBeGreaterThan(75)
    })

    it('timeout closes the connection after a time without data', async () => {
      await using server = await listen(echo)
      await using proxy = await proxyTo(server.port)
      await ask('POST', `${proxy.path}/toxics`, { type: 'timeout', attributes: { timeout: 100 } })
      const began = performance.now()
      using client = await dial(proxy.listenPort)
      client.socket.write('lost')
      await client.closed
      expect(performance.now() - began).toBeGreaterThanOrEqual(100)
      expect(client.received).toHaveLength(0)
    })

    it('reset_peer waits for its timeout', async () => {
      await using server = await listen(echo)
      await using proxy = await proxyTo(server.port)
      await ask('POST', `${proxy.path}/toxics`, { type: 'reset_peer', attributes: { timeout: 100 } })
      using client = await dial(proxy.listenPort)
      const began = performance.now()
      client.socket.write('lost')
      expect(await client.closed).toBe('ECONNRESET')
      expect(performance.now() - began).toBeGreaterThanOrEqual(100)
    })

    it('latency jitters about its mean', async () => {
      await using server = await listen(echo)
      await using proxy = await proxyTo(server.port)
      await ask('POST', `${proxy.path}/toxics`, { type: 'latency', attributes: { latency: 40, jitter: 20 } })
      using client = await dial(proxy.listenPort)
      const delays: number[] = []
      for (let round = 0; round < 10; round += 1) {
        const began = performance.now()
        await client.ping('tick')
        delays.push(performance.now() - began)
      }
      expect(Math.min(...delays)).toBeGreaterThanOrEqual(20)
      expect(Math.max(...delays) - Math.min(...delays)).toBeGreaterThan(1)
    })

    it('act on one stream only, and on no connection with toxicity 0', async () => {
      await using server = await listen(echo)
      await using proxy = await proxyTo(server.port)
      await ask('POST', `${proxy.path}/toxics`, { type: 'timeout', stream: 'upstream', toxicity: 0 })
      using client = await dial(proxy.listenPort)
      await client.ping('unharmed')
      await ask('POST', `${proxy.path}/toxics`, { type: 'timeout', stream: 'downstream' })
      client.socket.write('heard')
      expect((await (await server.peer(0)).receive(13)).toString()).toBe('unharmedheard')
      expect(client.received.toString()).toBe('unharmed')
    })

    it('stand in a chain, in the order in which they came', async () => {
      await using server = await listen(echo)
      await using slowLast = await proxyTo(server.port)
      await using slowFirst = await proxyTo(server.port)
      const limit = { type: 'limit_data', attributes: { bytes: 4 } }
      const slow = (delay: number) => ({ type: 'slow_close', attributes: { delay } })
      for (const toxic of [limit, slow(150)]) await ask('POST', `${slowLast.path}/toxics`, toxic)
      for (const toxic of [slow(100_000), limit]) await ask('POST', `${slowFirst.path}/toxics`, toxic)
      using delayed = await dial(slowLast.listenPort)
      using prompt = await dial(slowFirst.listenPort)
      await Promise.all([delayed.ping('four'), prompt.ping('four')])
      const began = performance.now()
      await prompt.closed
      await delayed.closed
      expect(performance.now() - began).toBeGreaterThan(75)
    })

    it('that close a connection do so behind the data that is still under way', async () => {
      await using server = await listen(echo)
      await using proxy = await proxyTo(server.port)
      await ask('POST', `${proxy.path}/toxics`, { type: 'limit_data', attributes: { bytes: 4 } })
      await ask('POST', `${proxy.path}/toxics`, { type: 'latency', attributes: { latency: 50 } })
      using client = await dial(proxy.listenPort)
      client.socket.write('fourth')
      await client.closed
      expect(client.received.toString()).toBe('four')
    })

    it('can be taken from the middle of a chain', async () => {
      await using server = await listen(echo)
      await using proxy = await proxyTo(server.port)
      for (const name of ['first', 'second', 'third']) {
        await ask('POST', `${proxy.path}/toxics`, { type: 'latency', name, attributes: { latency: 30 } })
      }
      using client = await dial(proxy.listenPort)
      const began = performance.now()
      await client.ping('thrice late')
      expect(performance.now() - began).toBeGreaterThanOrEqual(90)
      expect((await ask('DELETE', `${proxy.path}/toxics/second`)).status).toBe(204)
      await client.ping('twice late')
      expect(await ask('GET', `${proxy.path}/toxics`)).toMatchObject({ body: [{ name: 'first' }, { name: 'third' }] })
    })
  })
}
