/** What each profile of agents does, and what the others do not (FB4). */
import { describe, expect, it } from 'vitest'
import { type Script, script, type ScriptOptions, sessionOf } from './agent-script.contract.ts'
import { emptyOfflineData } from './offline-data.ts'
import { afterOnlineLogin } from './offline-login.ts'
import { defaultUserPolicy } from '#shared/policy/policy.ts'
import { assert } from '#shared/assert.ts'
import { DialId } from '#shared/ids.ts'
import { sampleNetwork, sampleTopology } from '#shared/topology/sample.contract.ts'

const minute = 60_000
const homeHosts = ['h1.test', 'h2.test'] as const

function map(epoch = 1, homeRange = '10.1.0.0/16') {
  return sampleTopology(
    [
      { id: 'home', ranges: [homeRange], appliances: ['h1', 'h2'], primary: 'away' },
      { id: 'away', ranges: ['10.2.0.0/16'], appliances: ['a1', 'a2'], primary: 'home' },
    ],
    epoch,
  )
}

function begun(profile: NonNullable<ScriptOptions['profile']>, options: Partial<ScriptOptions> = {}): Script {
  const network = sampleNetwork(['10.1.0.9'])
  const agent = script({ topology: map(), network, primServer: 'h1.test', cached: true, profile, ...options })
  agent.start()
  return agent
}

/** Alice works, home goes dark, her session is served away, and home answers again. */
function awayAndBack(profile: NonNullable<ScriptOptions['profile']>, options: Partial<ScriptOptions> = {}) {
  const agent = begun(profile, options)
  const session = sessionOf(agent.login())
  agent.lose(...homeHosts)
  agent.behave('serves', ...homeHosts)
  return { agent, session }
}

const only = (agent: Script) => agent.status().sessions[0]
const siteOf = (agent: Script) => only(agent)?.binding?.site
const timerPasses = (agent: Script) => agent.log.decisions.filter(({ purpose }) => purpose === 'timer')
/** `lose` lets half a minute pass, in which the session was bound. */
const almost = 5 * minute - 31_000

