import { describe, expect, it } from 'vitest'
import { closeFrameFinder } from './close-frame.ts'

const handshake = Buffer.from('GET /agent HTTP/1.1\r\nhost: a\r\n\r\n')
const mask = [1, 2, 3, 4]
/** A masked frame, as a client sends it. */
function frame(opcode: number, payload: Buffer): Buffer {
  const length =
    payload.length < 126
      ? Buffer.from([0x80 | payload.length])
      : payload.length < 65_536
        ? Buffer.from([0x80 | 126, payload.length >> 8, payload.length & 0xff])
        : Buffer.concat([
            Buffer.from([0x80 | 127, 0, 0, 0, 0]),
            Buffer.from(new Uint32Array([payload.length]).buffer).reverse(),
          ])
  return Buffer.concat([Buffer.from([0x80 | opcode]), length, Buffer.from(mask), payload])
}
const close = frame(8, Buffer.from([3, 232]))
/** A payload full of what looks like close frames. */
const decoy = (length: number): Buffer => Buffer.alloc(length, 0x88)

describe('finding the close frame', () => {
  it.each([1, 125, 126, 300, 65_535, 65_536, 70_000])('is not misled by a text of %d bytes', (length) => {
    const sees = closeFrameFinder()
    expect([handshake, frame(1, decoy(length)), frame(9, Buffer.alloc(0)), close].map((chunk) => sees(chunk))).toEqual([
      false,
      false,
      false,
      true,
    ])
  })

  it('takes the bytes in any pieces', () => {
    const sees = closeFrameFinder()
    const bytes = Buffer.concat([handshake, frame(1, decoy(130)), close])
    const found = [...bytes].map((byte) => sees(Buffer.from([byte])))
    expect(found.indexOf(true)).toBe(bytes.length - close.length + close.length - 3)
    expect(found.filter(Boolean)).toHaveLength(1)
  })

  it('reads what a server sends, without a mask', () => {
    const sees = closeFrameFinder()
    expect(sees(Buffer.from('HTTP/1.1 101 Switching Protocols\r\n\r\n'))).toBe(false)
    expect(sees(Buffer.from([0x81, 2, 0x88, 0x88, 0x88, 2, 3, 232]))).toBe(true)
  })
})
