import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import { expect, onTestFinished, test } from 'vitest'
import { type HistoryEvent } from '../history.ts'
import { freePorts } from '../ports.ts'
import { openDoor } from '../world/door.ts'
import { followAgents, followAppliance } from './story.ts'

async function serve(port: number, answer: RequestListener): Promise<Server> {
  const server = createServer(answer).listen(port, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return server
}

/** What is told, and a wait for the next `count` events. */
function listener() {
  const told: string[] = []
  let wake = (): void => {}
  const stop = new AbortController()
  onTestFinished(() => stop.abort())
  return {
    signal: stop.signal,
    tell(event: HistoryEvent): void {
      told.push('cause' in event ? `${event.type} ${event.cause}` : event.type)
      wake()
    },
    async until(count: number): Promise<string[]> {
      while (told.length < count) {
        const { promise, resolve } = Promise.withResolvers<void>()
        wake = resolve
        await promise
      }
      return told
    },
  }
}

test('an appliance is told of when it changes: unavailable and why, serving, no answer', async () => {
  const [port] = (await freePorts(1)) as [number]
  const story = listener()
  let asked = 0
  void followAppliance('dal1', openDoor(port, 't'), (event) => story.tell(event), story.signal)
  const server = await serve(port, (_, response) => {
    asked += 1
    if (asked < 3) response.writeHead(503).end(JSON.stringify({ state: 'unavailable', reason: 'catching-up' }))
    else response.end(JSON.stringify({ state: 'serving' }))
  })
  expect(await story.until(2)).toEqual(['appliance.not-serving catching-up', 'appliance.serving'])
  server.close()
  server.closeAllConnections()
  expect((await story.until(3)).at(-1)).toBe('appliance.not-serving no answer')
})

test('an agent process is watched again when it comes back', async () => {
  const [port] = (await freePorts(1)) as [number]
  const story = listener()
  const lines = [{ at: 1, type: 'pass.began', agent: 'ws-1', number: 1, purpose: 'login' }]
  await serve(port, (_, response) => response.end(lines.map((line) => `${JSON.stringify(line)}\n`).join('')))
  void followAgents('ws-1', openDoor(port, 't'), (event) => story.tell(event), story.signal)
  const onePass = ['agent.started', 'pass.began', 'agent.stopped']
  expect((await story.until(6)).slice(0, 6)).toEqual([...onePass, ...onePass])
})
