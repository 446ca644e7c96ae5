import { describe, expect, test } from 'vitest'
import { SmallWorld } from '../testing/small-world.ts'
import { wireLimits } from '#shared/wire/limits.ts'

const plan = { a: { role: 'database' }, b: { role: 'database' } } as const

function pair(): SmallWorld {
  return new SmallWorld(plan).start('a', 'b').run(1_000)
}

/** The answer's `replicated`, when it comes within `waitMs`. */
function loginOn(world: SmallWorld, appliance: string, session: string, waitMs = 0): string {
  const agent = world.agent(appliance, `pc of ${session}`)
  const request = agent.begin({ type: 'login', session, user: 'anna', password: 'right' })
  world.run(waitMs)
  const answer = agent.answer(request)
  return answer?.type === 'login.accepted' ? answer.replicated : `${answer?.type}`
}

const inStep = (world: SmallWorld, appliance: string): boolean | undefined => world.status(appliance).peers[0]?.inStep

describe('replication between two databases', () => {
  test('[RP2] a change is on both when its answer says so, whichever made it', () => {
    const world = pair()
    expect([loginOn(world, 'a', 's1'), loginOn(world, 'b', 's2')]).toEqual(['both', 'both'])
    const both = { s1: 'active at a', s2: 'active at b' }
    expect([world.sessions('a'), world.sessions('b')]).toEqual([both, both])
  })

  test('[RP2] without the other database an answer says one, at once', () => {
    const world = pair().kill('b')
    expect(loginOn(world, 'a', 's1')).toBe('one')
  })

  test('[RP2] an answer waits for the other database only so long, the next ones not at all', () => {
    const world = pair()
    world.silent.add('a>b')
    expect(loginOn(world, 'a', 's1', 999)).toBe('undefined')
    world.run(1)
    expect(inStep(world, 'a')).toBe(false)
    expect(loginOn(world, 'a', 's2')).toBe('one')
  })

  test('[RP2] a link lost while answers wait lets them say one', () => {
    const world = pair()
    world.silent.add('a>b')
    const agent = world.agent('a', 'pc-1')
    const request = agent.begin({ type: 'login', session: 's1', user: 'anna', password: 'right' })
    world.run(10).kill('b')
    expect(agent.answer(request)).toMatchObject({ replicated: 'one' })
  })

  test('[RP2] the other database is in step again when it has what it missed', () => {
    const world = pair().kill('b')
    loginOn(world, 'a', 's1')
    world.start('b').run(3_000)
    expect([inStep(world, 'a'), inStep(world, 'b')]).toEqual([true, true])
    expect(world.sessions('b')).toEqual({ s1: 'active at a' })
    expect(loginOn(world, 'a', 's2')).toBe('both')
  })

  test('nothing is pushed into a socket that is full, and all of it once it has drained', () => {
    const world = pair()
    world.flow('a', 'b', true)
    loginOn(world, 'a', 's1', 2_000)
    expect([world.sessions('b'), inStep(world, 'a')]).toEqual([{}, false])
    world.flow('a', 'b', false)
    expect([world.sessions('b'), inStep(world, 'a')]).toEqual([{ s1: 'active at a' }, true])
  })

  test('[RP6] a database that lost its store gets back what it had made itself', () => {
    const world = pair()
    loginOn(world, 'a', 's1')
    loginOn(world, 'b', 's2')
    world.kill('a').start('a').run(3_000)
    expect(world.sessions('a')).toEqual({ s1: 'active at a', s2: 'active at b' })
    expect(loginOn(world, 'a', 's3')).toBe('both')
  })

  test('more than fits in one message or one window arrives all the same', () => {
    const world = pair().kill('b')
    const agent = world.agent('a', 'pc-1')
    const many = wireLimits.replicationWindowMax + wireLimits.replicationBatchMax + 7
    for (let session = 0; session < many; session += 1) {
      agent.begin({ type: 'login', session: `s${session}`, user: 'anna', password: 'right' })
      if (session % 200 === 0) world.settle()
    }
    world.settle().start('b').run(3_000)
    expect(Object.keys(world.sessions('b'))).toHaveLength(many)
    expect(world.status('a').log).toEqual({ position: 2 * many, lag: 0 })
  }, 60_000)

  test('[SE1] changes made on both sides of a silence meet afterwards, and ended stays ended', () => {
    const world = pair()
    const agent = world.agent('a', 'pc-1')
    const ticket = agent.login('s1')
    world.silent.add('a>b').add('b>a')
    const end = agent.begin({ type: 'logout', session: 's1', ticket })
    world.run(1_500)
    expect(agent.answer(end)).toMatchObject({ type: 'logged-out', replicated: 'one' })
    const there = world.agent('b', 'pc-1', ['s1'])
    const resume = there.begin({ type: 'resume', session: 's1', ticket })
    world.run(1_500)
    expect(there.answer(resume)).toMatchObject({ type: 'resumed', replicated: 'one' })
    world.silent.clear()
    world.kill('b').start('b').run(3_000)
    expect([world.sessions('a'), world.sessions('b')]).toEqual([{}, {}])
    expect(there.closed).toBe('reset')
  })
})

describe('a database that starts', () => {
  test('serves within a second when both come up empty, in either order', () => {
    const world = new SmallWorld(plan).start('a').run(300).start('b').run(700)
    expect([world.status('a').state, world.status('b').state]).toEqual(['serving', 'serving'])
    expect([inStep(world, 'a'), inStep(world, 'b')]).toEqual([true, true])
  })

  test('serves alone within a second when the other is not there', () => {
    const world = new SmallWorld(plan).start('a').run(1_000)
    expect(world.status('a').state).toBe('serving')
    expect(world.status('a').advice).toHaveLength(1)
  })

  test('[SP6] is unavailable, catching up, until it has what the other had when they connected', () => {
    const world = pair()
    loginOn(world, 'a', 's1')
    world.kill('b')
    world.holding.add('snapshot')
    world.start('b').run(60_000)
    expect(world.status('b')).toMatchObject({ state: 'unavailable', reason: 'catching-up' })
    expect(world.agent('b', 'pc-1').first).toMatchObject({ type: 'unavailable', reason: 'catching-up' })
    world.release()
    expect(world.status('b').state).toBe('serving')
    expect(world.sessions('b')).toEqual({ s1: 'active at a' })
  })

  test('[SP6] is not unavailable for what the other makes once they have met', () => {
    const world = pair()
    world.silent.add('a>b')
    loginOn(world, 'a', 's1', 2_000)
    world.run(60_000)
    expect(world.status('b').state).toBe('serving')
  })

  test('waits for a silent other only within a bound', () => {
    const world = new SmallWorld(plan)
    world.silent.add('a>b').add('b>a')
    world.start('a', 'b').run(6_000)
    expect([world.status('a').state, world.status('b').state]).toEqual(['serving', 'serving'])
  })
})
