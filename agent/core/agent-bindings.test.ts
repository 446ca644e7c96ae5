import { describe, expect, it } from 'vitest'
import { type Script, script, sessionOf } from './agent-script.contract.ts'
import { sampleNetwork, sampleTopology, type SampleSite } from '#shared/topology/sample.contract.ts'

const hour = 3_600_000

/** Home with three appliances, its failover site with two, a third site that is nobody's failover but the second's. */
const sites: readonly SampleSite[] = [
  { id: 'home', ranges: ['10.1.0.0/16'], appliances: ['h1', 'h2', 'h3'], primary: 'away' },
  { id: 'away', ranges: ['10.2.0.0/16'], appliances: ['a1', 'a2'], primary: 'far' },
  { id: 'far', ranges: ['10.3.0.0/16'], appliances: ['f1', 'f2'] },
]
const homeHosts = ['h1.test', 'h2.test', 'h3.test'] as const
const awayHosts = ['a1.test', 'a2.test'] as const
const topology = sampleTopology(sites)
const atHome = sampleNetwork(['10.1.0.9'])

function begun(seed = 'seed', primServer = 'f1.test', network = atHome): Script {
  const agent = script({ topology, network, primServer, seed, cached: true })
  agent.start()
  return agent
}

const boundTo = (agent: Script, index = 0) => agent.status().sessions[index]?.binding?.appliance
const hostOf = (appliance: string | undefined) => `${appliance}.test`
const last = (agent: Script) => agent.log.decisions.at(-1)
const seeds = Array.from({ length: 12 }, (_, index) => `seed-${index}`)

