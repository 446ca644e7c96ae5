import { describe, expect, test } from 'vitest'
import { SmallWorld } from '../testing/small-world.ts'
import { type WorldAgent } from '../testing/world-agent.ts'
import { type Appliance, type Topology } from '#shared/topology/model.ts'
import { wireLimits } from '#shared/wire/limits.ts'

const hello = { type: 'hello', versions: { min: 1, max: 1 }, agent: 'pc-1', epoch: 0 } as const

/** Two databases and a service appliance, all serving; `extra` is of the service appliance. */
function standing(extra: Partial<Appliance> = {}): SmallWorld {
  const world = new SmallWorld({ a: { role: 'database' }, b: { role: 'database' }, s: { role: 'service', ...extra } })
  return world.start('a', 'b').run(1_000).start('s')
}

function tryLogin(agent: WorldAgent, session: string, changes: { user?: string; password?: string } = {}) {
  return agent.ask({ type: 'login', session, user: 'anna', password: 'right', ...changes })
}

function without(topology: Topology, removed: string): Topology {
  return { ...topology, appliances: topology.appliances.filter(({ id }) => id !== removed) }
}

/** Everything an agent can ask, once; the kinds of the answers. */
function wholeDay(world: SmallWorld, appliance: string): string[] {
  const agent = world.agent(appliance, 'pc-1')
  const ticket = agent.login('s1')
  const answers = [
    agent.first,
    tryLogin(agent, 's2', { password: 'wrong' }),
    agent.ask({ type: 'lock', session: 's1', ticket }),
    agent.ask({ type: 'unlock', session: 's1', ticket, user: 'anna', password: 'wrong' }),
    agent.ask({ type: 'unlock', session: 's1', ticket, user: 'anna', password: 'right' }),
    agent.ask({ type: 'resume', session: 's1', ticket }),
    agent.ask({ type: 'resume', session: 'unheard', ticket }),
    agent.ask({ type: 'topology.get' }),
    agent.ask({ type: 'refresh', epoch: 0 }),
    agent.ask({ type: 'refresh', epoch: 1 }),
    agent.ask({ type: 'logout', session: 's1', ticket }),
    agent.ask({ type: 'resume', session: 's1', ticket }),
  ]
  return answers.map((answer) => (answer?.type === 'rejected' ? answer.reason : (answer?.type ?? 'nothing')))
}

describe('roles', () => {
  test.each(['a', 's'])('[SV4] a whole day is the same through either role: %s', (appliance) => {
    expect(wholeDay(standing(), appliance)).toEqual([
      'welcome',
      'bad-credential',
      'locked',
      'bad-credential',
      'unlocked',
      'resumed',
      'unknown-session',
      'topology',
      'topology',
      'refreshed',
      'logged-out',
      'session-ended',
    ])
  })
})

describe('links', () => {
  test('a request before hello, and a second hello, are out of order', () => {
    const world = standing()
    const silent = world.agent('s', 'pc-1', [], null)
    silent.ask({ type: 'topology.get' })
    const second = world.agent('s', 'pc-2')
    second.hear(hello)
    expect([silent.closed, second.closed]).toEqual(['unexpected', 'unexpected'])
    expect(silent.received).toEqual([])
  })

  test('an agent that speaks another version is told so', () => {
    const world = standing()
    const agent = world.agent('s', 'pc-1', [], { min: 2, max: 3 })
    expect(agent).toMatchObject({ received: [], closed: 'versionUnsupported' })
  })

  test('a newer link of the same agent replaces the older one, and no other', () => {
    const world = standing()
    const [older, other] = [world.agent('s', 'pc-1'), world.agent('s', 'pc-2')]
    const newer = world.agent('s', 'pc-1')
    expect([older.closed, other.closed, newer.closed]).toEqual(['replaced', null, null])
    expect(world.status('s').links).toBe(2)
  })
})

