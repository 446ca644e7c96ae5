/** What a ticket is good for, and for whom (SC4); the small world makes tickets that can be told apart. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SmallWorld } from '../testing/small-world.ts'
import { type WorldAgent } from '../testing/world-agent.ts'
import { mergeTickets } from './merge.ts'
import { wireLimits } from '#shared/wire/limits.ts'

const appliances = ['a', 'b', 's'] as const

function standing(): SmallWorld {
  const plan = { a: { role: 'database' }, b: { role: 'database' }, s: { role: 'service' } } as const
  return new SmallWorld(plan).start('a', 'b').run(1_000).start('s')
}

/** Everything that a ticket lets an agent do with a session, and what came of it. */
function useAll(agent: WorldAgent, session: string, ticket: string): unknown[] {
  const answers = [
    agent.ask({ type: 'resume', session, ticket }),
    agent.ask({ type: 'resume', session, ticket, pause: 'coming-online' }),
    agent.ask({ type: 'pause', session, ticket, cause: 'interval' }),
    agent.ask({ type: 'lock', session, ticket }),
    agent.ask({ type: 'unlock', session, ticket, user: 'anna', password: 'right' }),
    agent.ask({ type: 'logout', session, ticket }),
  ]
  return answers.map((answer) => (answer?.type === 'rejected' ? answer.reason : answer?.type))
}
const refused = (reason: string): string[] => Array.from({ length: 6 }, () => reason)

describe('the tickets of one session', () => {
  const some = fc.uniqueArray(fc.integer({ min: 0, max: 999 }).map(String), { minLength: 20, maxLength: 80 })

  test('[SC3] are bounded, and the same ones stay in whatever order databases meet', () => {
    fc.assert(
      fc.property(some, some, some, (a, b, c) => {
        const merged = mergeTickets(mergeTickets(a, b), c)
        expect(merged.length).toBeLessThanOrEqual(wireLimits.ticketsMax)
        expect(merged).toEqual(mergeTickets(c, mergeTickets(b, a)))
        expect(mergeTickets(merged, merged)).toEqual(merged)
      }),
    )
  })

  test('[SC3] a login that is asked again and again makes no record larger than databases can exchange', () => {
    const world = standing()
    const agent = world.agent('a', 'pc-1')
    for (let login = 0; login < 3 * wireLimits.ticketsMax; login += 1) agent.login('s1')
    const kept = world.node('a').store.entries.findLast(({ record }) => record?.kind === 'session')
    expect(kept).toBeDefined()
    expect(JSON.stringify(kept).length).toBeLessThan(wireLimits.peerMessageBytesMax / wireLimits.replicationBatchMax)
    expect(world.run(1_000).status('a')).toMatchObject({ equal: true })
  })
})

describe('a ticket', () => {
  test.each(appliances)('[SC4] is refused to every agent but its own, and changes nothing, at %s', (appliance) => {
    const world = standing()
    const ticket = world.agent('s', 'pc-1').login('s1')
    const thief = world.agent(appliance, 'pc-2')
    expect(useAll(thief, 's1', ticket)).toEqual(refused('unknown-session'))
    expect(world.sessions('a')).toEqual({ s1: 'active at s' })
    expect(world.agent(appliance, 'pc-1').ask({ type: 'resume', session: 's1', ticket })).toMatchObject({
      type: 'resumed',
    })
  })

  test.each(appliances)('[SC4] is of its own session and no other, at %s', (appliance) => {
    const world = standing()
    const agent = world.agent(appliance, 'pc-1')
    const ticket = agent.login('s1')
    agent.login('s2')
    expect(useAll(agent, 's2', ticket)).toEqual(refused('unknown-session'))
    expect(useAll(agent, 's2', 'a guess')).toEqual(refused('unknown-session'))
  })

  test.each(appliances)(
    '[SC4] is useless everywhere after a logout at %s, as soon as that has arrived',
    (appliance) => {
      const world = standing()
      const agent = world.agent(appliance, 'pc-1')
      const ticket = agent.login('s1')
      expect(agent.ask({ type: 'logout', session: 's1', ticket })).toMatchObject({ type: 'logged-out' })
      for (const elsewhere of appliances) {
        const answers = useAll(world.agent(elsewhere, 'pc-1'), 's1', ticket)
        // A logout asked again, because its answer was lost, is answered as the first time.
        expect(answers).toEqual([...refused('session-ended').slice(1), 'logged-out'])
      }
      expect(
        world.agent('b', 'pc-1').ask({ type: 'login', session: 's1', user: 'anna', password: 'right' }),
      ).toMatchObject({ type: 'rejected', reason: 'session-ended' })
    },
  )

  test('[SC4] that a cut-off database still honours is useless there once the two have met again', () => {
    const world = standing()
    const ticket = world.agent('a', 'pc-1').login('s1')
    for (const way of ['a>b', 'b>a']) world.silent.add(way)
    const left = world.agent('a', 'pc-1')
    const logout = left.begin({ type: 'logout', session: 's1', ticket })
    const cutOff = world.agent('b', 'pc-1')
    const resume = cutOff.begin({ type: 'resume', session: 's1', ticket })
    world.run(2_000)
    expect(left.answer(logout)).toMatchObject({ type: 'logged-out', replicated: 'one' })
    expect(cutOff.answer(resume)).toMatchObject({ type: 'resumed', replicated: 'one' })
    world.silent.clear()
    world.restart('b').run(30_000)
    const met = world.agent('b', 'pc-1')
    expect(met.ask({ type: 'resume', session: 's1', ticket })).toMatchObject({ reason: 'session-ended' })
  })

  test('[SC4] of a session that was adopted is bound to its agent as well', () => {
    const world = standing()
    const { lockout, ...policy } = {
      challengeComingOnline: { mode: 'always' },
      challengeInactivityMinutes: 0,
      challengeIntervalMinutes: 0,
      offlineAuthentication: { allowed: true, days: 7 },
      lockout: { failures: 5, withinMinutes: 5, lockedMinutes: 5 },
    } as const
    const adopted = world.agent('s', 'pc-1').ask({
      type: 'resume-offline',
      session: 's1',
      user: 'anna',
      startedAtMs: 1,
      policy: { ...policy, lockout },
      state: 'active',
    })
    if (adopted?.type !== 'adopted') throw new Error(`not adopted: ${JSON.stringify(adopted)}`)
    expect(useAll(world.agent('b', 'pc-2'), 's1', adopted.ticket)).toEqual(refused('unknown-session'))
  })
})
