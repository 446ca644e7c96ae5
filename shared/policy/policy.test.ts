import { describe, expect, it } from 'vitest'
import { defaultUserPolicy, effectivePolicy, samePolicy, type UserPolicy } from './policy.ts'

describe('the policy of a user at a computer', () => {
  it('[CH5] is the user policy where the computer policy says nothing', () => {
    const { id: _id, ...own } = defaultUserPolicy
    expect(effectivePolicy(defaultUserPolicy, undefined)).toEqual(own)
    expect(effectivePolicy(defaultUserPolicy, { id: 'ward' })).toEqual(own)
  })

  it('[CH5] is the computer policy where it is set', () => {
    const computer = { id: 'ward', challengeComingOnline: { mode: 'always' }, challengeIntervalMinutes: 30 } as const
    const { id: _id, ...set } = computer
    expect(effectivePolicy(defaultUserPolicy, computer)).toMatchObject(set)
    expect(effectivePolicy(defaultUserPolicy, computer).challengeInactivityMinutes).toBe(0)
  })
})

describe('[OF6] two policies', () => {
  const policy = effectivePolicy(defaultUserPolicy, undefined)
  const changes: readonly Partial<UserPolicy>[] = [
    { challengeComingOnline: { mode: 'grace', minutes: 11 } },
    { challengeComingOnline: { mode: 'always' } },
    { challengeInactivityMinutes: 1 },
    { challengeIntervalMinutes: 1 },
    { offlineAuthentication: { allowed: false, days: 7 } },
    { offlineAuthentication: { allowed: true, days: 8 } },
    { lockout: { failures: 6, withinMinutes: 5, lockedMinutes: 5 } },
    { lockout: { failures: 5, withinMinutes: 6, lockedMinutes: 5 } },
    { lockout: { failures: 5, withinMinutes: 5, lockedMinutes: 6 } },
  ]
  it.each(changes)('differ in any field: %o', (change) => {
    expect(samePolicy(policy, { ...policy, ...change })).toBe(false)
  })

  it('are the same whatever the order of their fields', () => {
    const turned = Object.fromEntries(Object.entries(policy).reverse()) as typeof policy
    expect(samePolicy(policy, turned)).toBe(true)
  })
})