describe('logins', () => {
  test('a login asked again with its session id is answered as the first time, with a good ticket', () => {
    const world = standing()
    const agent = world.agent('s', 'pc-1')
    const first = agent.login('s1')
    const again = agent.login('s1')
    expect(agent.ask({ type: 'resume', session: 's1', ticket: first })).toMatchObject({ type: 'resumed' })
    expect(agent.ask({ type: 'resume', session: 's1', ticket: again })).toMatchObject({ type: 'resumed' })
    expect(tryLogin(agent, 's1', { password: 'wrong' })).toMatchObject({ reason: 'bad-credential' })
    expect(Object.keys(world.sessions('a'))).toEqual(['s1'])
  })

  test('a session id of another user is refused to this one', () => {
    const world = standing()
    const agent = world.agent('s', 'pc-1')
    agent.login('s1')
    expect(tryLogin(agent, 's1', { user: 'bert' })).toMatchObject({ type: 'rejected', reason: 'wrong-user' })
  })

  test('[SP6] a rejected login is an answer, and not unavailable', () => {
    const agent = standing().agent('s', 'pc-1')
    expect(tryLogin(agent, 's1', { password: 'wrong' })).toMatchObject({ type: 'rejected', reason: 'bad-credential' })
    expect(tryLogin(agent, 's1', { user: 'nobody' })).toMatchObject({ type: 'rejected', reason: 'bad-credential' })
    expect(tryLogin(agent, 's1', { user: 'gone' })).toMatchObject({ type: 'rejected', reason: 'disabled' })
    expect(agent.closed).toBeNull()
  })

  test('an unknown user costs a verification like a known one', () => {
    const world = standing()
    const agent = world.agent('s', 'pc-1')
    tryLogin(agent, 's1')
    tryLogin(agent, 's2', { user: 'nobody' })
    expect(world.verified).toHaveLength(2)
  })

  test.each([
    ['an active site with ranges', { type: 'active', ranges: [{ start: '10.9.0.0', end: '10.9.0.255' }] }],
    ['an active site without ranges', { type: 'active', ranges: [] }],
    ['a hot-standby site', { type: 'hot-standby', ranges: [] }],
  ] as const)('[HS4] an appliance of %s serves agents from anywhere', (_title, changes) => {
    const world = standing()
    const [site] = world.topology.sites
    world.edit('a', { ...world.topology, sites: site === undefined ? [] : [{ ...site, ...changes }] })
    for (const appliance of ['a', 's']) {
      expect(world.agent(appliance, `pc from anywhere to ${appliance}`).login(`at ${appliance}`)).toBeTypeOf('string')
    }
  })
})

describe('busy', () => {
  test('[LO6] an appliance whose session capacity is filled answers new sessions busy, and no others', () => {
    const world = standing({ capacity: { sessions: 1 } })
    const agent = world.agent('s', 'pc-1')
    const ticket = agent.login('s1')
    expect(tryLogin(agent, 's2')).toEqual({ type: 'busy', request: 2, retryAfterMs: 1_000 })
    expect(tryLogin(agent, 's1'), 'a login of its own session').toMatchObject({ type: 'login.accepted' })
    expect(agent.ask({ type: 'resume', session: 's1', ticket })).toMatchObject({ type: 'resumed' })
    expect(agent.ask({ type: 'logout', session: 's1', ticket })).toMatchObject({ type: 'logged-out' })
    expect(tryLogin(agent, 's2')).toMatchObject({ type: 'login.accepted' })
  })

  test('[LO6] sessions of agents without a link do not fill the capacity', () => {
    const world = standing({ capacity: { sessions: 1 } })
    world.agent('s', 'pc-1').login('s1')
    const other = world.agent('s', 'pc-2')
    expect(tryLogin(other, 's2')).toMatchObject({ type: 'busy' })
    world.cutAgent('pc-1')
    expect(tryLogin(other, 's2')).toMatchObject({ type: 'login.accepted' })
  })

  test('[LO6] who comes to resume a session from elsewhere hears busy at once when there is no place', () => {
    const world = standing({ capacity: { sessions: 1 } })
    world.agent('a', 'pc-2').login('s2')
    world.agent('s', 'pc-1').login('s1')
    expect(world.agent('s', 'pc-2', ['s2'])).toMatchObject({ first: { type: 'busy' }, closed: 'busy' })
    expect(world.agent('s', 'pc-1', ['s1']), 'its own').toMatchObject({ first: { type: 'welcome' } })
  })

  test('[LO6] logins above the rate are busy until there is a place again', () => {
    const world = standing({ capacity: { loginsPerSecond: 2 } })
    const agent = world.agent('s', 'pc-1')
    expect([tryLogin(agent, 's1')?.type, tryLogin(agent, 's2')?.type]).toEqual(['login.accepted', 'login.accepted'])
    expect(tryLogin(agent, 's3')).toEqual({ type: 'busy', request: 3, retryAfterMs: 500 })
    world.run(500)
    expect(tryLogin(agent, 's3')).toMatchObject({ type: 'login.accepted' })
  })

  test('[LO6] a full queue of passwords makes logins busy, and nothing else', () => {
    const world = standing()
    world.hashing = false
    const crowd = Array.from({ length: 5 }, (_, index) => world.agent('s', `pc-${index}`))
    for (let login = 0; login < wireLimits.hashQueueMax; login += 1) {
      crowd[login % 5]?.begin({ type: 'login', session: `s${login}`, user: 'anna', password: 'right' })
    }
    world.settle()
    expect(world.status('s').hashes).toBe(wireLimits.hashQueueMax)
    const agent = world.agent('s', 'pc-late')
    expect(tryLogin(agent, 'late')).toMatchObject({ type: 'busy' })
    expect(agent.ask({ type: 'topology.get' })).toMatchObject({ type: 'topology' })
    world.hashing = true
    expect(tryLogin(agent, 'late')).toMatchObject({ type: 'login.accepted' })
  })

  test('[LO6] one link may have only so many requests under way', () => {
    const world = standing()
    world.hashing = false
    const agent = world.agent('s', 'pc-1')
    for (let login = 0; login < wireLimits.requestsInFlightMax; login += 1) {
      agent.begin({ type: 'login', session: `s${login}`, user: 'anna', password: 'right' })
    }
    expect(agent.ask({ type: 'topology.get' })).toMatchObject({ type: 'busy' })
  })
})

