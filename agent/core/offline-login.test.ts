import { describe, expect, it } from 'vitest'
import { afterFailure, afterOnlineLogin, afterSuccess, mayLogIn, type OfflineUser } from './offline-login.ts'
import { defaultUserPolicy, effectivePolicy, type UserPolicy } from '#shared/policy/policy.ts'

const day = 86_400_000
const minute = 60_000

function user(policy: Partial<UserPolicy> = {}, changes: Partial<OfflineUser> = {}): OfflineUser {
  return {
    user: 'alice',
    credential: { verifier: 'verifier', version: 3 },
    policy: effectivePolicy({ ...defaultUserPolicy, ...policy }, undefined),
    onlineAtMs: 1_000 * day,
    failuresAtMs: [],
    lockedUntilMs: 0,
    ...changes,
  }
}

const forbiddenHere = effectivePolicy(defaultUserPolicy, { id: 'kiosk', offlineAuthentication: 'forbidden' })
const notAllowed = { offlineAuthentication: { allowed: false, days: 7 } }
const forDays = (days: number) => ({ offlineAuthentication: { allowed: true, days } })

describe('[OF3] an offline login', () => {
  const rows: readonly (readonly [string, OfflineUser | undefined, number, string])[] = [
    ['of a user who was online here a while ago', user(), 3 * day, 'may'],
    ['of nobody who was ever here', undefined, 0, 'offline.never-here'],
    ['while there is no verifier of the password yet', user({}, { credential: null }), 0, 'offline.never-here'],
    ['of a user whose policy does not allow it', user(notAllowed), 0, 'offline.not-allowed'],
    ['at a computer whose policy forbids it', user({}, { policy: forbiddenHere }), 0, 'offline.not-allowed'],
    ['a moment before the lifespan ends', user(), 7 * day - 1, 'may'],
    ['as the lifespan ends', user(), 7 * day, 'offline.expired'],
    ['within a longer lifespan', user(forDays(30)), 29 * day, 'may'],
    ['with a lifespan of no time', user(forDays(0)), 0, 'offline.expired'],
    ['of a user who is locked out', user({}, { lockedUntilMs: 1_000 * day + 1 }), 0, 'offline.locked-out'],
    ['as the lockout ends', user({}, { lockedUntilMs: 1_000 * day }), 0, 'may'],
  ]
  it.each(rows)('%s', (_, known, afterMs, outcome) => {
    const verdict = mayLogIn(known, { nowMs: 1_000 * day + afterMs, timeScale: 1 })
    expect(verdict).toEqual(outcome === 'may' ? { ok: true, value: 'verifier' } : { ok: false, error: outcome })
  })

  it('counts the lifespan on the policy clock', () => {
    const at = (realMs: number) => mayLogIn(user(), { nowMs: 1_000 * day + realMs, timeScale: 60 }).ok
    expect([at((7 * day) / 60 - 1), at((7 * day) / 60)]).toEqual([true, false])
  })
})

/** The user after wrong passwords at these minutes. */
function failing(minutes: readonly number[], timeScale = 1): OfflineUser {
  return minutes.reduce((known, at) => afterFailure(known, { nowMs: (at * minute) / timeScale, timeScale }), user())
}

describe('[OF4] failed offline attempts', () => {
  it.each([
    ['five within five minutes', [0, 1, 2, 3, 5], true],
    ['five in more than five minutes', [0, 1, 2, 3, 5.1], false],
    ['four', [0, 1, 2, 3], false],
    ['the last five of many', [0, 6, 7, 8, 9, 10], true],
  ])('lock out or not: %s', (_, minutes, isLocked) => {
    const last = (minutes.at(-1) ?? 0) * minute
    expect(failing(minutes).lockedUntilMs).toBe(isLocked ? last + 5 * minute : 0)
  })

  it('count on the policy clock, and so does the lockout', () => {
    expect(failing([0, 1, 2, 3, 5], 60).lockedUntilMs).toBe((10 * minute) / 60)
    expect(failing([0, 1, 2, 3, 5.1], 60).lockedUntilMs).toBe(0)
  })

  it('are forgotten by the right password, and by an online login', () => {
    const known = failing([0, 1, 2, 3])
    expect(afterSuccess(known).failuresAtMs).toEqual([])
    const locked = failing([0, 1, 2, 3, 4])
    const login = { user: 'alice', policy: locked.policy, credentialVersion: 3, atMs: 5 * minute }
    expect(afterOnlineLogin(locked, login)).toMatchObject({ lockedUntilMs: 0, failuresAtMs: [] })
  })
})

describe('after an online login', () => {
  const login = { user: 'alice', policy: user().policy, credentialVersion: 3, atMs: 2_000 * day }
  it('[OF4] the verifier stays while the version of the credential does', () => {
    expect(afterOnlineLogin(user(), login)).toEqual({ ...user(), onlineAtMs: 2_000 * day })
  })

  it.each([
    ['another version', user(), { ...login, credentialVersion: 4 }],
    ['the first login', undefined, login],
  ])('[OF4] there is none until a new one is made: %s', (_, known, with_) => {
    expect(afterOnlineLogin(known, with_).credential).toBeNull()
  })

  it('[OF3] nothing is kept to log in with where the policy forbids it', () => {
    expect(afterOnlineLogin(user(), { ...login, policy: forbiddenHere }).credential).toBeNull()
  })
})