describe('[FB4] profile timer', () => {
  it('brings a running session home after failoverSiteTimeout, without a challenge', () => {
    const { agent } = awayAndBack('timer', { policy: { challengeComingOnline: { mode: 'grace', minutes: 1 } } })
    agent.elapse(almost)
    expect(siteOf(agent)).toBe('away')
    agent.elapse(2_000)
    expect(only(agent)).toMatchObject({ state: 'active', moving: false, binding: { site: 'home', stage: 'home' } })
    expect(timerPasses(agent)).toMatchObject([
      { outcome: 'found', stage: 'home', profile: 'timer', rules: ['HS1', 'FB4'] },
    ])
    expect(agent.log.audited.map(({ kind }) => kind)).not.toContain('challenge')
    expect(agent.status()).toMatchObject({ profile: 'timer', links: [only(agent)?.binding?.appliance] })
  })

  it('[BD3] leaves it there with the profile windows, until it is unlocked', () => {
    const { agent, session } = awayAndBack('windows')
    agent.elapse(60 * minute)
    expect(siteOf(agent)).toBe('away')
    expect(timerPasses(agent)).toEqual([])
    agent.lock(session)
    agent.unlock(session)
    expect(siteOf(agent)).toBe('home')
  })

  it('keeps it bound where it is while nobody answers at home, and tries again every five minutes', () => {
    const { agent } = awayAndBack('timer')
    agent.behave('refused', ...homeHosts)
    agent.elapse(14 * minute)
    expect(only(agent)).toMatchObject({ state: 'active', moving: false, binding: { site: 'away' } })
    expect(timerPasses(agent).map(({ outcome, candidates }) => [outcome, candidates.length])).toEqual([
      ['exhausted', 2],
      ['exhausted', 2],
    ])
    agent.behave('serves', ...homeHosts)
    agent.elapse(2 * minute)
    expect(siteOf(agent)).toBe('home')
  })

  it('[BD3] does not move a session inside its home site', () => {
    const agent = begun('timer')
    agent.login()
    agent.elapse(60 * minute)
    expect(timerPasses(agent)).toEqual([])
    expect(agent.log.sent.filter(({ message }) => message.type === 'resume')).toEqual([])
  })

  it('moves all sessions that are away, and brings a locked one home locked', () => {
    const agent = begun('timer')
    const locked = sessionOf(agent.login('alice'))
    agent.login('bob')
    agent.lock(locked)
    agent.lose(...homeHosts)
    agent.behave('serves', ...homeHosts)
    agent.elapse(6 * minute)
    expect(agent.status().sessions).toMatchObject([
      { user: 'alice', state: 'locked', binding: { site: 'home' } },
      { user: 'bob', state: 'active', binding: { site: 'home' } },
    ])
    expect(timerPasses(agent)).toHaveLength(1)
  })

  it('leaves a paused session where it waits for its answer', () => {
    const agent = begun('timer', { policy: { challengeComingOnline: { mode: 'always' } } })
    const session = sessionOf(agent.login())
    agent.lose(...homeHosts)
    agent.behave('serves', ...homeHosts)
    agent.elapse(30 * minute)
    expect(only(agent)).toMatchObject({ state: 'paused', binding: { site: 'away' } })
    expect(timerPasses(agent)).toEqual([])
    agent.unlock(session)
    expect(only(agent)).toMatchObject({ state: 'active', binding: { site: 'away' } })
    agent.elapse(6 * minute)
    expect(only(agent)).toMatchObject({ state: 'active', binding: { site: 'home' } })
  })

  it('leaves a session where it is that home does not know yet', () => {
    const { agent, session } = awayAndBack('timer')
    agent.sessions.delete(session)
    agent.elapse(6 * minute)
    expect(only(agent)).toMatchObject({ state: 'active', binding: { site: 'away' } })
    agent.sessions.set(session, 'active')
    agent.elapse(5 * minute)
    expect(siteOf(agent)).toBe('home')
  })

  it('takes an unlock that goes home meanwhile for what it is, and moves nothing after it', () => {
    const { agent, session } = awayAndBack('timer')
    agent.lock(session)
    agent.hold()
    agent.elapse(5 * minute)
    agent.unlock(session)
    agent.release()
    expect(only(agent)).toMatchObject({ state: 'active', binding: { site: 'home' } })
  })

  it('leaves a session paused that is challenged while home is asked to take it over', () => {
    // The interval ends a second after the timer move has begun.
    const { agent, session } = awayAndBack('timer', { policy: { challengeIntervalMinutes: 5 + 3 / 60 } })
    agent.behave('asks-nobody', ...homeHosts)
    agent.elapse(5 * minute + 3_000 - 30_000)
    const asked = agent.log.sent.findLast(({ message }) => message.type === 'resume')
    assert(asked?.message.type === 'resume' && asked.host.startsWith('h'), 'home is being asked')
    expect(only(agent)).toMatchObject({ state: 'paused', binding: { site: 'away' } })
    const { request } = asked.message
    const answer = { type: 'resumed', request, session, state: 'active', replicated: 'both' } as const
    agent.event({ type: 'message.received', dial: DialId(agent.log.dialled.length), message: answer })
    expect(only(agent)).toMatchObject({ state: 'paused', paused: 'interval', binding: { site: 'away' } })
  })

  it('[LO6] dials with full jitter: nobody waits, and many come home at once', () => {
    const { agent } = awayAndBack('timer')
    agent.elapse(6 * minute)
    const [away, home] = agent.log.sent.filter(({ message }) => message.type === 'resume').map(({ atMs }) => atMs)
    const late = (home ?? 0) - (away ?? 0) - 5 * minute
    expect(late).toBeGreaterThan(0)
    expect(late).toBeLessThanOrEqual(100)
  })

  it('[LO6] waits as told where home is busy', () => {
    const { agent } = awayAndBack('timer')
    agent.behave('busy', ...homeHosts)
    agent.elapse(5 * minute)
    expect(timerPasses(agent).map(({ outcome }) => outcome)).toContain('busy')
    expect(only(agent)).toMatchObject({ state: 'active', binding: { site: 'away' } })
    agent.behave('serves', ...homeHosts)
    agent.elapse(2_000)
    expect(siteOf(agent)).toBe('home')
  })

  it.each(['a', 'b', 'c', 'd', 'e'])('[PN1] goes where the pin is that a new session has brought (seed %s)', (seed) => {
    const { agent } = awayAndBack('timer', { seed })
    agent.login('bob')
    const pinned = agent.status().pin?.appliance
    agent.elapse(6 * minute)
    expect(agent.status().sessions.map(({ binding }) => binding?.appliance)).toEqual([pinned, pinned])
  })

  it('does nothing any more for a session that was ended', () => {
    const { agent, session } = awayAndBack('timer')
    agent.logout(session)
    agent.elapse(30 * minute)
    expect(timerPasses(agent)).toEqual([])
  })

  it('[BT5] uses the topology received before it moves', () => {
    const { agent } = awayAndBack('timer')
    agent.pushTopology(map(2))
    expect(agent.status().topology).toEqual({ inUse: 1, received: 2 })
    agent.elapse(6 * minute)
    expect(agent.status().topology.inUse).toBe(2)
    expect(timerPasses(agent)[0]).toMatchObject({ epoch: 2, outcome: 'found' })
  })

  it('[BT5] and not without a move', () => {
    const agent = begun('timer')
    agent.login()
    agent.pushTopology(map(2))
    agent.elapse(60 * minute)
    expect(agent.status().topology).toEqual({ inUse: 1, received: 2 })
  })

  it('has no offline login, and keeps nothing to log in with', () => {
    const agent = begun('timer')
    agent.login()
    agent.lose('h1.test', 'h2.test', 'a1.test', 'a2.test')
    expect(only(agent)).toMatchObject({ state: 'active', binding: null })
    expect(agent.login()).toMatchObject({ outcome: 'failed', code: 'offline.not-here' })
    expect(agent.log.verifiersMade).toBe(0)
    expect(agent.log.kept?.users).toEqual([])
  })

  it('forgets at its start what it knew as a windows agent', () => {
    const { id: _id, ...policy } = defaultUserPolicy
    const alice = afterOnlineLogin(undefined, { user: 'alice', policy, credentialVersion: 1, atMs: 1 })
    const offline = { ...emptyOfflineData('first'), users: [alice] }
    expect(begun('timer', { offline }).log.kept?.users).toEqual([])
  })
})