describe('a changed topology', () => {
  test('[BT4] is pushed to every agent, through every appliance', () => {
    const world = standing()
    const agents = ['a', 'b', 's'].map((appliance) => world.agent(appliance, `pc-at-${appliance}`))
    expect(world.edit('a', { ...world.topology, enterprise: 'renamed' })).toEqual({ ok: true, epoch: 2 })
    for (const agent of agents) {
      expect(agent.last).toMatchObject({ type: 'topology.changed', topology: { epoch: 2, enterprise: 'renamed' } })
    }
  })

  test('[BT4] is the answer to a refresh with an older epoch', () => {
    const world = standing()
    const agent = world.agent('s', 'pc-1')
    world.edit('b', world.topology)
    expect(agent.ask({ type: 'refresh', epoch: 1 })).toMatchObject({ type: 'topology', topology: { epoch: 2 } })
    expect(agent.ask({ type: 'refresh', epoch: 2 })).toMatchObject({ type: 'refreshed', epoch: 2 })
  })

  test.each(['a', 's'])('[BT6] leaves the sessions of a removed appliance as they are: %s', (removed) => {
    const world = standing()
    const agent = world.agent(removed, 'pc-1')
    const ticket = agent.login('s1')
    world.edit('b', without(world.topology, removed))
    expect(world.status(removed)).toMatchObject({ state: 'unavailable', reason: 'removed' })
    expect(agent.closed).toBeNull()
    expect(agent.ask({ type: 'lock', session: 's1', ticket })).toMatchObject({ type: 'locked' })
    expect(agent.ask({ type: 'unlock', session: 's1', ticket, user: 'anna', password: 'right' })).toMatchObject({
      type: 'unlocked',
    })
  })

  test.each(['a', 's'])('[BT6] lets a removed appliance resume its own sessions, until they end: %s', (removed) => {
    const world = standing()
    const ticket = world.agent(removed, 'pc-1').login('s1')
    world.edit('b', without(world.topology, removed))
    world.cutAgent('pc-1')
    const back = world.agent(removed, 'pc-1', ['s1'])
    expect(back.first).toMatchObject({ type: 'welcome', appliance: removed })
    expect(back.ask({ type: 'resume', session: 's1', ticket })).toMatchObject({ type: 'resumed', state: 'active' })
    expect(back.ask({ type: 'logout', session: 's1', ticket })).toMatchObject({ type: 'logged-out' })
    world.cutAgent('pc-1')
    expect(world.agent(removed, 'pc-1', ['s1']).first).toMatchObject({ type: 'unavailable', reason: 'removed' })
  })

  test.each(['a', 's'])('[BT6] makes a removed appliance unavailable to all others: %s', (removed) => {
    const world = standing()
    const agent = world.agent(removed, 'pc-1')
    agent.login('s1')
    const foreign = world.agent('b', 'pc-2').login('s2')
    world.edit('b', without(world.topology, removed))
    const stranger = world.agent(removed, 'pc-3')
    expect(stranger).toMatchObject({ first: { type: 'unavailable', reason: 'removed' }, closed: 'unavailable' })
    expect(world.agent(removed, 'pc-2', ['s2']).first).toMatchObject({ type: 'unavailable', reason: 'removed' })
    expect(tryLogin(agent, 's3')).toMatchObject({ type: 'unavailable', reason: 'removed' })
    expect(agent.ask({ type: 'resume', session: 's2', ticket: foreign })).toMatchObject({ type: 'unavailable' })
  })

  test('[BT6] an appliance that was not removed goes on serving everybody', () => {
    const world = standing()
    world.edit('b', without(world.topology, 'a'))
    expect(world.agent('b', 'pc-1').login('s1')).toBeTypeOf('string')
    expect(world.status('b')).toMatchObject({ state: 'serving' })
  })

  test.each(['a', 's'])('[BT6] a removed appliance keeps its peer link: %s', (removed) => {
    const world = standing()
    const agent = world.agent(removed, 'pc-1')
    const ticket = agent.login('s1')
    world.edit('b', without(world.topology, removed))
    agent.ask({ type: 'lock', session: 's1', ticket })
    world.run(60_000)
    expect(world.sessions('b')).toEqual({ s1: `locked at ${removed}` })
  })

  test.each(['a', 's'])('[BD1] [BD3] never moves or ends a session whose appliance serves: %s', (appliance) => {
    const world = standing()
    const agent = world.agent(appliance, 'pc-1')
    agent.login('s1')
    const [site] = world.topology.sites
    const elsewhere = world.topology.appliances.map((one) => ({
      ...one,
      capacity: { sessions: 0, loginsPerSecond: 0 },
    }))
    world.edit('b', {
      ...world.topology,
      sites: site === undefined ? [] : [{ ...site, type: 'hot-standby' }],
      appliances: elsewhere,
    })
    world.run(3_600_000)
    expect(agent.closed).toBeNull()
    expect(world.sessions('b')).toEqual({ s1: `active at ${appliance}` })
  })
})

