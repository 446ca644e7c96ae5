import { describe, expect, test } from 'vitest'
import { SmallWorld } from '../testing/small-world.ts'
import { type WorldAgent } from '../testing/world-agent.ts'
import { defaultUserPolicy, effectivePolicy } from '#shared/policy/policy.ts'

const policy = effectivePolicy(defaultUserPolicy, undefined)

function standing(): SmallWorld {
  const world = new SmallWorld({ a: { role: 'database' }, b: { role: 'database' }, s: { role: 'service' } })
  return world.start('a', 'b').run(1_000).start('s')
}

const started = {
  type: 'resume-offline',
  session: 'o1',
  user: 'anna',
  startedAtMs: 5,
  policy,
  state: 'active',
} as const
type Started = Omit<typeof started, 'state' | 'user' | 'policy'> & {
  readonly state: 'active' | 'locked' | 'ended'
  readonly user: string
  readonly policy: typeof policy
  readonly pause?: 'coming-online'
}

const adopt = (agent: WorldAgent, changes: Partial<Started> = {}) => agent.ask({ ...started, ...changes })

describe('[OF6] a session started offline', () => {
  test.each(['a', 's'])('is taken over on the word of the agent, and is a session like any other: %s', (appliance) => {
    const world = standing()
    const agent = world.agent(appliance, 'pc-1')
    const answer = adopt(agent)
    expect(answer).toMatchObject({ type: 'adopted', state: 'active', policy, replicated: 'both' })
    expect(answer).not.toHaveProperty('paused')
    expect(world.sessions('b')).toEqual({ o1: `active at ${appliance}` })
    const ticket = answer?.type === 'adopted' ? answer.ticket : ''
    expect(agent.ask({ type: 'lock', session: 'o1', ticket })).toMatchObject({ type: 'locked' })
    expect(agent.ask({ type: 'resume', session: 'o1', ticket })).toMatchObject({ type: 'resumed', state: 'locked' })
  })

  test.each([['gone'], ['nobody']])('ends when its user is disabled or not there: %s', (user) => {
    const world = standing()
    expect(adopt(world.agent('a', 'pc-1'), { user })).toMatchObject({ type: 'rejected', reason: 'disabled' })
    expect(world.sessions('a')).toEqual({})
  })

  test('is challenged when the policy is another than the agent went by', () => {
    const world = standing()
    const older = { ...policy, challengeIntervalMinutes: 60 }
    const answer = adopt(world.agent('a', 'pc-1'), { policy: older })
    expect(answer).toMatchObject({ type: 'adopted', state: 'paused', paused: 'coming-online', policy })
  })

  test('is challenged when the agent says that the grace is over', () => {
    const answer = adopt(standing().agent('a', 'pc-1'), { pause: 'coming-online' })
    expect(answer).toMatchObject({ state: 'paused', paused: 'coming-online' })
  })

  test('needs no challenge while it is locked', () => {
    const older = { ...policy, challengeIntervalMinutes: 60 }
    const answer = adopt(standing().agent('a', 'pc-1'), { policy: older, state: 'locked', pause: 'coming-online' })
    expect(answer).toMatchObject({ type: 'adopted', state: 'locked' })
    expect(answer).not.toHaveProperty('paused')
  })

  test('asked again, because the answer was lost, has both tickets', () => {
    const agent = standing().agent('a', 'pc-1')
    for (const answer of [adopt(agent), adopt(agent)]) {
      const ticket = answer?.type === 'adopted' ? answer.ticket : ''
      expect(agent.ask({ type: 'resume', session: 'o1', ticket })).toMatchObject({ type: 'resumed' })
    }
  })

  test('is not taken from another user or another agent', () => {
    const world = standing()
    adopt(world.agent('a', 'pc-1'))
    expect(adopt(world.agent('a', 'pc-2'))).toMatchObject({ type: 'rejected', reason: 'wrong-user' })
    expect(adopt(world.agent('a', 'pc-1'), { user: 'bert' })).toMatchObject({ reason: 'wrong-user' })
  })

  test('that has ended stays ended', () => {
    const world = standing()
    const agent = world.agent('a', 'pc-1')
    expect(adopt(agent, { state: 'ended' })).toMatchObject({ type: 'logged-out' })
    expect(adopt(agent)).toMatchObject({ type: 'rejected', reason: 'session-ended' })
    expect(adopt(agent, { state: 'ended' })).toMatchObject({ type: 'logged-out' })
    expect(world.sessions('b')).toEqual({})
  })
})

test('[OF4] an accepted login and unlock name the version of the credential', () => {
  const agent = standing().agent('s', 'pc-1')
  const answer = agent.ask({ type: 'login', session: 's1', user: 'anna', password: 'right' })
  expect(answer).toMatchObject({ type: 'login.accepted', credentialVersion: 1 })
  const ticket = answer?.type === 'login.accepted' ? answer.ticket : ''
  const unlocked = agent.ask({ type: 'unlock', session: 's1', ticket, user: 'anna', password: 'right' })
  expect(unlocked).toMatchObject({ type: 'unlocked', credentialVersion: 1 })
})
