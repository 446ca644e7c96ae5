import { once } from 'node:events'
import { connect, createServer, type AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { expect, onTestFinished, test } from 'vitest'
import { freePorts } from '../ports.ts'
import { forward } from './forward.ts'

async function forwardTo(port: number): Promise<number> {
  const [listen] = (await freePorts(1)) as [number]
  const server = await forward({ listen, to: { host: '127.0.0.1', port } })
  onTestFinished(() => void server.close())
  return listen
}

test('what comes in goes on, both ways, and each half ends by itself', async () => {
  const echo = createServer({ allowHalfOpen: true }, (socket) => {
    void text(socket).then((all) => socket.end(`heard ${all}`))
  })
  echo.listen(0, '127.0.0.1')
  await once(echo, 'listening')
  onTestFinished(() => void echo.close())
  const client = connect({
    port: await forwardTo((echo.address() as AddressInfo).port),
    host: '127.0.0.1',
    allowHalfOpen: true,
  })
  client.end('this')
  expect(await text(client)).toBe('heard this')
})

test('a connection to a door where nobody listens is ended', async () => {
  const [nobody] = (await freePorts(1)) as [number]
  const client = connect({ port: await forwardTo(nobody), host: '127.0.0.1' })
  client.on('error', () => {})
  await once(client, 'close')
  expect(client.bytesRead).toBe(0)
})

test('when the door breaks off, the caller hears of it', async () => {
  const rude = createServer((socket) => socket.once('data', () => socket.resetAndDestroy()))
  rude.listen(0, '127.0.0.1')
  await once(rude, 'listening')
  onTestFinished(() => void rude.close())
  const client = connect({ port: await forwardTo((rude.address() as AddressInfo).port), host: '127.0.0.1' })
  client.on('error', () => {})
  client.write('hello')
  await once(client, 'close')
  expect(client.destroyed).toBe(true)
})
