import { describe, expect, test } from 'vitest'
import { connectTable, parseHostPort } from './connect-table.ts'

describe('HOST:PORT', () => {
  test.each([
    ['chicago-1.example:8443', { host: 'chicago-1.example', port: 8443 }],
    ['10.1.0.11:1', { host: '10.1.0.11', port: 1 }],
    ['[fd00::1]:443', { host: 'fd00::1', port: 443 }],
  ])('%s', (text, value) => {
    expect(parseHostPort(text)).toEqual({ ok: true, value })
  })

  test.each(['chicago-1', 'chicago-1:', ':443', 'fd00::1:443', 'a:b:1', 'a:0', 'a:65536', 'a:1x', '[]:1', ''])(
    '"%s" is refused and quoted',
    (text) => {
      const result = parseHostPort(text)
      expect(result.ok ? '' : result.error).toContain(`"${text}"`)
    },
  )
})

describe('connect table', () => {
  const table = connectTable(
    [
      { from: 'Chicago-1.example:8443', to: '127.0.0.1:21001' },
      { from: '[fd00::1]:443', to: 'proxy:21002' },
    ],
    { 'dallas-1.example': '10.2.0.11', Proxy: '127.0.0.2' },
  )

  test.each([
    ['a listed host and port, whatever its case', 'chicago-1.EXAMPLE', 8443, '127.0.0.1', 21_001],
    ['another port of it', 'chicago-1.example', 443, 'chicago-1.example', 443],
    ['an IPv6 host, and a name as its target', 'fd00::1', 443, '127.0.0.2', 21_002],
    ['a name with a stated address', 'Dallas-1.example', 443, '10.2.0.11', 443],
    ['a name nobody mentions', 'boston-1.example', 443, 'boston-1.example', 443],
  ])('%s', (_, host, port, toHost, toPort) => {
    expect(table.target(host, port)).toEqual({ host: toHost, port: toPort })
  })

  test('tells which names have an address and which are led elsewhere', () => {
    expect(table.address('DALLAS-1.example')).toBe('10.2.0.11')
    expect(table.address('chicago-1.example')).toBeUndefined()
    expect(table.leads('CHICAGO-1.example')).toBe(true)
    expect(table.leads('dallas-1.example')).toBe(false)
  })
})
