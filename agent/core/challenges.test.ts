import { describe, expect, it } from 'vitest'
import { script, sessionOf } from './agent-script.contract.ts'
import { isChallenged } from './challenge.ts'
import { type EffectivePolicy } from '#shared/policy/policy.ts'
import { sampleNetwork, sampleTopology } from '#shared/topology/sample.contract.ts'

const minute = 60_000
const topology = sampleTopology([
  { id: 'home', ranges: ['10.1.0.0/16'], appliances: ['h1', 'h2'], primary: 'away' },
  { id: 'away', ranges: ['10.2.0.0/16'], appliances: ['a1'] },
])
const homeHosts = ['h1.test', 'h2.test'] as const

function begun(policy: Partial<EffectivePolicy>) {
  const network = sampleNetwork(['10.1.0.9'])
  const agent = script({ topology, network, primServer: 'h1.test', cached: true, policy })
  agent.start()
  const session = sessionOf(agent.login('alice'))
  const now = () => agent.status().sessions[0]
  return { agent, session, now }
}

const always = { challengeComingOnline: { mode: 'always' } } as const
const grace = (minutes: number) => ({ challengeComingOnline: { mode: 'grace', minutes } }) as const

describe('a coming-online challenge', () => {
  it('[CH2] of a grace of 0 minutes is always due, even at once', () => {
    expect(isChallenged({ mode: 'grace', minutes: 0 }, 5_000, 5_000)).toBe(true)
    expect(isChallenged({ mode: 'grace', minutes: 1 }, 5_000, 5_000)).toBe(false)
  })

  it('[CH2] of a grace of 0 minutes is always asked', () => {
    const { agent, now } = begun(grace(0))
    agent.lose(...homeHosts)
    expect(now()).toMatchObject({ state: 'paused', paused: 'coming-online' })
  })

  it('[CH3] stays after a failed answer, and after a failover inside the site', () => {
    const { agent, session, now } = begun(always)
    agent.lose(...homeHosts)
    expect(agent.unlock(session, 'wrong')).toMatchObject({ code: 'bad-credential' })
    expect(now()).toMatchObject({ state: 'paused', paused: 'coming-online' })
    agent.cutLinks('a1.test')
    expect(now()).toMatchObject({ state: 'paused', paused: 'coming-online', binding: { appliance: 'a1' } })
  })

  it('[CH3] leaves the agent online, and its answer makes the session active', () => {
    const { agent, session, now } = begun(always)
    agent.lose(...homeHosts)
    expect(agent.status().online).toBe(true)
    expect(agent.unlock(session)).toMatchObject({ outcome: 'accepted', state: 'active' })
    expect(now()).not.toHaveProperty('paused')
  })

  it('[CH3] that begins while an appliance is asked to go on stays, and the appliance is told', () => {
    const { agent, session, now } = begun({ challengeIntervalMinutes: 1 })
    agent.hold()
    agent.behave('asks-nobody', ...homeHosts, 'a1.test')
    agent.cutLinks(now()?.binding?.appliance === 'h1' ? 'h1.test' : 'h2.test')
    agent.elapse(29_000)
    agent.release()
    const asked = agent.log.sent.findLast(({ message }) => message.type === 'resume')
    expect(asked?.message).not.toHaveProperty('pause')
    agent.elapse(2_000)
    expect(now()).toMatchObject({ state: 'paused', paused: 'interval', binding: null })
    const request = asked?.message.type === 'resume' ? asked.message.request : 0
    agent.say(asked?.host ?? '', { type: 'resumed', request, session, state: 'active', replicated: 'both' })
    expect(now()).toMatchObject({ state: 'paused', paused: 'interval', binding: { site: 'home' } })
    const told = agent.log.sent.filter(({ message }) => message.type === 'pause')
    expect(told.map(({ message }) => message)).toMatchObject([{ session, cause: 'interval' }])
  })

  it('[SP8] is answered at the bound appliance, though home serves again', () => {
    const { agent, session, now } = begun(always)
    agent.lose(...homeHosts)
    agent.behave('serves', ...homeHosts)
    const passes = agent.log.decisions.length
    agent.unlock(session)
    expect(now()).toMatchObject({ state: 'active', binding: { appliance: 'a1', stage: 'primary' } })
    expect(agent.log.decisions).toHaveLength(passes)
  })

  it('[CH6] follows the policy last downloaded, not the newest', () => {
    const { agent, session, now } = begun(grace(10))
    agent.changePolicy(always)
    agent.lose(...homeHosts)
    expect(now()?.state).toBe('active')
    agent.unlock(session)
    agent.behave('serves', ...homeHosts)
    agent.lock(session)
    agent.unlock(session)
    agent.lose(...homeHosts)
    expect(now()).toMatchObject({ state: 'paused' })
  })

  it('[CH7] is never asked of a new session, wherever it lands', () => {
    const { agent } = begun(always)
    agent.lose(...homeHosts)
    expect(agent.login('bob')).toMatchObject({ state: 'active', binding: { stage: 'primary' } })
  })

  it('[LO4] counts the last resort in another site as cross-site', () => {
    const network = sampleNetwork(['10.3.0.9'])
    const lonely = sampleTopology([
      { id: 'home', ranges: ['10.3.0.0/16'], appliances: ['h1'] },
      { id: 'far', ranges: ['10.2.0.0/16'], appliances: ['a1'] },
    ])
    const agent = script({ topology: lonely, network, primServer: 'a1.test', cached: true, policy: always })
    agent.start()
    agent.login()
    agent.lose('h1.test')
    expect(agent.status().sessions[0]).toMatchObject({ state: 'paused', binding: { stage: 'last-resort' } })
  })
})

