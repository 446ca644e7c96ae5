/** Users and policies that are changed while people work, on one database or on both sides of a partition. */
import { describe, expect, test } from 'vitest'
import { listUsers } from './administration.ts'
import { type Administration } from './events.ts'
import { SmallWorld } from '../testing/small-world.ts'

const plan = { a: { role: 'database' }, b: { role: 'database' }, s: { role: 'service' } } as const

function pair(): SmallWorld {
  return new SmallWorld(plan).start('a', 'b', 's').run(1_000)
}

/** Cuts the two databases apart, until each has heard of it. */
function part(world: SmallWorld): SmallWorld {
  world.silent.add('a>b').add('b>a')
  world.agent('a', 'pc-0').begin({ type: 'login', session: 's0', user: 'anna', password: 'right' })
  world.agent('b', 'pc-9').begin({ type: 'login', session: 's9', user: 'anna', password: 'right' })
  return world.run(2_000)
}

/** Each has something of the other's log: they go on from there, and need no snapshot. */
function known(world: SmallWorld): SmallWorld {
  for (const at of ['a', 'b']) login(world, at)
  return world
}

/** The links of before are lost and dialled anew. */
function heal(world: SmallWorld): SmallWorld {
  world.silent.clear()
  return world.restart('b').run(5_000)
}

function administer(world: SmallWorld, at: string, act: Administration): unknown {
  const call = world.beginAct(at, act)
  world.settle()
  return world.answers.get(call)
}

function login(world: SmallWorld, at: string, user = 'anna'): string {
  const agent = world.agent(at, `pc at ${at}`)
  const request = agent.begin({ type: 'login', session: `${user} at ${at}`, user, password: 'right' })
  world.run(2_000)
  const answer = agent.answer(request)
  return answer?.type === 'rejected' ? answer.reason : (answer?.type ?? 'no answer')
}

const disable: Administration = { op: 'set-user', user: 'anna', disabled: true }

describe('a change of enterprise data', () => {
  test('[RP1] at one database is obeyed at the other, and by services of both, at once', () => {
    const world = pair()
    expect(['a', 'b', 's'].map((at) => login(world, at))).toEqual([
      'login.accepted',
      'login.accepted',
      'login.accepted',
    ])
    expect(administer(world, 'a', disable)).toEqual({ ok: true, replicated: 'both' })
    expect(['a', 'b', 's'].map((at) => login(world, at))).toEqual(['disabled', 'disabled', 'disabled'])
    administer(world, 'b', { ...disable, disabled: false })
    expect(login(world, 'a')).toBe('login.accepted')
  })

  test('[RP1] adds a user and a policy that the other database knows, and deletes the user there too', () => {
    const world = pair()
    administer(world, 'a', { op: 'set-policy', policy: 'ward', fields: { challengeInactivityMinutes: 3 } })
    expect(administer(world, 'a', { op: 'set-user', user: 'cara', verifier: 'v', policy: 'ward' })).toMatchObject({
      ok: true,
    })
    const agent = world.agent('b', 'pc-1')
    const accepted = agent.ask({ type: 'login', session: 's1', user: 'cara', password: 'right' })
    expect(accepted).toMatchObject({ type: 'login.accepted', policy: { challengeInactivityMinutes: 3 } })
    administer(world, 'b', { op: 'delete-user', user: 'cara' })
    expect(login(world, 'a', 'cara')).toBe('bad-credential')
  })

  test('[RP1] reaches a database that was not there when it was made, and outlives restarts', () => {
    const world = new SmallWorld(plan).start('a').run(5_000)
    expect(administer(world, 'a', disable)).toEqual({ ok: true, replicated: 'one' })
    world.start('b').run(5_000)
    expect(login(world, 'b')).toBe('disabled')
    world.restart('b').run(5_000)
    world.kill('a').run(5_000)
    expect(login(world, 'b')).toBe('disabled')
  })

  test('[RP2] is acknowledged on one when the other does not answer in time', () => {
    const world = pair()
    world.silent.add('a>b')
    const call = world.beginAct('a', disable)
    world.run(999)
    expect(world.answers.get(call)).toBeUndefined()
    world.run(1)
    expect(world.answers.get(call)).toEqual({ ok: true, replicated: 'one' })
  })

  test('[AU1] is an audit record on both databases, and never tells a secret', () => {
    const world = pair()
    administer(world, 'a', { ...disable, verifier: 'new verifier' })
    administer(world, 'b', { op: 'delete-user', user: 'bert' })
    administer(world, 'b', { op: 'set-policy', policy: 'ward', fields: { challengeInactivityMinutes: 3 } })
    for (const id of ['a', 'b']) {
      const told = world.audit(id).map(({ kind, user, source, detail }) => [kind, user, source, detail])
      expect(told).toEqual([
        ['user-edited', 'anna', 'a', 'credential, disabled'],
        ['user-deleted', 'bert', 'b', undefined],
        ['policy-edited', undefined, 'b', 'ward challengeInactivityMinutes'],
      ])
    }
  })

  test('[SC2] a limit of the store of one database is a record on both', () => {
    const world = pair()
    expect(administer(world, 'a', { op: 'limit-store', pages: 40 })).toEqual({ ok: true, replicated: 'both' })
    administer(world, 'a', { op: 'limit-store', pages: null })
    for (const id of ['a', 'b']) {
      expect(world.audit(id).map(({ kind, source, detail }) => [kind, source, detail])).toEqual([
        ['store-limited', 'a', '40 pages'],
        ['store-limited', 'a', 'its disk'],
      ])
    }
  })

  test('[SC2] a stop that is asked at the control door of a database is a record that the other has before it goes', () => {
    const world = pair().stop('a', 'control door')
    expect(world.audit('b').map(({ kind, source }) => [kind, source])).toEqual([['stopped', 'a']])
    world.kill('a').restart('a').run(5_000)
    expect(world.audit('a').map(({ kind, source }) => [kind, source])).toEqual([['stopped', 'a']])
    expect(world.status('a').equal).toBe(true)
  })

  test('[SC2] a stop by a signal, and one of a service appliance, leave none', () => {
    const world = pair().stop('s', 'control door').stop('a')
    expect(['a', 'b'].map((id) => world.audit(id))).toEqual([[], []])
  })

  test('[OF4] of a password raises the version of the credential', () => {
    const world = pair()
    const version = (): number => {
      const answer = world.agent('b', 'pc-1').ask({ type: 'login', session: 's1', user: 'anna', password: 'right' })
      return answer?.type === 'login.accepted' ? answer.credentialVersion : 0
    }
    const before = version()
    administer(world, 'a', { op: 'set-user', user: 'anna', verifier: 'new' })
    expect(version()).toBeGreaterThan(before)
    expect(world.verified.at(-1)).toBe('new')
  })

  test('is refused for a user or a policy that nobody knows, with what there is', () => {
    const world = pair()
    const told = (act: Administration): unknown => administer(world, 'a', act)
    expect(told({ op: 'set-user', user: 'nobody', disabled: true })).toMatchObject({ ok: false, code: 'unknown-user' })
    expect(told({ op: 'delete-user', user: 'nobody' })).toMatchObject({ ok: false, code: 'unknown-user' })
    administer(world, 'b', { op: 'set-policy', policy: 'ward', fields: { challengeIntervalMinutes: 9 } })
    expect(told({ op: 'set-user', user: 'anna', policy: 'wards' })).toEqual({
      ok: false,
      code: 'unknown-policy',
      text: 'there is no user policy "wards"; there are: default, ward',
    })
  })
})