describe('the pin of an agent', () => {
  it('[PN7] starts when the agent comes online at random within home, without any session', () => {
    const picks = new Set(seeds.map((seed) => begun(seed).status().pin?.appliance))
    expect(picks).toEqual(new Set(['h1', 'h2', 'h3']))
    expect(begun().status()).toMatchObject({ online: true, sessions: [] })
  })

  it.each(seeds)('[PN7] is what a login gets that comes while the agent comes online: %s', (seed) => {
    const agent = script({ topology, network: atHome, primServer: 'f1.test', seed, cached: true })
    agent.hold()
    agent.start()
    agent.login()
    agent.release()
    expect(boundTo(agent)).toBe(agent.status().pin?.appliance)
  })

  it('[PN1] serves every new session inside the window, which does not slide', () => {
    const agent = begun()
    const pinned = agent.status().pin?.appliance
    for (let login = 0; login < 5; login += 1) {
      agent.elapse(0.59 * hour)
      expect(agent.login()).toMatchObject({ binding: { appliance: pinned, stage: 'home' } })
    }
    expect(last(agent)?.rules).toContain('PN1')
  })

  it('[PN2] is another appliance after the window, and [PN3] running sessions stay', () => {
    const agent = begun()
    const pinned = agent.status().pin?.appliance
    agent.login('alice')
    agent.elapse(3 * hour)
    expect(boundTo(agent)).toBe(pinned)
    agent.login('bob')
    expect(boundTo(agent, 1)).not.toBe(pinned)
    expect(boundTo(agent, 0)).toBe(pinned)
    expect(agent.status().pin).toMatchObject({ appliance: boundTo(agent, 1), ageMs: 0 })
    expect(last(agent)?.rules).toContain('PN2')
  })

  it('[PN2] tries the old one last and keeps it when no other answers', () => {
    const agent = begun()
    const pinned = agent.status().pin?.appliance
    agent.behave('refused', ...homeHosts.filter((host) => host !== hostOf(pinned)))
    agent.elapse(3 * hour)
    expect(agent.login()).toMatchObject({ binding: { appliance: pinned } })
    expect(last(agent)?.candidates.map(({ outcome }) => outcome)).toEqual(['refused', 'refused', 'answered'])
    expect(agent.status().pin).toMatchObject({ appliance: pinned, ageMs: 0 })
  })

  it('[PN4] is never an appliance of a failover site or the last resort', () => {
    const agent = begun()
    agent.lose(...homeHosts)
    agent.login()
    expect(boundTo(agent)).toMatch(/^a/)
    expect(agent.status().pin).toBeNull()
    agent.lose(...awayHosts)
    expect(boundTo(agent)).toBe('f1')
    expect(agent.status().pin).toBeNull()
  })

  it('[PN5] is lost with its appliance, and the one that sessions fail over to gets a fresh one', () => {
    const agent = begun()
    agent.login()
    const pinned = agent.status().pin?.appliance
    agent.elapse(hour)
    agent.lose(hostOf(pinned))
    const { pin } = agent.status()
    expect(pin?.appliance).toBe(boundTo(agent))
    expect(pin?.appliance).not.toBe(pinned)
    expect(pin?.ageMs).toBeLessThanOrEqual(30_000)
  })

  it('[PN5] stays when another appliance is lost', () => {
    const agent = begun()
    agent.login('alice')
    const first = boundTo(agent)
    agent.elapse(3 * hour)
    agent.login('bob')
    const pinned = agent.status().pin
    agent.lose(hostOf(first))
    expect(agent.status().pin?.appliance).toBe(pinned?.appliance)
    expect(agent.status().pin?.ageMs).toBe(30_000)
  })

  it('[PN5] stays, as old as it is, when another appliance is lost after the window', () => {
    const agent = begun()
    agent.login('alice')
    const first = boundTo(agent)
    agent.elapse(3 * hour)
    agent.login('bob')
    const pinned = agent.status().pin?.appliance
    agent.elapse(3 * hour)
    agent.lose(hostOf(first))
    expect(agent.status().pin).toMatchObject({ appliance: pinned, ageMs: 3 * hour + 30_000 })
  })

  it('[PN5] stays when its appliance is only busy', () => {
    const agent = begun()
    const pinned = agent.status().pin?.appliance
    agent.behave('busy', hostOf(pinned))
    expect(agent.login()).toMatchObject({ binding: { stage: 'home' } })
    expect(boundTo(agent)).not.toBe(pinned)
    expect(agent.status().pin?.appliance).toBe(pinned)
  })

  it('[PN5] goes to the appliance that answers a new session when the pinned one is unavailable', () => {
    const agent = begun()
    const pinned = agent.status().pin?.appliance
    agent.elapse(hour)
    agent.behave('no-database', hostOf(pinned))
    agent.login()
    expect(boundTo(agent)).not.toBe(pinned)
    expect(agent.status().pin).toMatchObject({ appliance: boundTo(agent), ageMs: 0 })
  })

  it('[PN6, HS5] is dropped when the workstation has moved to another site by the next attempt', () => {
    const agent = begun()
    agent.move(sampleNetwork(['10.2.0.9']))
    expect(agent.status().home.site).toBe('home')
    agent.login()
    expect(agent.status()).toMatchObject({ home: { site: 'away' }, pin: { appliance: boundTo(agent) } })
    expect(boundTo(agent)).toMatch(/^a/)
  })
})

describe('bindings', () => {
  it('[BD1, BD3] a session stays while its appliance answers, whatever else happens', () => {
    const agent = begun()
    agent.login()
    const first = boundTo(agent)
    agent.pushTopology(
      sampleTopology([{ id: 'home', ranges: ['10.9.0.0/16'], appliances: ['h9'] }, ...sites.slice(1)], 2),
    )
    agent.elapse(24 * hour)
    expect(boundTo(agent)).toBe(first)
  })

  it('[BD2] sessions of one agent may be bound to different appliances and are lost apart', () => {
    const agent = begun()
    agent.login('alice')
    agent.elapse(3 * hour)
    agent.login('bob')
    const [alice, bob] = [boundTo(agent, 0), boundTo(agent, 1)]
    expect(alice).not.toBe(bob)
    agent.lose(hostOf(alice))
    expect(boundTo(agent, 1)).toBe(bob)
    expect(boundTo(agent, 0)).not.toBe(alice)
  })
})