describe('[FB4] profile list', () => {
  const list = { primServer: 'a2.test', altServers: ['h2.test', 'h1.test', 'a1.test'], cached: false }

  it('tries its addresses in the order written, in every pass', () => {
    const agent = begun('list', list)
    expect(agent.log.dialled).toEqual(['a2.test'])
    const session = sessionOf(agent.login())
    expect(only(agent)?.binding).toEqual({ appliance: 'a2', site: 'away', stage: 'list', temporary: false })
    agent.lose('a2.test', 'h2.test')
    expect(agent.log.dialled).toEqual(['a2.test', 'a2.test', 'h2.test', 'h1.test'])
    expect(only(agent)).toMatchObject({ session, state: 'active', binding: { appliance: 'h1', stage: 'list' } })
    agent.behave('refused', 'a2.test', 'h2.test', 'h1.test')
    agent.login('bob')
    expect(agent.status().sessions[1]).toMatchObject({ user: 'bob', binding: { appliance: 'h1' } })
  })

  it('[SP3] tries a name and its address once', () => {
    const topology = sampleTopology([{ id: 'home', ranges: [], appliances: ['h1'] }])
    const [h1] = topology.appliances
    assert(h1 !== undefined, 'the map has an appliance')
    const known = { ...topology, appliances: [{ ...h1, address: '10.9.9.9' }] }
    const agent = begun('list', { topology: known, cached: false, primServer: '10.9.9.9', altServers: ['h1.test'] })
    expect(agent.log.dialled).toEqual(['10.9.9.9'])
  })

  it('[FB1, FB2, FB3] returns to an earlier address with a login or an unlock, never by itself', () => {
    const agent = begun('list', list)
    const session = sessionOf(agent.login())
    agent.lose('a2.test')
    agent.behave('serves', 'a2.test')
    agent.elapse(60 * minute)
    expect(only(agent)?.binding?.appliance).toBe('h2')
    agent.login('bob')
    expect(agent.status().sessions.map(({ binding }) => binding?.appliance)).toEqual(['h2', 'a2'])
    agent.lock(session)
    agent.unlock(session)
    expect(only(agent)?.binding?.appliance).toBe('a2')
  })

  it('has no topology, no home site and no pin, whatever it is offered', () => {
    const agent = begun('list', { ...list, primServer: 'h1.test' })
    agent.login()
    agent.pushTopology(map(2))
    agent.elapse(30 * minute)
    expect(agent.status()).toMatchObject({
      profile: 'list',
      topology: { inUse: 0, received: 0 },
      home: { site: null },
      pin: null,
    })
    const asked = agent.log.sent.map(({ message }) => message.type)
    expect(asked).not.toContain('topology.get')
    expect(asked).not.toContain('refresh')
    expect(agent.log.decisions.every(({ epoch, rules }) => epoch === 0 && !rules.includes('HS6'))).toBe(true)
    expect(agent.log.decisions.at(-1)).toMatchObject({
      stage: 'list',
      appliance: 'h1',
      profile: 'list',
      rules: ['FB4'],
    })
  })

  it('goes offline when none of its addresses answers, logs nobody in there, and comes back by itself', () => {
    const agent = begun('list', { ...list, altServers: ['h2.test'] })
    agent.login()
    agent.lose('a2.test', 'h2.test')
    expect(only(agent)).toMatchObject({ binding: null, moving: false })
    expect(agent.log.decisions.at(-1)?.rules).toEqual(['LO1', 'FB4', 'SP7', 'OF1'])
    expect(agent.login()).toMatchObject({ code: 'offline.not-here' })
    expect(agent.log.dialled).not.toContain('h1.test')
    agent.behave('serves', 'h2.test')
    agent.elapse(7 * minute)
    expect(only(agent)).toMatchObject({ state: 'active', binding: { appliance: 'h2' } })
  })

  it('[LO4] is challenged as anybody is who comes from another site', () => {
    const agent = begun('list', { ...list, policy: { challengeComingOnline: { mode: 'always' } } })
    agent.login()
    agent.lose('a2.test')
    expect(only(agent)).toMatchObject({ state: 'paused', paused: 'coming-online', binding: { appliance: 'h2' } })
  })
})
