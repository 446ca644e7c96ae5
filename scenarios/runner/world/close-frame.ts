/**
 * Finds the close frame in one direction of a WebSocket connection, from its plain bytes: the HTTP handshake up to its
 * empty line, then frames (RFC 6455, section 5.2), in chunks of any size.
 */

const closeOpcode = 0x8
const opcodeBits = 0x0f
const lengthBits = 0x7f
const maskBit = 0x80
const maskBytes = 4
const endOfHandshake = '\r\n\r\n'

/** Says `true` for the chunk in which a close frame begins. */
export function closeFrameFinder(): (chunk: Uint8Array) => boolean {
  let handshake: string | undefined = ''
  let header: number[] = []
  let payloadLeft = 0
  return (chunk) => {
    let found = false
    let at = 0
    while (at < chunk.length) {
      if (handshake !== undefined) {
        handshake = `${handshake}${String.fromCharCode(chunk[at] as number)}`.slice(-endOfHandshake.length)
        at += 1
        if (handshake === endOfHandshake) handshake = undefined
      } else if (payloadLeft > 0) {
        const skipped = Math.min(payloadLeft, chunk.length - at)
        payloadLeft -= skipped
        at += skipped
      } else {
        header.push(chunk[at] as number)
        at += 1
        const length = payloadOf(header)
        if (length === undefined) continue
        found ||= ((header[0] ?? 0) & opcodeBits) === closeOpcode
        payloadLeft = length
        header = []
      }
    }
    return found
  }
}

/** The length of the payload that follows, once the header is complete. */
function payloadOf(header: readonly number[]): number | undefined {
  const second = header[1]
  if (second === undefined) return undefined
  const short = second & lengthBits
  const lengthBytes = short === 127 ? 8 : short === 126 ? 2 : 0
  const mask = (second & maskBit) === 0 ? 0 : maskBytes
  if (header.length < 2 + lengthBytes + mask) return undefined
  if (lengthBytes === 0) return short
  return header.slice(2, 2 + lengthBytes).reduce((length, byte) => length * 256 + byte, 0)
}