describe('loss and failover', () => {
  it('[LO1] tries the others of the serving site, then the lost one once more, then goes from home', () => {
    const agent = begun()
    agent.login()
    const lost = boundTo(agent)
    agent.lose(...homeHosts)
    const decision = agent.log.decisions.find(({ purpose }) => purpose === 'failover')
    const tried = decision?.candidates.map(({ appliance }) => appliance) ?? []
    expect(new Set(tried.slice(0, 2))).toEqual(new Set(['h1', 'h2', 'h3'].filter((id) => id !== lost)))
    expect(tried[2]).toBe(lost)
    expect(tried[3]).toMatch(/^a/)
    expect(tried).toHaveLength(4)
  })

  it('[LO1] prefers the lost one of the serving site to going home, when it answers once more', () => {
    const agent = begun()
    agent.login()
    agent.lose(...homeHosts)
    agent.behave('serves', ...homeHosts)
    const away = boundTo(agent)
    agent.behave('refused', ...awayHosts.filter((host) => host !== hostOf(away)))
    agent.cutLinks(hostOf(away))
    expect(agent.status().sessions[0]?.binding).toMatchObject({ appliance: away, stage: 'serving', temporary: false })
  })

  it('[LO1] makes one pass for all sessions of a lost link', () => {
    const agent = begun()
    for (const user of ['alice', 'bob', 'carol']) agent.login(user)
    agent.lose(hostOf(boundTo(agent)))
    expect(agent.log.decisions.filter(({ purpose }) => purpose === 'failover')).toHaveLength(1)
    expect(new Set([0, 1, 2].map((index) => boundTo(agent, index))).size).toBe(1)
  })

  it('[LO3] resumes inside the site without any login', () => {
    const agent = begun()
    agent.login()
    const before = agent.log.sent.length
    agent.lose(hostOf(boundTo(agent)))
    expect(agent.log.sent.slice(before).map(({ message }) => message.type)).toEqual(['resume', 'audit'])
    expect(agent.status().sessions[0]).toMatchObject({ state: 'active', binding: { stage: 'home' } })
  })

  it('[SP2] picks at random among the others of the site', () => {
    const picks = seeds.map((seed) => {
      const agent = begun(seed)
      agent.login()
      const before = boundTo(agent)
      agent.lose(hostOf(before))
      return `${before}>${boundTo(agent)}`
    })
    expect(new Set(picks).size).toBeGreaterThan(3)
  })

  it('[SP4] is not transitive: the failover site of the failover site is disregarded', () => {
    const agent = begun('seed', 'h1.test')
    agent.login()
    agent.lose(...homeHosts)
    agent.lose(...awayHosts)
    expect(agent.log.dialled).not.toContain('f2.test')
    expect(agent.status().sessions[0]?.binding).toBeNull()
  })

  it('[LO2] a temporary session fails over inside that site, a new one does not', () => {
    const agent = begun()
    agent.login('alice')
    agent.lose(...homeHosts, ...awayHosts)
    expect(agent.status().sessions[0]?.binding).toMatchObject({
      appliance: 'f1',
      stage: 'last-resort',
      temporary: true,
    })
    agent.lose('f1.test')
    expect(agent.status().sessions[0]?.binding).toMatchObject({ appliance: 'f2', stage: 'serving', temporary: true })
    expect(agent.login('bob')).toMatchObject({ outcome: 'failed', code: 'offline.never-here' })
    expect(boundTo(agent)).toBe('f2')
  })

  it('[LO5] a session that the new appliance does not know is paused there until its own user logs in', () => {
    const agent = begun()
    const session = sessionOf(agent.login())
    agent.sessions.delete(session)
    agent.lose(hostOf(boundTo(agent)))
    expect(agent.status().sessions[0]).toMatchObject({ state: 'paused', binding: { stage: 'home' } })
    expect(agent.log.notes.some(({ rules }) => rules.includes('LO5'))).toBe(true)
    expect(agent.unlock(session, 'wrong')).toMatchObject({ code: 'bad-credential' })
    expect(agent.status().sessions[0]?.state).toBe('paused')
    expect(agent.unlock(session)).toMatchObject({ outcome: 'accepted', state: 'active' })
  })

  it('[LO6] waits before each reconnect, full jitter per attempt', () => {
    const waits = seeds.map((seed) => {
      const agent = begun(seed)
      agent.login()
      const host = hostOf(boundTo(agent))
      agent.behave('refused', host)
      const { log } = agent
      const before = log.dialled.length
      agent.event({ type: 'link.lost', dial: 1 as never, reason: 'closed', heardAgoMs: 0 })
      expect(log.dialled).toHaveLength(before)
      let ms = 0
      while (log.dialled.length === before && ms < 200) {
        agent.elapse(1)
        ms += 1
      }
      return ms
    })
    expect(Math.max(...waits)).toBeLessThanOrEqual(100)
    expect(new Set(waits).size).toBeGreaterThan(6)
  })

  it('[LO6, SP10] busy never makes it offline: it waits as told and begins a new pass', () => {
    const agent = begun()
    agent.login()
    agent.behave('busy', ...homeHosts)
    agent.cutLinks(hostOf(boundTo(agent)))
    expect(agent.status().sessions[0]).toMatchObject({ binding: null, moving: true })
    expect(agent.log.dialled.some((host) => host.startsWith('a'))).toBe(false)
    agent.behave('serves', ...homeHosts)
    agent.elapse(10_000)
    expect(agent.status().sessions[0]).toMatchObject({ moving: false, binding: { stage: 'home' } })
  })

  it('[LO6] a login that stays busy for 30 s fails with that reason', () => {
    const agent = begun()
    agent.behave('busy', ...homeHosts)
    agent.cutLinks(hostOf(agent.status().links[0]))
    expect(agent.login()).toBeUndefined()
    agent.elapse(29_000)
    expect(agent.answer(1)).toBeUndefined()
    agent.elapse(2_000)
    expect(agent.answer(1)).toMatchObject({ outcome: 'failed', code: 'busy' })
  })
})

