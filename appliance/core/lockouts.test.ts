/** Wrong passwords that lock users out, by the default policy: five in five minutes, for five minutes. */
import { describe, expect, test } from 'vitest'
import { SmallWorld } from '../testing/small-world.ts'
import { type WorldAgent } from '../testing/world-agent.ts'

const plan = { a: { role: 'database' }, b: { role: 'database' }, s: { role: 'service' } } as const
const minuteMs = 60_000

function pair(): SmallWorld {
  return new SmallWorld(plan).start('a', 'b', 's').run(1_000)
}

function outcome(answer: ReturnType<WorldAgent['ask']>): string {
  return answer?.type === 'rejected' ? answer.reason : (answer?.type ?? 'no answer')
}

function attempt(world: SmallWorld, at: string, password: string, user = 'anna'): string {
  return outcome(world.agent(at, `pc at ${at}`).ask({ type: 'login', session: `${user} at ${at}`, user, password }))
}

/** The outcomes of so many wrong passwords. */
function fail(world: SmallWorld, times: number, at = 'a', user = 'anna'): string[] {
  return Array.from({ length: times }, () => attempt(world, at, 'wrong', user))
}

describe('lockout at the databases', () => {
  test('[SP6] the fifth wrong password locks the user out, on both databases and their services, which is an answer', () => {
    const world = pair()
    expect(new Set(fail(world, 5))).toEqual(new Set(['bad-credential']))
    expect(['a', 'b', 's'].map((at) => attempt(world, at, 'right'))).toEqual(['locked-out', 'locked-out', 'locked-out'])
    expect(attempt(world, 'a', 'wrong')).toBe('locked-out')
    expect(attempt(world, 'a', 'right', 'bert')).toBe('login.accepted')
  })

  test('four do not, and a right one begins the count anew', () => {
    const world = pair()
    fail(world, 4)
    expect(attempt(world, 'a', 'right')).toBe('login.accepted')
    fail(world, 4)
    expect(attempt(world, 'a', 'right')).toBe('login.accepted')
  })

  test('five count only within the minutes of the policy', () => {
    const world = pair()
    fail(world, 1)
    world.run(4 * minuteMs)
    fail(world, 3)
    world.run(minuteMs + 1)
    fail(world, 1)
    expect(attempt(world, 'a', 'right')).toBe('login.accepted')
    world.run(4 * minuteMs)
    fail(world, 4)
    world.run(minuteMs)
    fail(world, 1)
    expect(attempt(world, 'a', 'right')).toBe('locked-out')
  })

  test('ends by itself after the minutes of the policy, and is not made longer by more attempts', () => {
    const world = pair()
    fail(world, 5)
    world.run(4 * minuteMs)
    fail(world, 9)
    world.run(minuteMs - 1)
    expect(attempt(world, 'b', 'right')).toBe('locked-out')
    world.run(1)
    expect(attempt(world, 'b', 'right')).toBe('login.accepted')
  })

  test('runs on the policy clock', () => {
    const world = new SmallWorld(plan)
    const { settings } = world.topology
    world.startWith({ ...world.topology, settings: { ...settings, timeScale: 60 } }, 'a', 'b').run(1_000)
    fail(world, 5)
    world.run(4_999)
    expect(attempt(world, 'a', 'right')).toBe('locked-out')
    world.run(1)
    expect(attempt(world, 'a', 'right')).toBe('login.accepted')
  })

  test('counts unlocks too, refuses them while it lasts, and leaves a running session alone', () => {
    const world = pair()
    const agent = world.agent('a', 'pc-1')
    const ticket = agent.login('s1')
    agent.ask({ type: 'lock', session: 's1', ticket })
    const unlock = (password: string): string =>
      outcome(agent.ask({ type: 'unlock', session: 's1', ticket, user: 'anna', password }))
    for (let count = 0; count < 5; count += 1) expect(unlock('wrong')).toBe('bad-credential')
    expect(unlock('right')).toBe('locked-out')
    expect(outcome(world.agent('b', 'pc-1').ask({ type: 'resume', session: 's1', ticket }))).toBe('resumed')
    world.run(5 * minuteMs)
    expect(
      outcome(world.agent('b', 'pc-1').ask({ type: 'unlock', session: 's1', ticket, user: 'anna', password: 'right' })),
    ).toBe('unlocked')
  })

  test('of many passwords tried at once, those after the fifth wrong one are not told right from wrong', () => {
    const world = pair()
    world.hashing = false
    const agent = world.agent('a', 'pc-1')
    const passwords = [...Array.from({ length: 7 }, () => 'wrong'), 'right']
    const asked = passwords.map((password, index) =>
      agent.begin({ type: 'login', session: `s${index}`, user: 'anna', password }),
    )
    world.settle()
    world.hashing = true
    world.settle()
    expect(asked.map((number) => outcome(agent.answer(number)))).toEqual([
      ...Array.from({ length: 5 }, () => 'bad-credential'),
      ...Array.from({ length: 3 }, () => 'locked-out'),
    ])
  })

  test('each database counts what it hears of by itself', () => {
    const world = pair()
    fail(world, 4, 'a')
    fail(world, 4, 'b')
    expect(attempt(world, 'a', 'right')).toBe('login.accepted')
  })

  test('outlives a restart of both databases', () => {
    const world = pair()
    fail(world, 5)
    world.kill('b').restart('a').restart('b').run(5_000)
    expect(['a', 'b'].map((at) => attempt(world, at, 'right'))).toEqual(['locked-out', 'locked-out'])
  })

  test('[AU1] is an audit record, once, beside those of the denials', () => {
    const world = pair()
    fail(world, 6)
    for (const id of ['a', 'b']) {
      const told = world.audit(id).map(({ kind, user, detail }) => `${kind} ${user} ${detail ?? ''}`.trim())
      expect(told.filter((one) => one === 'denied anna login: bad-credential')).toHaveLength(5)
      expect(told.filter((one) => one === 'denied anna login: locked-out')).toHaveLength(1)
      expect(told.filter((one) => one === 'lockout anna')).toHaveLength(1)
    }
  })

  test('is of no stranger, and not counted by other denials', () => {
    const world = pair()
    expect(new Set(fail(world, 9, 'a', 'nobody'))).toEqual(new Set(['bad-credential']))
    const agent = world.agent('a', 'pc-1')
    for (let count = 0; count < 9; count += 1) agent.ask({ type: 'resume', session: 's9', ticket: 'none' })
    expect(attempt(world, 'a', 'right')).toBe('login.accepted')
  })

  test('is ended at the control door', () => {
    const world = pair()
    fail(world, 5)
    world.beginAct('b', { op: 'set-user', user: 'anna', locked: false })
    world.settle()
    expect(attempt(world, 'a', 'right')).toBe('login.accepted')
  })
})
