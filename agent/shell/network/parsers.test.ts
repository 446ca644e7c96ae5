import { readFileSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { type Adapter, type Route } from '#shared/network.ts'
import { type Interfaces, adaptersOf } from './interfaces.ts'
import { parseIpAddresses, parseIpRoutes } from './linux-ip.ts'
import { parseProcIpv6Routes, parseProcRoutes } from './linux-procfs.ts'
import { parseNetstat } from './macos-netstat.ts'
import { readHostNetwork } from './read-network.ts'
import { parseNetRoutes, parseRoutePrint } from './windows-route.ts'

/** A fixture without the header that tells where it is from. */
function fixture(name: string): string {
  const text = readFileSync(path.join(import.meta.dirname, 'fixtures', `${name}.txt`), 'utf8')
  return text.slice(text.indexOf('\n') + 1)
}

function told(routes: readonly Route[]): string[] {
  return routes.map(
    ({ destination, kind, device }) => `${kind} ${destination}${device === undefined ? '' : ` ${device}`}`,
  )
}

function address(family: 'IPv4' | 'IPv6', cidr: string) {
  const [text = ''] = cidr.split('/')
  const common = { address: text, netmask: '', mac: '', internal: false, cidr }
  return family === 'IPv4' ? { ...common, family } : { ...common, family, scopeid: 0 }
}

/** The host of the Linux captures. */
const linuxHost: Interfaces = {
  lo: [address('IPv4', '127.0.0.1/8'), address('IPv6', '::1/128')],
  eth0: [address('IPv4', '192.0.2.2/24'), address('IPv6', 'fd00::2/64'), address('IPv6', 'fe80::fc:ff:fe00:1/64')],
}
/** The host of the macOS and Windows samples. */
const workstation: Interfaces = {
  en0: [
    address('IPv6', 'fe80::c0a:1bff:fe11:2233/64'),
    address('IPv4', '172.16.8.40/22'),
    address('IPv6', 'fd12:3456::8:40/64'),
  ],
  utun4: [address('IPv4', '10.8.0.6/32')],
  awdl0: [address('IPv6', 'fe80::1/64'), address('IPv4', '169.254.3.4/16')],
}

describe('adapters', () => {
  test('addresses in system order, without loopback and link-local ones', () => {
    expect(adaptersOf(workstation)).toEqual([
      { name: 'en0', addresses: ['172.16.8.40', 'fd12:3456::8:40'] },
      { name: 'utun4', addresses: ['10.8.0.6'] },
    ])
    expect(parseIpAddresses(fixture('linux-ip-addr'))).toEqual({
      ok: true,
      value: [{ name: 'eth0', addresses: ['192.0.2.2', 'fd00::2'] }],
    })
  })

  test('an adapter without carrier is left out, as Node leaves it out', () => {
    const bridge = { ifname: 'docker0', addr_info: [{ local: '172.17.0.1' }] }
    const read = (flags: readonly string[]) => parseIpAddresses(JSON.stringify([{ ...bridge, flags }]))
    expect(read(['NO-CARRIER', 'BROADCAST', 'MULTICAST', 'UP'])).toEqual({ ok: true, value: [] })
    expect(read(['BROADCAST', 'MULTICAST', 'UP', 'LOWER_UP'])).toMatchObject({ value: [{ name: 'docker0' }] })
  })
})

describe('routes of Linux', () => {
  test('iproute2 says the type of each', () => {
    const ipv4 = parseIpRoutes(fixture('linux-ip-route-4'), 4)
    expect(ipv4.ok && told(ipv4.value)).toEqual([
      'unicast 0.0.0.0/0 eth0',
      'unicast 192.0.2.0/24 eth0',
      'local 127.0.0.0/8 lo',
      'local 127.0.0.1/32 lo',
      'broadcast 127.255.255.255/32 lo',
      'local 192.0.2.2/32 eth0',
      'broadcast 192.0.2.255/32 eth0',
    ])
    const ipv6 = parseIpRoutes(fixture('linux-ip-route-6'), 6)
    expect(ipv6.ok && told(ipv6.value)).toEqual([
      'unicast fd00::/64 eth0',
      'unicast fe80::/64 eth0',
      'unicast ::/0 eth0',
      'local ::1/128 lo',
      'local fd00::2/128 eth0',
      'local fe80::fc:ff:fe00:1/128 eth0',
      'multicast ff00::/8 eth0',
    ])
  })

  test('halves of the default route, black holes and routes with several next hops', () => {
    const routes = parseIpRoutes(fixture('linux-ip-route-vpn'), 4)
    expect(routes.ok && told(routes.value)).toEqual([
      'unicast 0.0.0.0/1 tun0',
      'unicast 0.0.0.0/0 eth0',
      'unicast 10.8.0.1/32 tun0',
      'other 10.99.0.0/16',
      'other 0.0.0.0/0',
      'unicast 128.0.0.0/1 tun0',
      'unicast 172.16.16.0/20',
    ])
  })

  test('procfs, in either byte order', () => {
    const routes = ['unicast 0.0.0.0/0 eth0', 'unicast 192.0.2.0/24 eth0']
    expect(told(parseProcRoutes(fixture('linux-proc-route'), linuxHost, false))).toEqual(routes)
    const bigEndian = fixture('linux-proc-route').replace('000200C0', 'C0000200').replace('00FFFFFF', 'FFFFFF00')
    expect(told(parseProcRoutes(bigEndian, linuxHost, true))).toEqual(routes)
    expect(told(parseProcIpv6Routes(fixture('linux-proc-ipv6-route'), linuxHost))).toEqual([
      'unicast fd00::/64 eth0',
      'unicast fe80::/64 eth0',
      'unicast ::/0 eth0',
      'local ::1/128 lo',
      'local fd00::2/128 eth0',
      'local fe80::fc:ff:fe00:1/128 eth0',
      'multicast ff00::/8 eth0',
      'other ::/0 lo',
    ])
  })

  test.each(['', 'Option "-j" is unknown', '{}', '[{}]'])('what is not iproute2 is refused: %s', (text) => {
    // No output at all means no routes.
    expect(parseIpRoutes(text, 4).ok).toBe(text === '')
    expect(parseIpAddresses(text).ok).toBe(text === '')
  })
})

describe('routes of macOS', () => {
  test('shortened networks, zones, kinds; learnt neighbours are no routes', () => {
    expect(told(parseNetstat(fixture('macos-netstat'), workstation))).toEqual([
      'unicast 0.0.0.0/0 en0',
      'unicast 10.1.0.0/16 utun4',
      'unicast 10.8.0.1/32 utun4',
      'unicast 127.0.0.0/8 lo0',
      'unicast 127.0.0.1/32 lo0',
      'unicast 169.254.0.0/16 en0',
      'unicast 172.16.8.0/22 en0',
      'unicast 172.16.8.1/32 en0',
      'local 172.16.8.40/32 en0',
      'broadcast 172.16.11.255/32 en0',
      'unicast 192.168.7.0/24 utun4',
      'multicast 224.0.0.0/4 en0',
      'multicast 224.0.0.251/32 en0',
      'broadcast 255.255.255.255/32 en0',
      'other 10.77.0.0/16 lo0',
      'unicast ::/0 utun0',
      'unicast ::/0 en0',
      'unicast ::1/128 lo0',
      'unicast fd12:3456::/64 en0',
      'local fd12:3456::8:40/128 lo0',
      'unicast fe80::/64 lo0',
      'local fe80::1/128 lo0',
      'unicast fe80::/64 en0',
      'local fe80::c0a:1bff:fe11:2233/128 lo0',
      'multicast ff00::/8 lo0',
      'multicast ff01::/32 en0',
      'multicast ff02::/32 lo0',
    ])
  })
})

describe('routes of Windows', () => {
  test('Get-NetRoute, and a single route without its list', () => {
    const routes = parseNetRoutes(fixture('windows-get-netroute'), workstation)
    expect(routes.ok && told(routes.value)).toEqual([
      'broadcast 255.255.255.255/32 Ethernet',
      'multicast 224.0.0.0/4 Ethernet',
      'broadcast 172.16.11.255/32 Ethernet',
      'local 172.16.8.40/32 Ethernet',
      'unicast 172.16.8.0/22 Ethernet',
      'unicast 10.1.0.0/16 VPN',
      'unicast 127.0.0.0/8 Loopback Pseudo-Interface 1',
      'unicast 0.0.0.0/0 Ethernet',
      'multicast ff00::/8 Ethernet',
      'unicast fe80::a1b2:c3d4:e5f6:789/128 Ethernet',
      'unicast fe80::/64 Ethernet',
      'local fd12:3456::8:40/128 Ethernet',
      'unicast fd12:3456::/64 Ethernet',
      'unicast ::/0 Ethernet',
    ])
    expect(parseNetRoutes('{"DestinationPrefix":"10.1.0.0/16"}', workstation)).toEqual({
      ok: true,
      value: [{ destination: '10.1.0.0/16', kind: 'unicast' }],
    })
    expect(parseNetRoutes('Get-NetRoute: not recognized', workstation).ok).toBe(false)
  })

  test('route print in any language, without permanent routes', () => {
    expect(told(parseRoutePrint(fixture('windows-route-print').replaceAll('\n', '\r\n'), workstation))).toEqual([
      'unicast 0.0.0.0/0',
      'unicast 10.1.0.0/16',
      'unicast 127.0.0.0/8',
      'unicast 172.16.8.0/22',
      'local 172.16.8.40/32',
      'broadcast 172.16.11.255/32',
      'multicast 224.0.0.0/4',
      'broadcast 255.255.255.255/32',
      'unicast ::/0',
      'unicast ::1/128',
      'unicast fd12:3456::/64',
      'local fd12:3456::8:40/128',
      'unicast fe80::/64',
      'unicast fe80::a1b2:c3d4:e5f6:789/128',
      'multicast ff00::/8',
    ])
  })
})

test('this machine has the adapters that Node sees', async () => {
  const network = await readHostNetwork()
  const names = (adapters: readonly Adapter[]): string[] =>
    adapters.map(({ name }) => name).sort((a, b) => a.localeCompare(b))
  expect(names(network.adapters)).toEqual(names(adaptersOf(networkInterfaces())))
})
