import { describe, expect, test } from 'vitest'
import fc from 'fast-check'
import { Defect } from '#shared/assert.ts'
import {
  type CompiledRange,
  addressAt,
  compileRange,
  formatRange,
  isDefaultRoute,
  isLinkLocal,
  isLoopback,
  isMulticast,
  parseAddress,
  parseRange,
  parseRouteDestination,
  rangeHolds,
  rangeSize,
  rangesTouch,
} from '#shared/address.ts'

const value = <Value>(result: { ok: true; value: Value } | { ok: false; error: string }): Value => {
  if (!result.ok) throw new Error(result.error)
  return result.value
}
const range = (text: string): CompiledRange => compileRange(value(parseRange(text)))
const route = (text: string) => value(parseRouteDestination(text))

describe('[ST2] an address has one canonical text', () => {
  test.each([
    ['207.46.100.1', '207.46.100.1', 4],
    ['0.0.0.0', '0.0.0.0', 4],
    ['255.255.255.255', '255.255.255.255', 4],
    ['2001:DB8:0:0:0:0:0:1', '2001:db8::1', 6],
    ['::', '::', 6],
    ['::ffff:172.16.8.11', '172.16.8.11', 4],
    ['::ffff:ac10:80b', '172.16.8.11', 4],
    ['64:ff9b::1.2.3.4', '64:ff9b::102:304', 6],
  ])('[ST2] %s is %s', (text, canonical, family) => {
    expect(parseAddress(text)).toMatchObject({ ok: true, value: { text: canonical, family } })
  })

  test('[ST2] every IPv4 address is its own text', () => {
    const isItsOwnText = (text: string): boolean => value(parseAddress(text)).text === text
    fc.assert(fc.property(fc.ipV4(), isItsOwnText))
  })

  test('[ST2] the canonical text of an IPv6 address reads as the same address', () => {
    const readsBack = (text: string): void => {
      const first = value(parseAddress(text))
      expect(parseAddress(first.text)).toEqual({ ok: true, value: first })
    }
    fc.assert(fc.property(fc.ipV6(), readsBack))
  })
})

describe('[ST3] an invalid address is refused with the reason', () => {
  test.each([
    ['207.46.300.1', 'octet 300 of "207.46.300.1" is above 255'],
    ['010.1.1.1', 'octet 010 of "010.1.1.1" has a leading zero'],
    ['127.1', 'an IPv4 address has four octets, "127.1" has 2'],
    ['1', 'an IPv4 address has four octets, "1" has 1'],
    ['1.2.3.4.5', 'an IPv4 address has four octets, "1.2.3.4.5" has 5'],
    ['1.2..4', '"1.2..4" has an empty octet'],
    ['0x7f.0.0.1', '"0x7f.0.0.1" is not an IP address'],
    ['dal1.yourco.com', '"dal1.yourco.com" is not an IP address'],
    ['', 'an address is missing'],
    ['1::2::3', '"1::2::3" is not an IPv6 address'],
    ['2001:db8::g', '"2001:db8::g" is not an IPv6 address'],
    ['fe80::1%eth0', '"fe80::1%eth0" has a zone; an address here has none'],
    ['::ffff:1.2.3.300', 'octet 300 of "1.2.3.300" is above 255'],
    ['::ffff:010.1.1.1', 'octet 010 of "010.1.1.1" has a leading zero'],
  ])('[ST3] %j: %s', (text, error) => {
    expect(parseAddress(text)).toEqual({ ok: false, error })
  })
})

describe('[ST2] a range is an inclusive pair, a CIDR or one address', () => {
  test.each([
    ['172.16.8.0-172.16.10.255', '172.16.8.0', '172.16.10.255'],
    ['207.46.100.1 – 207.46.100.255', '207.46.100.1', '207.46.100.255'],
    ['  10.0.0.1 -10.0.0.2 ', '10.0.0.1', '10.0.0.2'],
    ['172.16.12.0/24', '172.16.12.0', '172.16.12.255'],
    ['0.0.0.0/0', '0.0.0.0', '255.255.255.255'],
    ['10.0.0.7/32', '10.0.0.7', '10.0.0.7'],
    ['10.0.0.7', '10.0.0.7', '10.0.0.7'],
    ['2001:db8::/64', '2001:db8::', '2001:db8::ffff:ffff:ffff:ffff'],
    ['2001:db8::1-2001:db8::ff', '2001:db8::1', '2001:db8::ff'],
    ['::ffff:10.0.0.0/104', '10.0.0.0', '10.255.255.255'],
  ])('[ST2] %s', (text, start, end) => {
    expect(parseRange(text)).toEqual({ ok: true, value: { start, end } })
  })

  test('[ST2] both ends of a range belong to it, their neighbours do not', () => {
    const dallas = range('172.16.8.0-172.16.10.255')
    const holds = (text: string): boolean => rangeHolds(dallas, value(parseAddress(text)))
    expect(['172.16.7.255', '172.16.8.0', '172.16.10.255', '172.16.11.0'].map(holds)).toEqual([
      false,
      true,
      true,
      false,
    ])
  })

  test('[ST2] a range of one family holds no address of the other, whatever the numbers', () => {
    expect(rangeHolds(range('::/0'), value(parseAddress('0.0.0.1')))).toBe(false)
    expect(rangesTouch(range('::/0'), range('0.0.0.0/0'))).toBe(false)
  })

  test.each([
    ['10.0.0.1-10.0.0.5', '10.0.0.5-10.0.0.9', true],
    ['10.0.0.1-10.0.0.5', '10.0.0.6-10.0.0.9', false],
    ['10.0.0.0/8', '10.1.2.3', true],
    ['10.0.0.9', '10.0.0.1-10.0.0.5', false],
  ])('[ST2] whether %s and %s have an address in common: %s', (a, b, touch) => {
    expect(rangesTouch(range(a), range(b))).toBe(touch)
    expect(rangesTouch(range(b), range(a))).toBe(touch)
  })

  test('[ST2] addresses of a range are counted from its start', () => {
    const floor = range('172.16.9.250-172.16.10.4')
    expect(rangeSize(floor)).toBe(11n)
    expect([0, 5, 6, 10].map((offset) => addressAt(floor, offset).text)).toEqual([
      '172.16.9.250',
      '172.16.9.255',
      '172.16.10.0',
      '172.16.10.4',
    ])
    expect(() => addressAt(floor, 11)).toThrow(Defect)
    expect(addressAt(range('2001:db8::/64'), 258).text).toBe('2001:db8::102')
  })

  test('[ST2] a range is written as it is read', () => {
    expect(formatRange({ start: '10.0.0.1', end: '10.0.0.2' })).toBe('10.0.0.1-10.0.0.2')
    expect(formatRange({ start: '10.0.0.1', end: '10.0.0.1' })).toBe('10.0.0.1')
  })
})

