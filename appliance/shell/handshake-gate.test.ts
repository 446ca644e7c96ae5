import { Socket } from 'node:net'
import { expect, test } from 'vitest'
import { handshakeGate } from './handshake-gate.ts'

function gate(most: number) {
  const begun: Socket[] = []
  const ends: (() => void)[] = []
  const made = handshakeGate(most, (socket, done) => {
    begun.push(socket)
    ends.push(done)
  })
  return { made, begun, ends }
}

test('begins so many handshakes at once, and the next in order as each ends', () => {
  const { made, begun, ends } = gate(2)
  const sockets = Array.from({ length: 4 }, () => new Socket())
  for (const socket of sockets) made.arrived(socket)
  expect([begun.length, made.underWay, made.waiting]).toEqual([2, 2, 2])
  ends[1]?.()
  expect(begun[2]).toBe(sockets[2])
  ends[0]?.()
  ends[2]?.()
  ends[3]?.()
  expect([begun.length, made.underWay, made.waiting]).toEqual([4, 0, 0])
})

test('counts the end of a handshake once', () => {
  const { made, ends } = gate(1)
  made.arrived(new Socket())
  ends[0]?.()
  ends[0]?.()
  expect(made.underWay).toBe(0)
})

test('passes over connections that are gone by the time it is their turn', () => {
  const { made, begun, ends } = gate(1)
  const sockets = Array.from({ length: 4 }, () => new Socket())
  for (const socket of sockets) made.arrived(socket)
  sockets[1]?.destroy()
  sockets[2]?.destroy()
  ends[0]?.()
  expect(begun).toEqual([sockets[0], sockets[3]])
})