describe('a partition', () => {
  const users = (world: SmallWorld, id: string) =>
    Object.fromEntries([...listUsers(world.database(id))].map((one) => [one.user, one]))
  const told = (world: SmallWorld, id: string): string[] =>
    world.database(id).ledger.fieldMerges.map(({ kind, key, field, here, there, stays }) => {
      return `${field} of ${kind} ${key}: ${here.what} by ${here.database}, ${there.what} by ${there.database}; ${stays}`
    })

  test('[RP5] lets both sides change different fields of one user, and both stay', () => {
    const world = pair()
    administer(world, 'a', { op: 'set-policy', policy: 'ward', fields: { challengeIntervalMinutes: 9 } })
    part(world)
    administer(world, 'a', disable)
    administer(world, 'b', { op: 'set-user', user: 'anna', policy: 'ward' })
    heal(world)
    for (const id of ['a', 'b']) expect(users(world, id)['anna']).toMatchObject({ disabled: true, policy: 'ward' })
    expect([told(world, 'a'), told(world, 'b')]).toEqual([[], []])
    expect(['a', 'b'].map((id) => world.status(id).equal)).toEqual([true, true])
  })

  test('[RP5, RP8] of one field the latest change stays, and both databases report it', () => {
    const world = part(known(pair()))
    administer(world, 'b', disable)
    world.run(10)
    administer(world, 'a', { op: 'set-user', user: 'anna', disabled: false })
    heal(world)
    for (const id of ['a', 'b']) expect(users(world, id)['anna']).toMatchObject({ disabled: false })
    expect(told(world, 'a')).toEqual(['disabled of user anna: set by a, set by b; here'])
    expect(told(world, 'b')).toEqual(['disabled of user anna: set by b, set by a; there'])
  })

  test('[RP5, RP8] a deletion wins over an older change of the other side, which is reported', () => {
    const world = part(known(pair()))
    administer(world, 'b', disable)
    world.run(10)
    administer(world, 'a', { op: 'delete-user', user: 'anna' })
    heal(world)
    for (const id of ['a', 'b']) expect(users(world, id)['anna']).toBeUndefined()
    expect(told(world, 'b')).toEqual(['disabled of user anna: set by b, deleted by a; there'])
  })
})
