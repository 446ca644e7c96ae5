import { afterEach, describe, expect, test, vi } from 'vitest'
import { type HostNetwork } from '#shared/network.ts'
import { connectTable } from './connect-table.ts'
import { surveyor } from './surveyor.ts'

const machine: HostNetwork = { adapters: [{ name: 'eth0', addresses: ['192.0.2.2'] }], routes: [] }
const table = connectTable(
  [
    { from: 'led.example:443', to: '127.0.0.1:1' },
    { from: 'both.example:443', to: '127.0.0.1:2' },
  ],
  {
    'stated.example': '10.0.0.1',
    'both.example': 'FD00::1',
  },
)

function counted(lookup: (host: string) => Promise<string>) {
  let nowMs = 0
  const reads: string[] = []
  const own = surveyor({
    table,
    nowMs: () => nowMs,
    readNetwork: () => {
      reads.push('network')
      return Promise.resolve(machine)
    },
    lookup: (host) => {
      reads.push(host)
      return lookup(host)
    },
  })
  return {
    own,
    reads,
    pass: (ms: number) => {
      nowMs += ms
    },
  }
}

afterEach(() => {
  vi.useRealTimers()
})

describe('survey', () => {
  test('a name has its stated address, then that of DNS; one that is led elsewhere is not looked up', async () => {
    const { own, reads } = counted((host) =>
      host === 'known.example' ? Promise.resolve('10.0.0.9') : Promise.reject(new Error()),
    )
    const hosts = [
      'stated.example',
      'known.example',
      'unknown.example',
      'led.example',
      'both.example',
      '10.1.0.1',
      'FD00::2',
    ]
    const { network, addresses } = await own.survey(undefined, hosts)
    expect(network).toEqual(machine)
    expect([...addresses]).toEqual([
      ['stated.example', '10.0.0.1'],
      ['known.example', '10.0.0.9'],
      ['both.example', 'fd00::1'],
      ['10.1.0.1', '10.1.0.1'],
      ['FD00::2', 'fd00::2'],
    ])
    expect(reads).toEqual(['network', 'known.example', 'unknown.example'])
  })

  test('a declared network stands for the machine', async () => {
    const { own, reads } = counted(() => Promise.reject(new Error()))
    const { network } = await own.survey({ addresses: ['172.16.8.40'], routes: ['10.1.0.0/16', '0.0.0.0/0'] }, [])
    expect(network).toEqual({
      adapters: [{ name: 'declared', addresses: ['172.16.8.40'] }],
      routes: [
        { destination: '10.1.0.0/16', kind: 'unicast' },
        { destination: '0.0.0.0/0', kind: 'unicast' },
      ],
    })
    expect(reads).toEqual([])
  })

  test('agents that ask within a moment share one reading, and later ones do not', async () => {
    const { own, reads, pass } = counted(() => Promise.resolve('10.0.0.9'))
    await Promise.all([own.survey(undefined, ['a.example']), own.survey(undefined, ['a.example'])])
    pass(249)
    await own.survey(undefined, ['a.example'])
    expect(reads).toEqual(['network', 'a.example'])
    pass(1)
    await own.survey(undefined, ['a.example'])
    expect(reads).toEqual(['network', 'a.example', 'network', 'a.example'])
  })

  test('a name server that does not answer holds nobody longer than its bound', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const { own } = counted(() => new Promise(() => {}))
    const surveyed = own.survey(undefined, ['slow.example'])
    await vi.advanceTimersByTimeAsync(2000)
    expect([...(await surveyed).addresses]).toEqual([])
  })
})
