import { describe, expect, test } from 'vitest'
import { foreignness } from './foreign.ts'

const ownName = 'dal1.yourco.com'

describe('a request for another site', () => {
  test.each([
    ['an IPv4 address', '127.0.0.1:18401'],
    ['an address of a container', '172.16.8.5:8080'],
    ['an address without a port', '10.93.0.4'],
    ['an IPv6 address', '[::1]:8080'],
    ['localhost', 'LocalHost:8080'],
    ['the name of the configuration', 'DAL1.yourco.com:8080'],
  ])('[SC2] is none under %s', (_title, host) => {
    expect(foreignness({ host }, ownName)).toBeNull()
    expect(foreignness({ host, origin: `http://${host}`, 'sec-fetch-site': 'same-origin' }, ownName)).toBeNull()
    expect(foreignness({ host, 'sec-fetch-site': 'none' }, ownName)).toBeNull()
  })

  test.each([
    ['no Host', ''],
    ['another name', 'evil.example:8080'],
    ['a name that begins with an address', '127.0.0.1.evil.example'],
    ['a name that ends with localhost', 'evil.localhost'],
    ['a name that looks like a number', '2130706433'],
    ['an address after a name', 'evil.example@127.0.0.1'],
    ['a name in brackets', '[evil.example]:8080'],
    ['several', '127.0.0.1:8080, evil.example'],
  ])('[SC2] is one under %s', (_title, host) => {
    expect(foreignness({ host }, ownName)?.code).toBe('foreign-host')
    expect(foreignness({ host }, undefined)?.code).toBe('foreign-host')
  })

  test('[SC2] is one under the name of the configuration of somebody else', () => {
    expect(foreignness({ host: 'dal2.yourco.com:8080' }, ownName)?.code).toBe('foreign-host')
    expect(foreignness({ host: 'dal1.yourco.com:8080' })?.code).toBe('foreign-host')
  })

  test.each([
    ['another site', { origin: 'http://evil.example' }],
    ['another port', { origin: 'http://127.0.0.1:8081' }],
    ['another scheme', { origin: 'https://127.0.0.1:8080' }],
    ['another name of the same door', { origin: 'http://localhost:8080' }],
    ['a page without an origin', { origin: 'null' }],
    ['an empty Origin', { origin: '' }],
    ['a cross-site request without Origin', { 'sec-fetch-site': 'cross-site' }],
    ['a same-site request', { 'sec-fetch-site': 'same-site' }],
    ['an unknown word', { 'sec-fetch-site': 'elsewhere' }],
    ['an own Origin, cross-site', { origin: 'http://127.0.0.1:8080', 'sec-fetch-site': 'cross-site' }],
  ])('[SC2] is one from %s', (_title, headers) => {
    expect(foreignness({ host: '127.0.0.1:8080', ...headers })?.code).toBe('foreign-site')
  })
})