describe('[ST3] an invalid range is refused with the reason', () => {
  test.each([
    ['207.46.300.1 – 207.46.300.255', 'octet 300 of "207.46.300.1" is above 255'],
    ['172.16.10.255-172.16.8.0', 'the start 172.16.10.255 lies after the end 172.16.8.0'],
    ['10.0.0.1-2001:db8::1', 'the start is IPv4 and the end is IPv6'],
    ['10.0.0.1-10.0.0.2-10.0.0.3', 'a range has one start and one end'],
    ['10.0.0.1-', 'an address is missing'],
    ['', 'an address is missing'],
    ['172.16.8.5/24', '"172.16.8.5/24" has host bits; its network is 172.16.8.0/24'],
    ['172.16.8.0/33', 'prefix length "33" is not a number from 0 to 32'],
    ['172.16.8.0/', 'prefix length "" is not a number from 0 to 32'],
    ['172.16.8.0/08', 'prefix length "08" is not a number from 0 to 32'],
    ['2001:db8::/129', 'prefix length "129" is not a number from 0 to 128'],
    ['::ffff:10.0.0.0/8', 'prefix length "8" is not a number from 96 to 128'],
  ])('[ST3] %j: %s', (text, error) => {
    expect(parseRange(text)).toEqual({ ok: false, error })
  })

  test('[ST3] an unread range cannot slip in', () => {
    expect(() => compileRange({ start: '10.0.0.2', end: '10.0.0.1' })).toThrow(Defect)
    expect(() => compileRange({ start: '10.0.0.1', end: '::1' })).toThrow(Defect)
  })
})

describe('[HS2] routes that do not count', () => {
  test.each([
    ['127.0.0.0/8', 'loopback'],
    ['127.0.0.1/32', 'loopback'],
    ['::1/128', 'loopback'],
    ['169.254.0.0/16', 'link-local'],
    ['fe80::/64', 'link-local'],
    ['224.0.0.0/4', 'multicast'],
    ['239.1.2.3/32', 'multicast'],
    ['ff00::/8', 'multicast'],
    ['207.46.100.255/32', 'none'],
    ['0.0.0.0/0', 'none'],
    ['128.0.0.0/1', 'none'],
    ['169.0.0.0/8', 'none'],
    ['fd00::/8', 'none'],
  ])('[HS2] %s is %s', (text, kind) => {
    const destination = route(text)
    const kinds = {
      loopback: isLoopback(destination),
      'link-local': isLinkLocal(destination),
      multicast: isMulticast(destination),
    }
    expect(kinds).toEqual({
      loopback: false,
      'link-local': false,
      multicast: false,
      ...(kind === 'none' ? {} : { [kind]: true }),
    })
  })

  test('[HS2] a destination with host bits means its network', () => {
    expect(route('172.16.8.77/24')).toEqual({ ...range('172.16.8.0/24'), prefixLength: 24 })
  })

  test.each(['207.46.100.255', 'default', '10.0.0.0/8/8', '10.1/16'])('[ST3] %s is no route destination', (text) => {
    expect(parseRouteDestination(text).ok).toBe(false)
  })
})

describe('[HS3] the default route and its halves', () => {
  test.each(['0.0.0.0/0', '::/0', '0.0.0.0/1', '128.0.0.0/1', '::/1', '8000::/1'])('[HS3] %s never counts', (text) => {
    expect(isDefaultRoute(route(text))).toBe(true)
  })
  test.each(['0.0.0.0/2', '10.0.0.0/8', '2000::/3', '0.0.0.0/32'])('[HS3] %s counts', (text) => {
    expect(isDefaultRoute(route(text))).toBe(false)
  })
})
