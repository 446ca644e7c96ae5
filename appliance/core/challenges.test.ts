import { describe, expect, it } from 'vitest'
import { Database } from './database.ts'
import { type Ask } from '#shared/wire/peer-link.schema.ts'

type Change = Extract<Ask, { op: 'change-session' }>

/** A database with a session of anna at pc-1, and its changes. */
function served() {
  const database = new Database({
    origin: 'a',
    logName: 'a/1',
    people: ['anna', 'bert'].map((user) => ({
      user,
      verifier: 'verifier',
      version: 1,
      disabled: false,
      policy: 'default',
    })),
    policies: { users: [], computers: [], computerPolicyOf: {} },
    entries: [],
    emit: () => {},
    left: () => {},
  })
  const who = { session: 's', agent: 'pc-1', ticketHash: 't', appliance: 'a' } as const
  database.decide({ op: 'open-session', user: 'anna', ...who }, 1_000)
  return (change: Change['change'], more: Partial<Change> = {}) =>
    database.decide({ op: 'change-session', change, ...who, ...more }, 1_000)
}

describe('a paused session', () => {
  it.each(['coming-online', 'inactivity', 'interval'] as const)('[CH3] is recorded with its cause: %s', (paused) => {
    const change = served()
    expect(change('pause', { paused })).toMatchObject({ state: 'paused', paused })
    expect(change('serve')).toMatchObject({ state: 'paused', paused })
    expect(change('lock')).toMatchObject({ state: 'paused', paused })
  })

  it('[LO4] is resumed under a challenge only when it was active', () => {
    const change = served()
    expect(change('serve', { paused: 'coming-online' })).toMatchObject({ state: 'paused', paused: 'coming-online' })
    change('unlock', { user: 'anna' })
    change('lock')
    expect(change('serve', { paused: 'coming-online' })).toMatchObject({ state: 'locked' })
  })

  it('[CH4] is answered by its own user, whatever the challenge', () => {
    for (const paused of ['coming-online', 'inactivity', 'interval'] as const) {
      const change = served()
      change('pause', { paused })
      const answered = change('unlock', { user: 'anna' })
      expect(answered).toMatchObject({ state: 'active', user: 'anna' })
      expect(answered).toMatchObject({ paused: undefined })
    }
  })

  it('[CH4] of inactivity is answered by any user, and stays the session of its own', () => {
    const change = served()
    change('pause', { paused: 'inactivity' })
    expect(change('unlock', { user: 'bert' })).toMatchObject({ state: 'active', user: 'anna' })
  })

  it.each(['coming-online', 'interval'] as const)('[CH4] of %s is ended by the login of another user', (paused) => {
    const change = served()
    change('pause', { paused })
    expect(change('unlock', { user: 'bert' })).toMatchObject({ state: 'ended' })
  })

  it('[CH4] only paused: another user at a locked session is refused and nothing ends', () => {
    const change = served()
    change('lock')
    expect(change('unlock', { user: 'bert' })).toMatchObject({ answer: { outcome: 'refused', reason: 'wrong-user' } })
    expect(change('unlock', { user: 'anna' })).toMatchObject({ state: 'active' })
  })
})
