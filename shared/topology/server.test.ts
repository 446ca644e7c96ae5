import { describe, expect, test } from 'vitest'
import { formatServer, parseServer } from '#shared/topology/server.ts'

describe('a server is a host and its port', () => {
  test.each([
    ['dal1.yourco.com', 'dal1.yourco.com:443'],
    ['DAL1.YourCo.com:8443', 'dal1.yourco.com:8443'],
    ['207.46.100.2', '207.46.100.2:443'],
    ['207.46.100.2:81', '207.46.100.2:81'],
    ['2001:db8::1', '[2001:db8::1]:443'],
    ['[2001:DB8::1]:8443', '[2001:db8::1]:8443'],
    ['[2001:db8::1]', '[2001:db8::1]:443'],
    ['::ffff:10.0.0.1', '10.0.0.1:443'],
  ])('%s', (text, endpoint) => {
    const server = parseServer(text)
    expect(server.ok && formatServer(server.value)).toBe(endpoint)
  })

  test.each([
    ['https://dal1.yourco.com', '"https://dal1.yourco.com" is neither a DNS name nor an address'],
    ['dal1:0', 'port "0" is not a number from 1 to 65535'],
    ['dal1:65536', 'port "65536" is not a number from 1 to 65535'],
    ['dal1:', 'port "" is not a number from 1 to 65535'],
    ['-dal1', '"-dal1" is neither a DNS name nor an address'],
    ['207.46.300.1:443', 'octet 300 of "207.46.300.1" is above 255'],
  ])('%s is none: %s', (text, error) => {
    expect(parseServer(text)).toEqual({ ok: false, error })
  })
})
