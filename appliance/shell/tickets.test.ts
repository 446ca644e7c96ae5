import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { hashTicket, makeTicket } from './tickets.ts'

test('[SC4] tickets carry 256 bits of the system’s dice, and no two are alike', () => {
  const tickets = Array.from({ length: 2_000 }, () => makeTicket().ticket)
  expect(new Set(tickets).size).toBe(2_000)
  const bytes = tickets.map((ticket) => Buffer.from(ticket, 'base64url'))
  expect(new Set(bytes.map(({ length }) => length))).toEqual(new Set([32]))
  // Every one of the 256 bits is thrown: it is set in about half of the tickets, within ten standard deviations.
  for (let bit = 0; bit < 256; bit += 1) {
    const set = bytes.filter((one) => ((one[bit >> 3] ?? 0) >> (bit & 7)) & 1).length
    expect(Math.abs(set - 1_000)).toBeLessThan(224)
  }
})

test('[SC4] the records know the SHA-256 of a ticket and not the ticket', () => {
  const { ticket, hash } = makeTicket()
  expect(hash).toBe(createHash('sha256').update(ticket).digest('hex'))
  expect([hashTicket(ticket), hash.includes(ticket)]).toEqual([hash, false])
})