describe('fail-back', () => {
  it('[FB1] new sessions go home at once when home answers; [FB2] running ones keep the failover appliance', () => {
    const agent = begun()
    agent.login('alice')
    agent.lose(...homeHosts)
    const away = boundTo(agent)
    agent.behave('serves', ...homeHosts)
    agent.elapse(24 * hour)
    expect(boundTo(agent)).toBe(away)
    agent.login('bob')
    expect(agent.status().sessions[1]?.binding?.stage).toBe('home')
    expect(last(agent)?.rules).toContain('FB1')
    expect(boundTo(agent)).toBe(away)
  })

  it('[FB3] lock and unlock returns a session home', () => {
    const agent = begun()
    const session = sessionOf(agent.login())
    agent.lose(...homeHosts)
    agent.behave('serves', ...homeHosts)
    expect(agent.lock(session)).toMatchObject({ state: 'locked', binding: { stage: 'primary' } })
    expect(agent.unlock(session)).toMatchObject({ state: 'active', binding: { stage: 'home' } })
  })

  it('[FB3] a rejected credential moves nothing', () => {
    const agent = begun()
    const session = sessionOf(agent.login())
    agent.lose(...homeHosts)
    const away = boundTo(agent)
    agent.behave('serves', ...homeHosts)
    agent.lock(session)
    expect(agent.unlock(session, 'wrong')).toMatchObject({ code: 'bad-credential' })
    expect(boundTo(agent)).toBe(away)
    expect(agent.status().sessions[0]?.state).toBe('locked')
  })

  it('[FB3] an unlock inside home stays where it is, even when the pin is elsewhere', () => {
    const agent = begun()
    const session = sessionOf(agent.login('alice'))
    const first = boundTo(agent)
    agent.elapse(3 * hour)
    agent.login('bob')
    agent.lock(session)
    expect(agent.unlock(session)).toMatchObject({ binding: { appliance: first } })
  })

  it('[FB3] a pass that ends with nothing leaves the session where it is while that appliance answers', () => {
    const agent = begun('seed', 'h1.test')
    const session = sessionOf(agent.login())
    agent.lose(...homeHosts)
    const away = boundTo(agent)
    agent.behave('refused', ...awayHosts)
    agent.pushTopology(
      sampleTopology([...sites.slice(0, 1).map((site) => ({ ...site, primary: 'far' })), ...sites.slice(1)], 2),
    )
    agent.behave('refused', 'f1.test', 'f2.test')
    agent.lock(session)
    agent.behave('serves', hostOf(away))
    expect(agent.unlock(session)).toMatchObject({ outcome: 'accepted', binding: { appliance: away } })
  })
})

