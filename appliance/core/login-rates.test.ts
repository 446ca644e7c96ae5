import { describe, expect, test } from 'vitest'
import { SmallWorld } from '../testing/small-world.ts'
import { type WorldAgent } from '../testing/world-agent.ts'
import { createLoginRates } from './login-rates.ts'
import { wireLimits } from '#shared/wire/limits.ts'

const rate = { burst: 3, perMinute: 60 }

describe('rates of logins', () => {
  test('[LO6] an agent may try so many passwords at once, then as many as the minute allows', () => {
    const rates = createLoginRates(rate)
    const tries = ['u1', 'u2', 'u3', 'u4'].map((user) => rates.take('pc-1', user, 0))
    expect(tries).toEqual([0, 0, 0, 1_000])
    expect(rates.take('pc-2', 'u4', 0), 'another agent').toBe(0)
    expect([rates.take('pc-1', 'u4', 1_000), rates.take('pc-1', 'u5', 1_000)]).toEqual([0, 1_000])
  })

  test('[LO6] a user name may be tried so often, from whatever agents', () => {
    const rates = createLoginRates(rate)
    const tries = ['pc-1', 'pc-2', 'pc-3', 'pc-4'].map((agent) => rates.take(agent, 'anna', 0))
    expect(tries).toEqual([0, 0, 0, 1_000])
    expect(rates.take('pc-4', 'bert', 0), 'another user').toBe(0)
  })

  test('what is refused by one limit is not counted by the other', () => {
    const rates = createLoginRates(rate)
    for (const agent of ['pc-1', 'pc-2', 'pc-3']) rates.take(agent, 'anna', 0)
    for (let more = 0; more < 9; more += 1) expect(rates.take('pc-4', 'anna', 0)).toBe(1_000)
    expect(['u1', 'u2', 'u3'].map((user) => rates.take('pc-4', user, 0))).toEqual([0, 0, 0])
  })

  test('saves up no more than a burst, and keeps a bounded table: who was not seen for longest is forgotten', () => {
    const rates = createLoginRates({ burst: 1, perMinute: 1 })
    rates.take('pc-0', 'u0', 0)
    expect(rates.take('pc-0', 'u0', 1_000)).toBe(59_000)
    for (let other = 1; other <= wireLimits.loginRatesKeptMax / 2; other += 1) rates.take(`pc-${other}`, `u${other}`, 0)
    expect(rates.take('pc-0', 'u0', 1_000)).toBe(0)
    expect([rates.take('pc-0', 'u0', 600_000), rates.take('pc-0', 'u0', 600_000)]).toEqual([0, 60_000])
  })
})

describe('an appliance whose logins are limited', () => {
  function limited(): WorldAgent {
    const world = new SmallWorld({ a: { role: 'database' } })
    world.loginRate = rate
    return world.start('a').run(1_000).agent('a', 'pc-1')
  }
  const login = (agent: WorldAgent, session: string, password = 'right') =>
    agent.ask({ type: 'login', session, user: 'anna', password })?.type

  test('[LO6] says busy and when, to a login and to an unlock, and serves everything else', () => {
    const agent = limited()
    const ticket = agent.login('s1')
    expect([login(agent, 's2', 'wrong'), login(agent, 's3', 'wrong')]).toEqual(['rejected', 'rejected'])
    expect(agent.ask({ type: 'login', session: 's4', user: 'anna', password: 'right' })).toEqual({
      type: 'busy',
      request: 4,
      retryAfterMs: 1_000,
    })
    expect(agent.ask({ type: 'lock', session: 's1', ticket })).toMatchObject({ type: 'locked' })
    expect(agent.ask({ type: 'unlock', session: 's1', ticket, user: 'anna', password: 'right' })).toMatchObject({
      type: 'busy',
    })
    expect(agent.ask({ type: 'resume', session: 's1', ticket })).toMatchObject({ type: 'resumed' })
    expect(agent.closed).toBeNull()
  })

  test('[LO6] lets a ward of one workstation sign in all morning', () => {
    const world = new SmallWorld({ a: { role: 'database' } })
    world.loginRate = undefined
    const agent = world.start('a').run(1_000).agent('a', 'pc-1')
    const answers = Array.from({ length: 600 }, (_, number) => {
      world.run(2_000)
      return login(agent, `s${number}`)
    })
    expect(new Set(answers)).toEqual(new Set(['login.accepted']))
  })
})
