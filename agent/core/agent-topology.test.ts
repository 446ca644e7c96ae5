import { describe, expect, it } from 'vitest'
import { script } from './agent-script.contract.ts'
import { sampleNetwork, sampleTopology } from '#shared/topology/sample.contract.ts'

const one = (epoch = 1, appliances = ['h1', 'h2']) =>
  sampleTopology(
    [
      { id: 'home', ranges: ['10.1.0.0/16'], appliances, primary: 'away' },
      { id: 'away', ranges: ['10.2.0.0/16'], appliances: ['a1'] },
    ],
    epoch,
  )
const network = sampleNetwork(['10.1.0.9'])

describe('bootstrap', () => {
  it('[BT1] fetches the topology from IPTXPrimServer, uses it at once, and lets its rules choose', () => {
    const agent = script({ topology: one(), network, primServer: 'a1.test' })
    agent.start()
    expect(agent.log.dialled[0]).toBe('a1.test')
    expect(agent.status()).toMatchObject({ topology: { inUse: 1 }, home: { site: 'home' } })
    expect(agent.status().links).toHaveLength(1)
    expect(agent.status().links[0]).toMatch(/^h/)
    expect(agent.log.persisted).toEqual([1])
  })

  it('[BT2] tries IPTXALTSERVERS in order after it, for bootstrap only', () => {
    const options = { topology: one(), network, primServer: 'nobody.test', altServers: ['gone.test', 'a1.test'] }
    const agent = script(options)
    agent.start()
    expect(agent.log.dialled.slice(0, 3)).toEqual(['nobody.test', 'gone.test', 'a1.test'])
    const before = agent.log.dialled.length
    agent.behave('refused', 'h1.test', 'h2.test', 'a1.test')
    agent.login()
    agent.lose('h1.test', 'h2.test')
    expect(agent.log.dialled.slice(before)).not.toContain('gone.test')
    expect(agent.log.dialled.at(-1)).toBe('nobody.test')
  })

  it('[BT3] a cached topology is in use after a restart, and nothing is fetched first', () => {
    const agent = script({ topology: one(), network, primServer: 'a1.test', cached: true })
    agent.start()
    expect(agent.log.dialled[0]).toMatch(/^h/)
    expect(agent.status().topology.inUse).toBe(1)
  })

  it('[BT9] a fresh agent without any bootstrap fails every authentication with a clear reason', () => {
    const agent = script({ topology: one(), network, primServer: 'nobody.test' })
    agent.start()
    expect(agent.login()).toMatchObject({ outcome: 'failed', code: 'no-topology' })
    expect(agent.log.notes.some(({ rules, text }) => rules.includes('BT9') && text.includes('bootstrap'))).toBe(true)
  })

  it('[BT9, OF2] and comes online by itself once the bootstrap answers', () => {
    const agent = script({ topology: one(), network, primServer: 'a1.test' })
    agent.behave('refused', 'a1.test')
    agent.start()
    agent.behave('serves', 'a1.test')
    agent.elapse(361_000)
    expect(agent.status()).toMatchObject({ online: true, topology: { inUse: 1 } })
  })
})

describe('a changed topology', () => {
  const started = (primServer = 'a1.test') => {
    const agent = script({ topology: one(), network, primServer, cached: true })
    agent.start()
    return agent
  }

  it('[BT4] arrives by push and is held as received; [BT6] the running session is not disturbed', () => {
    const agent = started()
    agent.login()
    const before = agent.status().sessions
    agent.pushTopology(one(2, ['h7', 'h8']))
    agent.elapse(24 * 3_600_000)
    expect(agent.status()).toMatchObject({ topology: { inUse: 1, received: 2 }, sessions: before })
    expect(agent.log.persisted).toEqual([])
  })

  it('[BT4] arrives with the next refresh', () => {
    const agent = started()
    agent.publish(one(2))
    agent.elapse(599_000)
    expect(agent.status().topology.received).toBe(1)
    agent.elapse(2_000)
    expect(agent.status().topology).toEqual({ inUse: 1, received: 2 })
  })

  it.each<[string, (agent: ReturnType<typeof started>) => void]>([
    ['a session start', (agent) => agent.login('bob')],
    ['a failover', (agent) => agent.lose(`${agent.status().links[0]}.test`)],
    [
      'an unlock',
      (agent) => {
        const session = agent.status().sessions[0]?.session
        if (session !== undefined) agent.unlock(session)
      },
    ],
  ])('[BT5] is in use from the next pass on: %s', (_title, act) => {
    const agent = started()
    agent.login('alice')
    agent.pushTopology(one(2))
    expect(agent.status().topology.inUse).toBe(1)
    act(agent)
    expect(agent.status().topology.inUse).toBe(2)
    expect(agent.log.persisted).toEqual([2])
  })

  it('[BT5] is in use before the pass, not after it', () => {
    const agent = started()
    agent.pushTopology(one(2, ['h1']))
    agent.behave('refused', 'h2.test')
    agent.lose('h1.test')
    agent.login()
    expect(agent.log.decisions.at(-1)?.candidates.map(({ appliance }) => appliance)).not.toContain('h2')
  })

  it('[BT5] is in use from a background attempt on', () => {
    const agent = started('h1.test')
    agent.pushTopology(one(2))
    agent.lose('h1.test', 'h2.test', 'a1.test')
    expect(agent.status().online).toBe(false)
    agent.publish(one(3))
    agent.elapse(361_000)
    expect(agent.log.decisions.at(-1)).toMatchObject({ purpose: 'background', epoch: 2 })
  })

  it('[BT7] is fetched again through the last resort, and used at the next session start', () => {
    const rescue = script({ topology: rescued, network, primServer: 'f1.test', cached: true })
    rescue.behave('refused', 'h1.test')
    rescue.start()
    rescue.publish({ ...rescued, epoch: 2 })
    expect(rescue.status().topology.inUse).toBe(1)
    const fetched = rescue.log.sent.filter(({ host, message }) => host === 'f1.test' && message.type === 'topology.get')
    expect(fetched).toHaveLength(1)
    rescue.elapse(600_000)
    expect(rescue.status().topology).toEqual({ inUse: 1, received: 2 })
    rescue.login()
    expect(rescue.status().topology.inUse).toBe(2)
    expect(rescue.log.decisions.at(-1)?.stage).toBe('last-resort')
  })

  it('[ST3] with an impossible address is refused and reported, and the one in use stays', () => {
    const agent = started()
    const impossible = { start: '207.46.300.1', end: '207.46.300.255' }
    const wrong = one(2)
    agent.pushTopology({ ...wrong, sites: wrong.sites.map((site) => ({ ...site, ranges: [impossible] })) })
    agent.login()
    expect(agent.status().topology).toEqual({ inUse: 1, received: 1 })
    expect(agent.log.notes.some(({ text }) => text.includes('207.46.300.1'))).toBe(true)
  })

  it('[BT8] an older one is dropped, the same epoch with other content is refused and reported', () => {
    const agent = started()
    agent.pushTopology(one(3))
    agent.pushTopology(one(2))
    expect(agent.status().topology.received).toBe(3)
    agent.pushTopology(one(3, ['h9']))
    expect(agent.log.notes.filter(({ level, rules }) => level === 'warn' && rules.includes('BT8'))).toHaveLength(1)
  })
})