describe('offline', () => {
  const offline = (): Script => {
    const agent = begun('seed', 'h1.test')
    agent.login('alice')
    agent.lose(...homeHosts, ...awayHosts)
    return agent
  }

  it('[OF1, SP7] a session whose pass ended with nothing is offline and runs on; the agent says so', () => {
    const agent = offline()
    expect(agent.status()).toMatchObject({
      online: false,
      sessions: [{ state: 'active', binding: null, moving: false }],
    })
    expect(last(agent)).toMatchObject({
      outcome: 'exhausted',
      rules: expect.arrayContaining(['SP7', 'OF1']) as unknown,
    })
  })

  it('[OF2] tries again in the background every offlineRetryInterval, ±20 %', () => {
    const agent = offline()
    const before = agent.log.decisions.length
    agent.elapse(205_000)
    expect(agent.log.decisions).toHaveLength(before)
    agent.elapse(156_000)
    expect(agent.log.decisions.slice(before).map(({ purpose }) => purpose)).toEqual(['background'])
    agent.elapse(3 * 361_000)
    expect(agent.log.decisions.length - before).toBeGreaterThanOrEqual(4)
  })

  it('[SP8, OF2] makes a full pass on every authentication attempt, and [SP7] offline sessions rejoin there', () => {
    const agent = offline()
    const before = agent.log.decisions.length
    expect(agent.login('bob')).toMatchObject({ code: 'offline.never-here' })
    expect(agent.log.decisions.length).toBe(before + 1)
    expect(new Set(last(agent)?.candidates.map(({ appliance }) => appliance))).toEqual(
      new Set(['h1', 'h2', 'h3', 'a1', 'a2']),
    )
    agent.behave('serves', ...homeHosts)
    agent.login('bob')
    expect(agent.status().sessions.map(({ binding }) => binding?.stage)).toEqual(['home', 'home'])
    expect(agent.status().online).toBe(true)
  })

  it('[SP7] other sessions and their links are untouched by a login that finds nothing', () => {
    const agent = begun()
    agent.login('alice')
    agent.lose(...homeHosts, ...awayHosts)
    expect(boundTo(agent)).toBe('f1')
    agent.behave('asks-nobody', 'f1.test')
    agent.login('bob')
    agent.behave('serves', 'f1.test')
    expect(agent.status().sessions[0]?.user).toBe('alice')
  })

  it('[OF1] a logout while offline is told to the appliance that is found', () => {
    const agent = offline()
    const session = agent.status().sessions[0]?.session
    expect(session === undefined ? undefined : agent.logout(session)).toMatchObject({ state: 'ended' })
    agent.behave('serves', ...homeHosts)
    agent.elapse(361_000)
    expect([...agent.sessions.values()]).toEqual(['ended'])
  })
})
