import { describe, expect, it } from 'vitest'
import { defaultUserPolicy, effectivePolicy } from './policy.ts'

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
