/** What the relay does beyond Toxiproxy: chance by seed, half-closed connections, a reset for live connections, bounds. */
import { randomBytes, randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { freePorts } from '../ports.ts'
import { type Fabric } from './fabric.ts'
import { openFabric } from './open-fabric.ts'
import { dial, echo, listen } from './test-sockets.ts'

const megabytes = 1024 * 1024

async function openRelay(seed = 'relay'): Promise<{ fabric: Fabric; url: string; prefix: string }> {
  const [apiPort] = (await freePorts(1)) as [number]
  const prefix = `relay-${randomUUID()}`
  return {
    fabric: await openFabric({ seed, apiPort, prefix, environment: {} }),
    url: `http://127.0.0.1:${apiPort}`,
    prefix,
  }
}

/** Which of 40 connections a toxic of toxicity 0.5 closes. The name of the proxy is the same in every run. */
async function tossedBy(seed: string): Promise<string> {
  const { fabric, url } = await openRelay(seed)
  await using _fabric = fabric
  await using server = await listen(echo)
  const [port] = (await freePorts(1)) as [number]
  const post = (path: string, body: unknown) => fetch(`${url}${path}`, { method: 'POST', body: JSON.stringify(body) })
  await post('/proxies', { name: 'coin', listen: `127.0.0.1:${port}`, upstream: `127.0.0.1:${server.port}` })
  await post('/proxies/coin/toxics', { type: 'limit_data', toxicity: 0.5, attributes: { bytes: 1 } })
  let tossed = ''
  for (let round = 0; round < 40; round += 1) {
    using client = await dial(port)
    client.socket.write('two')
    tossed += await client.receive(3).then(
      () => 'o',
      () => 'x',
    )
  }
  return tossed
}

describe('relay', () => {
  it('draws the same for the same seed, and something else for another', async () => {
    const first = await tossedBy('one')
    expect(first).toContain('o')
    expect(first).toContain('x')
    expect(await tossedBy('one')).toBe(first)
    expect(await tossedBy('two')).not.toBe(first)
  })

  it('keeps a half-closed connection half open', async () => {
    const { fabric } = await openRelay()
    await using _fabric = fabric
    await using server = await listen((socket) => {
      socket.on('end', () => socket.end('answered after your end'))
    }, true)
    const [port] = (await freePorts(1)) as [number]
    const link = await fabric.link('half', port, { host: '127.0.0.1', port: server.port })
    using client = await dial(link.listenPort, true)
    client.socket.end('question')
    expect(await client.closed).toBe('ended')
    expect(client.received.toString()).toBe('answered after your end')
  })

  it('resets a live connection too', async () => {
    const { fabric } = await openRelay()
    await using _fabric = fabric
    await using server = await listen(echo)
    const [port] = (await freePorts(1)) as [number]
    const link = await fabric.link('live', port, { host: '127.0.0.1', port: server.port })
    using client = await dial(link.listenPort)
    await client.ping('hello')
    await link.apply('reset')
    client.socket.write('more')
    expect(await client.closed).toBe('ECONNRESET')
    expect(await (await server.peer(0)).closed).toBe('ECONNRESET')
  })

  it.each(['clean', 'slow'])('stops reading when the reader does, and loses nothing (%s link)', async (state) => {
    const { fabric } = await openRelay()
    await using _fabric = fabric
    await using server = await listen((socket) => socket.pause())
    await using other = await listen(echo)
    const [port, otherPort] = (await freePorts(2)) as [number, number]
    const link = await fabric.link('full', port, { host: '127.0.0.1', port: server.port })
    const healthy = await fabric.link('healthy', otherPort, { host: '127.0.0.1', port: other.port })
    if (state === 'slow') await link.apply({ slow: 100_000 })
    using client = await dial(link.listenPort)
    const sent = randomBytes(64 * megabytes)
    let accepted = false
    client.socket.write(sent, () => {
      accepted = true
    })
    const atServer = await server.peer(0)
    // The relay turns once for each of these; unbounded, it would take 64 KB of the transfer each time.
    using pinger = await dial(healthy.listenPort)
    for (let round = 0; round < 2_000; round += 1) await pinger.ping('tick')
    expect(accepted).toBe(false)
    await link.heal()
    atServer.socket.resume()
    expect((await atServer.receive(sent.length)).equals(sent)).toBe(true)
  })

  it('forgets nothing and holds nothing of connections that are gone', async () => {
    const { fabric, url, prefix } = await openRelay()
    await using _fabric = fabric
    await using server = await listen(echo)
    const [port] = (await freePorts(1)) as [number]
    const link = await fabric.link('busy', port, { host: '127.0.0.1', port: server.port })
    for (let round = 0; round < 20; round += 1) {
      using client = await dial(link.listenPort)
      await client.ping('hello')
      // Faults come while connections go.
      await link.apply(round % 2 === 0 ? { slow: 100_000 } : 'silence')
      client.socket.write('never arrives')
      client.socket.resetAndDestroy()
      await link.heal()
    }
    using client = await dial(link.listenPort)
    await client.ping('well')
    const response = await fetch(`${url}/proxies/${prefix}-busy`)
    expect(await response.json()).toMatchObject({ enabled: true, toxics: [] })
  })
})