describe('moving sessions', () => {
  test('[LO3] [BD2] a session opened on one appliance resumes on another without a login, alone', () => {
    const world = standing()
    const agent = world.agent('s', 'pc-1')
    const ticket = agent.login('s1')
    agent.login('s2')
    const there = world.agent('b', 'pc-1', ['s1'])
    expect(there.ask({ type: 'resume', session: 's1', ticket })).toMatchObject({
      type: 'resumed',
      session: 's1',
      state: 'active',
      replicated: 'both',
    })
    expect(world.verified, 'passwords of the two logins and no more').toHaveLength(2)
    expect(world.sessions('a')).toEqual({ s1: 'active at b', s2: 'active at s' })
    expect(world.sessions('s'), 'it hears that the session left').toEqual({ s2: 'active at s' })
    expect(agent.closed).toBeNull()
  })

  test('[LO5] a session that has not arrived is rejected as unknown, and comes back with a login of its user', () => {
    const world = new SmallWorld({ a: { role: 'database' }, b: { role: 'database' } }).start('a', 'b').run(1_000)
    world.silent.add('a>b')
    const agent = world.agent('a', 'pc-1')
    const request = agent.begin({ type: 'login', session: 's1', user: 'anna', password: 'right' })
    world.run(1_000)
    const answer = agent.answer(request)
    expect(answer).toMatchObject({ type: 'login.accepted', replicated: 'one' })
    world.kill('a')
    const there = world.agent('b', 'pc-1', ['s1'])
    const ticket = answer?.type === 'login.accepted' ? answer.ticket : ''
    expect(there.ask({ type: 'resume', session: 's1', ticket })).toMatchObject({
      type: 'rejected',
      reason: 'unknown-session',
    })
    expect(tryLogin(there, 's1')).toMatchObject({ type: 'login.accepted', session: 's1' })
  })
})

describe('stopping', () => {
  test('[SP6] answers what is under way, then leaves, and is unavailable meanwhile', () => {
    const world = standing()
    const agent = world.agent('a', 'pc-1')
    world.hashing = false
    const request = agent.begin({ type: 'login', session: 's1', user: 'anna', password: 'right' })
    world.stop('a')
    expect(world.status('a')).toMatchObject({ state: 'unavailable', reason: 'stopping' })
    expect(agent.ask({ type: 'topology.get' })).toMatchObject({ type: 'unavailable', reason: 'stopping' })
    expect(world.agent('a', 'pc-2').first).toMatchObject({ type: 'unavailable', reason: 'stopping' })
    world.hashing = true
    world.settle()
    expect(agent.answer(request)).toMatchObject({ type: 'login.accepted' })
    expect(agent.closed).toBe('stopping')
  })

  test('does not wait for ever', () => {
    const world = standing()
    const agent = world.agent('a', 'pc-1')
    world.hashing = false
    agent.begin({ type: 'login', session: 's1', user: 'anna', password: 'right' })
    world.stop('a').run(999)
    expect(agent.closed).toBeNull()
    world.run(1)
    expect(agent.closed).toBe('stopping')
  })
})
