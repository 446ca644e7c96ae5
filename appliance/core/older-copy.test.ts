/** What becomes of a database whose store is an older one than its peer knows it to be. */
import { describe, expect, test } from 'vitest'
import { SmallWorld } from '../testing/small-world.ts'

describe('an older copy of a store, put back beside a living peer', () => {
  /** Of `b`, who then makes changes at positions that it has used before. */
  function putBack(): SmallWorld {
    const world = new SmallWorld({ a: { role: 'database' }, b: { role: 'database' } }).start('a', 'b').run(1_000)
    const login = (at: string, session: string): void => void world.agent(at, `pc of ${session}`).login(session)
    login('b', 'in the copy')
    login('a', 'of a in the copy')
    const copy = world.node('b').store.copy()
    for (const session of ['s1', 's2', 's3']) login('b', session)
    login('a', 'of a')
    world.restart('b', copy).run(5_000)
    expect(world.status('b').state).toBe('serving')
    return world
  }

  test('[RP4] takes another log name, so that no position is used twice', () => {
    const world = putBack()
    const notes = world.notes.filter(({ kind }) => kind === 'log.begun-anew')
    expect(notes.map(({ appliance }) => appliance)).toEqual(['b'])
    expect(world.database('b').ledger.logName).toBe('b/run 1.1')
    world.agent('b', 'pc-9').login('after')
    expect(Object.keys(world.sessions('a'))).toContain('after')
  })

  test('[RP6] has everything of the other again, what it had made itself included', () => {
    const world = putBack()
    expect(Object.keys(world.sessions('b')).toSorted()).toEqual([
      'in the copy',
      'of a',
      'of a in the copy',
      's1',
      's2',
      's3',
    ])
    world.run(1_000)
    expect(['a', 'b'].map((id) => world.status(id).equal)).toEqual([true, true])
    world.restart('b').run(5_000)
    expect(['a', 'b'].map((id) => world.status(id).equal)).toEqual([true, true])
    expect(world.database('b').ledger.logName).toBe('b/run 1.1')
  })

  test('[RP6] is unavailable to agents until it has', () => {
    const world = new SmallWorld({ a: { role: 'database' }, b: { role: 'database' } }).start('a', 'b').run(1_000)
    const copy = world.node('b').store.copy()
    for (const session of ['s1', 's2', 's3']) world.agent('b', 'pc-1').login(session)
    world.holding.add('snapshot')
    world.restart('b', copy).run(5_000)
    expect(world.status('b')).toMatchObject({ state: 'unavailable', reason: 'catching-up' })
    world.release().run(1_000)
    expect(world.status('b').state).toBe('serving')
  })
})
