/** What every fabric does, whichever server stands behind it: the verbs on real sockets. */
import { createHash, randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePorts } from '../ports.ts'
import { type Fabric, type FaultProxy } from './fabric.ts'
import { dial, echo, listen, type Peer } from './test-sockets.ts'
import { toxiproxyFabric } from './toxiproxy-fabric.ts'

export type FabricUnderTest = {
  readonly fabric: Fabric
  /** Of the server's API. */
  readonly url: string
  /** Of the fabric's proxy names. */
  readonly prefix: string
}

type Json = Readonly<Record<string, unknown>>

const megabytes = 1024 * 1024
const slowMs = 60

/** Describes the suite; `open` is called once. */
export function fabricContract(open: () => Promise<FabricUnderTest>): void {
  let tested: FabricUnderTest
  let links = 0

  /** A new link to `port`. */
  async function linkTo(port: number): Promise<FaultProxy> {
    const [listenPort] = (await freePorts(1)) as [number]
    links += 1
    return await tested.fabric.link(`link-${links}`, listenPort, { host: '127.0.0.1', port })
  }

  async function api(path: string): Promise<Json> {
    const response = await fetch(`${tested.url}${path}`)
    return (await response.json()) as Json
  }

  beforeAll(async () => {
    tested = await open()
  })
  afterAll(async () => {
    await tested?.fabric[Symbol.asyncDispose]()
  })

  describe('a healthy link', () => {
    it('passes data both ways', async () => {
      await using server = await listen(echo)
      const link = await linkTo(server.port)
      using client = await dial(link.listenPort)
      await client.ping('to and fro')
      await client.ping('and again')
    })

    it('passes a large transfer both ways and intact', async () => {
      await using server = await listen(echo)
      const link = await linkTo(server.port)
      using client = await dial(link.listenPort)
      const sent = randomBytes(8 * megabytes)
      client.socket.write(sent)
      expect(digest(await client.receive(sent.length))).toBe(digest(sent))
    })

    it('passes the end of the client on, behind all of its data', async () => {
      await using server = await listen(() => {})
      const link = await linkTo(server.port)
      using client = await dial(link.listenPort)
      const sent = randomBytes(3 * megabytes)
      client.socket.end(sent)
      const atServer = await server.peer(0)
      expect(await atServer.closed).toBe('ended')
      expect(digest(atServer.received)).toBe(digest(sent))
      expect(await client.closed).toBe('ended')
    })

    it('passes the end of the server on, behind all of its data', async () => {
      const sent = randomBytes(3 * megabytes)
      await using server = await listen((socket) => socket.end(sent))
      const link = await linkTo(server.port)
      using client = await dial(link.listenPort)
      expect(await client.closed).toBe('ended')
      expect(digest(client.received)).toBe(digest(sent))
    })

    it('closes the one side when the other is reset', async () => {
      await using server = await listen(echo)
      const link = await linkTo(server.port)
      using client = await dial(link.listenPort)
      await client.ping('hello')
      client.socket.resetAndDestroy()
      await (
        await server.peer(0)
      ).closed
    })

    it('shows a server that does not listen as connected, then closed', async () => {
      const [nobody] = (await freePorts(1)) as [number]
      const link = await linkTo(nobody)
      using client = await dial(link.listenPort)
      client.socket.write('anybody?')
      expect(await client.closed).toMatch(/^(ended|ECONNRESET|EPIPE)$/)
      expect(client.received).toHaveLength(0)
    })

    it('serves again once the server listens', async () => {
      const server = await listen(echo)
      const { port } = server
      const link = await linkTo(port)
      await server[Symbol.asyncDispose]()
      using early = await dial(link.listenPort)
      await early.closed
      await using again = await listen(echo, false, port)
      using client = await dial(link.listenPort)
      await client.ping(`at ${again.port}`)
    })
  })

  describe('refuse', () => {
    it('closes live connections and refuses new ones, until healed', async () => {
      await using server = await listen(echo)
      const link = await linkTo(server.port)
      using live = await dial(link.listenPort)
      await live.ping('hello')
      await link.apply('refuse')
      await live.closed
      await (
        await server.peer(0)
      ).closed
      await expect(dial(link.listenPort)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
      await link.heal()
      using client = await dial(link.listenPort)
      await client.ping('back')
    })

    it('gives way to silence, and comes back, without an open moment', async () => {
      await using server = await listen(echo)
      const link = await linkTo(server.port)
      await link.apply('refuse')
      const duringSilence = await dialDuring(link, link.apply('silence'))
      const duringRefusal = await dialDuring(link, link.apply('refuse'))
      expect(duringSilence.at(-1)).toBeDefined()
      expect(duringRefusal.at(-1)).toBeUndefined()
      await Promise.all([...duringSilence, ...duringRefusal].flatMap((client) => client?.closed ?? []))
      expect(server.receivedBytes).toBe(0)
    })
  })

  describe('silence', () => {
    it('swallows what live connections send and keeps them open; heal closes them', async () => {
      await using server = await listen(echo)
      const [link, healthy] = [await linkTo(server.port), await linkTo(server.port)]
      using live = await dial(link.listenPort)
      await live.ping('before')
      await link.apply('silence')
      const atServer = await server.peer(0)
      live.socket.write('lost')
      atServer.socket.write('lost too')
      await manyPings(healthy)
      expect([live.isClosed, atServer.isClosed]).toEqual([false, false])
      await link.heal()
      await Promise.all([live.closed, atServer.closed])
      expect(live.received.toString()).toBe('before')
      expect(atServer.received.toString()).toBe('before')
    })

    it('accepts new connections, swallows what they send and keeps them open; heal closes them', async () => {
      await using server = await listen(echo)
      const [link, healthy] = [await linkTo(server.port), await linkTo(server.port)]
      await link.apply('silence')
      using client = await dial(link.listenPort)
      client.socket.write('lost')
      const atServer = await server.peer(0)
      await manyPings(healthy)
      expect(client.isClosed).toBe(false)
      await link.heal()
      await Promise.all([client.closed, atServer.closed])
      expect(atServer.received).toHaveLength(0)
      using after = await dial(link.listenPort)
      await after.ping('back')
    })

    it('gives way to slow without an open moment', async () => {
      await using server = await listen(echo)
      const link = await linkTo(server.port)
      await link.apply('silence')
      using silenced = await dial(link.listenPort)
      silenced.socket.write('lost')
      await link.apply({ slow: slowMs })
      await silenced.closed
      using client = await dial(link.listenPort)
      const began = performance.now()
      await client.ping('late')
      expect(performance.now() - began).toBeGreaterThanOrEqual(2 * slowMs)
    })
  })

  describe('reset', () => {
    it('leaves a new connection open until data flows, then resets it', async () => {
      await using server = await listen(echo)
      const [link, healthy] = [await linkTo(server.port), await linkTo(server.port)]
      await link.apply('reset')
      using client = await dial(link.listenPort)
      await server.peer(0)
      await manyPings(healthy)
      expect(client.isClosed).toBe(false)
      client.socket.write('hello')
      expect(await client.closed).toBe('ECONNRESET')
      expect((await server.peer(0)).received).toHaveLength(0)
    })

    it('ends a live connection once data flows, whichever side sends', async () => {
      await using server = await listen(echo)
      const link = await linkTo(server.port)
      using first = await dial(link.listenPort)
      using second = await dial(link.listenPort)
      await first.ping('hello')
      await second.ping('hello')
      await link.apply('reset')
      first.socket.write('from the client')
      ;(await server.peer(1)).socket.write('from the server')
      await Promise.all([first.closed, second.closed])
      expect(server.receivedBytes).toBe(2 * 'hello'.length)
    })

    it('is over when healed', async () => {
      await using server = await listen(echo)
      const link = await linkTo(server.port)
      await link.apply('reset')
      await link.heal()
      using client = await dial(link.listenPort)
      await client.ping('back')
    })
  })

  describe('slow and narrow', () => {
    it('slow adds its delay each way, to live connections too', async () => {
      await using server = await listen(echo)
      const link = await linkTo(server.port)
      using live = await dial(link.listenPort)
      await live.ping('before')
      await link.apply({ slow: slowMs })
      const began = performance.now()
      await live.ping('late')
      expect(performance.now() - began).toBeGreaterThanOrEqual(2 * slowMs)
    })

    it('slow keeps the order and every byte', async () => {
      await using server = await listen(echo)
      const link = await linkTo(server.port)
      await link.apply({ slow: 5 })
      using client = await dial(link.listenPort)
      const sent = randomBytes(2 * megabytes)
      client.socket.write(sent)
      expect(digest(await client.receive(sent.length))).toBe(digest(sent))
    })

    it('healed while data is held back, all of it arrives', async () => {
      await using server = await listen(echo)
      const [link, healthy] = [await linkTo(server.port), await linkTo(server.port)]
      await link.apply({ slow: 100_000 })
      using client = await dial(link.listenPort)
      const atServer = await server.peer(0)
      client.socket.write('held back')
      await manyPings(healthy)
      expect(atServer.received).toHaveLength(0)
      await link.heal()
      client.socket.write(', then free')
      expect((await atServer.receive(20)).toString()).toBe('held back, then free')
    })

    it('narrow bounds the throughput', async () => {
      await using server = await listen(() => {})
      const link = await linkTo(server.port)
      await link.apply({ narrow: 100 })
      using client = await dial(link.listenPort)
      const atServer = await server.peer(0)
      const began = performance.now()
      client.socket.write(randomBytes(50_000))
      await atServer.receive(50_000)
      // 500 ms by the rate.
      expect(performance.now() - began).toBeGreaterThanOrEqual(400)
    })

    it('a second strength replaces the first', async () => {
      await using server = await listen(echo)
      const link = await linkTo(server.port)
      await link.apply({ slow: 50 })
      await link.apply({ slow: 20 })
      const { toxics } = (await api(`/proxies/${tested.prefix}-${link.name}`)) as { toxics: readonly Json[] }
      expect(toxics.map(({ name, attributes }) => [name, attributes])).toEqual([
        ['latency_upstream', { latency: 20, jitter: 0 }],
        ['latency_downstream', { latency: 20, jitter: 0 }],
      ])
    })
  })

  describe('links', () => {
    it('fail apart from each other', async () => {
      await using server = await listen(echo)
      const [one, other] = [await linkTo(server.port), await linkTo(server.port)]
      using through = await dial(other.listenPort)
      await one.apply('refuse')
      await through.ping('still here')
      await expect(dial(one.listenPort)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    })

    it('are all healed by reset', async () => {
      await using server = await listen(echo)
      const [one, other] = [await linkTo(server.port), await linkTo(server.port)]
      await Promise.all([one.apply('refuse'), other.apply('silence')])
      await tested.fabric.reset()
      using first = await dial(one.listenPort)
      using second = await dial(other.listenPort)
      await Promise.all([first.ping('back'), second.ping('back')])
    })

    it('take changes in the order of the calls', async () => {
      await using server = await listen(echo)
      const link = await linkTo(server.port)
      await Promise.all([link.apply('silence'), link.apply('refuse'), link.apply({ narrow: 1 }), link.heal()])
      expect(await api(`/proxies/${tested.prefix}-${link.name}`)).toMatchObject({ enabled: true, toxics: [] })
      await Promise.all([link.heal(), link.apply('silence'), link.apply('refuse')])
      expect(await api(`/proxies/${tested.prefix}-${link.name}`)).toMatchObject({ enabled: false, toxics: [] })
    })

    it('refuse a name that is none, or is taken', async () => {
      const [port, other] = (await freePorts(2)) as [number, number]
      const upstream = { host: '127.0.0.1', port }
      for (const name of ['', 'a b', 'a/b', '..', 'ä']) {
        await expect(tested.fabric.link(name, other, upstream)).rejects.toThrow('is no name of a link')
      }
      const link = await linkTo(port)
      await expect(tested.fabric.link(link.name, other, upstream)).rejects.toThrow(`link ${link.name} exists already`)
    })

    it('say who listens at a port that they cannot have', async () => {
      await using server = await listen(echo)
      const upstream = { host: '127.0.0.1', port: server.port }
      const link = await linkTo(server.port)
      await expect(tested.fabric.link('second', link.listenPort, upstream)).rejects.toThrow(
        `link second cannot listen at port ${link.listenPort}: link ${link.name} does`,
      )
      await expect(tested.fabric.link('third', server.port, upstream)).rejects.toThrow(
        `proxy ${tested.prefix}-third at port ${server.port}: the port is taken by another program`,
      )
      // The name is free again.
      const [free] = (await freePorts(1)) as [number]
      await tested.fabric.link('third', free, upstream)
    })
  })

  describe('a shared server', () => {
    it('loses the proxies of a fabric that is disposed, and only those', async () => {
      await using server = await listen(echo)
      const ours = await linkTo(server.port)
      const [listenPort] = (await freePorts(1)) as [number]
      const { kind, description } = tested.fabric
      {
        await using guest = toxiproxyFabric({ kind, description, url: tested.url, prefix: `${tested.prefix}.guest` })
        const link = await guest.link('visit', listenPort, { host: '127.0.0.1', port: server.port })
        await link.apply('refuse')
      }
      const proxies = Object.keys(await api('/proxies'))
      expect(proxies).toContain(`${tested.prefix}-${ours.name}`)
      expect(proxies).not.toContain(`${tested.prefix}.guest-visit`)
      await expect(dial(listenPort)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
      using client = await dial(ours.listenPort)
      await client.ping('untouched')
    })

    it('has a leftover of a dead run replaced, faults and all', async () => {
      await using server = await listen(echo)
      const [listenPort] = (await freePorts(1)) as [number]
      const { kind, description } = tested.fabric
      const options = { kind, description, url: tested.url, prefix: `${tested.prefix}.dead` }
      const upstream = { host: '127.0.0.1', port: server.port }
      const left = await toxiproxyFabric(options).link('same', listenPort, upstream)
      await left.apply('silence')
      await using fabric = toxiproxyFabric(options)
      const link = await fabric.link('same', listenPort, upstream)
      using client = await dial(link.listenPort)
      await client.ping('clean')
    })
  })
}

/** Traffic on another link: had anything been going to happen on the first, it would have by now. */
async function manyPings({ listenPort }: FaultProxy): Promise<void> {
  using client = await dial(listenPort)
  for (let round = 0; round < 50; round += 1) await client.ping('tick')
}

/** Dials and sends until `change` is done and once more after; undefined stands for a refused dial. */
async function dialDuring({ listenPort }: FaultProxy, change: Promise<void>): Promise<(Peer | undefined)[]> {
  const dialled: (Peer | undefined)[] = []
  const dialOnce = async (): Promise<void> => {
    const client = await dial(listenPort).catch(() => undefined)
    client?.socket.write('let me through')
    dialled.push(client)
  }
  const state = { changing: true }
  const changed = change.finally(() => {
    state.changing = false
  })
  while (state.changing) await dialOnce()
  await changed
  await dialOnce()
  return dialled
}

function digest(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}
