import { expect, it } from 'vitest'
import { AgentId, Endpoint } from '#shared/ids.ts'
import { socketEvents } from './agents.ts'
import { type TapLine } from './socket-tap.ts'

const agent = AgentId('ws-1')
const one = Endpoint('10.0.0.1', 443)
const endpointAt = (port: number): Endpoint | undefined => (port === 20_001 ? one : undefined)
const text = (lines: readonly TapLine[]): string => lines.map((line) => `${JSON.stringify(line)}\n`).join('')

it('maps the ports that an agent dialled back to endpoints', () => {
  const lines: readonly TapLine[] = [
    { at: 1, tap: 'dialled', pid: 10, socket: 1, port: 20_001 },
    { at: 2, tap: 'connected', pid: 10, socket: 1 },
    { at: 3, tap: 'closed', pid: 10, socket: 1, by: 'remote' },
  ]
  expect(socketEvents(agent, text(lines), endpointAt, 5)).toEqual([
    { at: 1, type: 'socket.dialled', agent, socket: 5, endpoint: one },
    { at: 2, type: 'socket.connected', agent, socket: 5 },
    { at: 3, type: 'socket.closed', agent, socket: 5, by: 'remote' },
  ])
})

it('tells the sockets of a restarted process from those before', () => {
  const lines: readonly TapLine[] = [
    { at: 1, tap: 'dialled', pid: 10, socket: 1, port: 20_001 },
    { at: 2, tap: 'dialled', pid: 11, socket: 1, port: 20_001 },
    { at: 3, tap: 'closed', pid: 11, socket: 1, by: 'local' },
  ]
  const sockets = socketEvents(agent, text(lines), endpointAt, 1).map((event) => 'socket' in event && event.socket)
  expect(sockets).toEqual([1, 2, 2])
})

it('leaves out what is no link of the lab, and a last line that was cut short', () => {
  const lines: readonly TapLine[] = [
    { at: 1, tap: 'dialled', pid: 10, socket: 1, port: 53 },
    { at: 2, tap: 'connected', pid: 10, socket: 1 },
  ]
  expect(socketEvents(agent, `${text(lines)}{"at":3,"tap":"dial`, endpointAt, 1)).toEqual([])
})