describe('a workstation that slept', () => {
  const refreshMs = 10 * minute

  it.each([
    ['is within the grace', 5, 'active'],
    ['is past it', 10, 'paused'],
  ])('[CH2] with a question under way %s by when that was asked', (_, minutes, state) => {
    const { agent, now } = begun(grace(10))
    agent.elapse(refreshMs - 1)
    agent.behave('asks-nobody', ...homeHosts)
    agent.elapse(1)
    expect(agent.log.sent.at(-1)?.message).toMatchObject({ type: 'refresh' })
    agent.sleep(minutes * minute)
    agent.elapse(minute)
    expect(now()).toMatchObject({ state, binding: { site: 'away' } })
  })

  it('[CH3] is asked at once for the time without anybody', () => {
    const { agent, now } = begun({ challengeInactivityMinutes: 15 })
    agent.sleep(60 * minute)
    expect(now()).toMatchObject({ state: 'paused', paused: 'inactivity', binding: { site: 'home' } })
  })
})

describe('challenges by time', () => {
  it('[CH3] of inactivity comes after the policy minutes without activity, and activity puts it off', () => {
    const { agent, session, now } = begun({ challengeInactivityMinutes: 5 })
    agent.elapse(4 * minute)
    agent.activity(session)
    agent.elapse(5 * minute - 1)
    expect(now()?.state).toBe('active')
    agent.elapse(1)
    expect(now()).toMatchObject({ state: 'paused', paused: 'inactivity' })
    expect(agent.log.sent.at(-1)?.message).toMatchObject({ type: 'pause', cause: 'inactivity' })
  })

  it('[CH3] at an interval comes whatever is done, and its answer begins a new interval', () => {
    const { agent, session, now } = begun({ challengeIntervalMinutes: 60 })
    agent.elapse(59 * minute)
    agent.activity(session)
    agent.elapse(minute)
    expect(now()).toMatchObject({ state: 'paused', paused: 'interval' })
    agent.unlock(session)
    agent.elapse(59 * minute)
    expect(now()?.state).toBe('active')
    agent.elapse(minute)
    expect(now()?.state).toBe('paused')
  })

  it('[CH3] of 0 minutes never comes', () => {
    const { agent, now } = begun({})
    agent.elapse(48 * 60 * minute)
    expect(now()?.state).toBe('active')
  })

  it('[CH3] made while no appliance is reached is told to the one that resumes the session', () => {
    const { agent, now } = begun({ challengeIntervalMinutes: 60, ...grace(600) })
    agent.lose(...homeHosts, 'a1.test')
    agent.elapse(60 * minute)
    expect(now()).toMatchObject({ state: 'paused', paused: 'interval', binding: null })
    agent.behave('serves', ...homeHosts)
    agent.elapse(7 * minute)
    expect(now()).toMatchObject({ state: 'paused', paused: 'interval', binding: { stage: 'home' } })
  })
})

describe('[CH3] a paused session says why, and one that goes on who answered', () => {
  it.each<readonly [string, Partial<EffectivePolicy>, string]>([
    [
      'always, at another site',
      always,
      'it has come to another site, 1 s after the last contact; the policy says always',
    ],
    [
      'a grace that is over',
      grace(0),
      'it has come to another site, 1 s after the last contact; the grace period is 0 min',
    ],
  ])('%s', (_, policy, why) => {
    const { agent, session, now } = begun(policy)
    agent.heardAgo(1_000)
    agent.lose(...homeHosts)
    expect(now()).toMatchObject({ state: 'paused', pausedWhy: why })
    agent.unlock(session, 'wrong')
    expect(now()).toMatchObject({ pausedWhy: why })
    agent.unlock(session)
    expect(now()).toMatchObject({ state: 'active', answeredBy: 'alice' })
    expect(now()).not.toHaveProperty('pausedWhy')
  })

  it('a time without anybody, which another user may answer; the next unlock forgets who it was', () => {
    const { agent, session, now } = begun({ challengeInactivityMinutes: 15 })
    agent.elapse(15 * minute)
    expect(now()).toMatchObject({ paused: 'inactivity', pausedWhy: 'nobody was active for 15 min' })
    agent.answerAs(session, 'bob')
    expect(now()).toMatchObject({ state: 'active', answeredBy: 'bob' })
    agent.lock(session)
    agent.unlock(session)
    expect(now()).not.toHaveProperty('answeredBy')
  })

  it('an interval', () => {
    const { agent, now } = begun({ challengeIntervalMinutes: 20 })
    agent.elapse(20 * minute)
    expect(now()).toMatchObject({ paused: 'interval', pausedWhy: '20 min after the last proof of identity' })
  })

  it('having been offline', () => {
    const { agent, now } = begun(always)
    agent.lose(...homeHosts, 'a1.test')
    agent.behave('serves', 'a1.test')
    agent.elapse(7 * minute)
    expect(now()?.pausedWhy).toMatch(/^it was offline, \d+ s after the last contact; the policy says always$/u)
  })

  it('[LO5] a session that the new appliance does not know', () => {
    const { agent, session, now } = begun({})
    agent.sessions.delete(session)
    agent.lose(...homeHosts)
    expect(now()).toMatchObject({ paused: 'unknown-session', pausedWhy: 'a1 does not know the session' })
  })
})