const rescued = sampleTopology([
  { id: 'home', ranges: ['10.1.0.0/16'], appliances: ['h1'] },
  { id: 'far', ranges: ['10.3.0.0/16'], appliances: ['f1'] },
])

describe('the home site of an agent', () => {
  it('[HS5] is decided anew at every authentication attempt', () => {
    const agent = script({ topology: one(), network, primServer: 'a1.test', cached: true })
    agent.start()
    agent.move(sampleNetwork(['192.0.2.1'], ['10.2.3.0/24']))
    agent.login()
    expect(agent.log.decisions.at(-1)).toMatchObject({ home: { site: 'away', by: 'route' }, appliance: 'a1' })
  })

  it('[HS6] that is none leaves only the last resort, and [HS4] that appliance serves', () => {
    const agent = script({
      topology: one(),
      network: sampleNetwork(['192.0.2.1']),
      primServer: 'h2.test',
      cached: true,
    })
    agent.start()
    agent.login()
    expect(agent.log.decisions.at(-1)).toMatchObject({ home: { site: null }, appliance: 'h2', stage: 'last-resort' })
    expect(new Set(agent.log.dialled)).toEqual(new Set(['h2.test']))
  })

  it('[SP5] with failover disabled goes straight to the last resort', () => {
    const agent = script({ topology: rescued, network, primServer: 'f1.test', cached: true })
    agent.behave('refused', 'h1.test')
    agent.start()
    expect(agent.log.decisions.at(-1)?.candidates.map(({ stage }) => stage)).toEqual(['home', 'last-resort'])
  })
})

describe('a decision record', () => {
  it('[SP9] tells home and why, epoch, each candidate with stage, outcome and ms, and the rules that applied', () => {
    const agent = script({ topology: one(), network, primServer: 'a1.test', cached: true })
    agent.behave('refused', 'h1.test', 'h2.test')
    agent.start()
    expect(agent.log.decisions.at(-1)).toMatchObject({
      purpose: 'online',
      home: { site: 'home', by: 'range', address: '10.1.0.9', range: '10.1.0.0-10.1.255.255' },
      epoch: 1,
      candidates: [
        { stage: 'home', outcome: 'refused', ms: 0 },
        { stage: 'home', outcome: 'refused', ms: 0 },
        { stage: 'primary', outcome: 'answered', appliance: 'a1' },
      ],
      outcome: 'found',
      rules: ['HS1', 'SP1', 'SP10'],
      reason: expect.stringContaining('primary failover site away of home') as unknown,
    })
  })

  it('[SP6] a rejected login is an answer: the pass ends there', () => {
    const agent = script({ topology: one(), network, primServer: 'a1.test', cached: true })
    agent.start()
    const before = agent.log.dialled.length
    expect(agent.login('alice', 'wrong')).toMatchObject({ outcome: 'failed', code: 'bad-credential' })
    expect(agent.log.dialled).toHaveLength(before)
    expect(agent.log.decisions.at(-1)).toMatchObject({ outcome: 'rejected', rules: ['HS1', 'SP6'] })
  })

  it('[SP6] an appliance without a database behind it is unavailable, before and after its hello', () => {
    const agent = script({ topology: one(), network, primServer: 'a1.test', cached: true })
    agent.start()
    const pinned = agent.status().links[0]
    agent.behave('no-database', `${pinned}.test`)
    expect(agent.login()).toMatchObject({ outcome: 'accepted', binding: { stage: 'home' } })
    expect(agent.log.decisions.at(-1)?.candidates.map(({ outcome }) => outcome)).toEqual(['unavailable', 'answered'])
  })

  it('[SP6] a request that is not answered in time moves the pass on', () => {
    const agent = script({ topology: one(), network, primServer: 'a1.test', cached: true })
    agent.start()
    agent.behave('asks-nobody', `${agent.status().links[0]}.test`)
    expect(agent.login()).toBeUndefined()
    agent.elapse(5_001)
    expect(agent.answer(1)).toMatchObject({ outcome: 'accepted' })
    expect(agent.log.decisions.at(-1)?.candidates.map(({ outcome }) => outcome)).toContain('answered')
  })
})
