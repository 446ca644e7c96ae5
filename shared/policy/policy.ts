/** User and computer policies as data (CH, OF3, SPEC.md section 2), and how one overrides the other (CH5). */

export type ComingOnline = { readonly mode: 'grace'; readonly minutes: number } | { readonly mode: 'always' }

export type UserPolicy = {
  readonly id: string
  readonly challengeComingOnline: ComingOnline
  readonly challengeInactivityMinutes: number
  readonly challengeIntervalMinutes: number
  readonly offlineAuthentication: { readonly allowed: boolean; readonly days: number }
  readonly lockout: { readonly failures: number; readonly withinMinutes: number; readonly lockedMinutes: number }
}

/** Overrides per computer; an absent field leaves the user policy as it is. */
export type ComputerPolicy = {
  readonly id: string
  readonly challengeComingOnline?: ComingOnline
  readonly challengeIntervalMinutes?: number
  readonly offlineAuthentication?: 'forbidden'
}

export const defaultUserPolicy: UserPolicy = {
  id: 'default',
  challengeComingOnline: { mode: 'grace', minutes: 10 },
  challengeInactivityMinutes: 0,
  challengeIntervalMinutes: 0,
  offlineAuthentication: { allowed: true, days: 7 },
  lockout: { failures: 5, withinMinutes: 5, lockedMinutes: 5 },
}

/** What an agent downloads for one user at one computer (CH5, CH6). */
export type EffectivePolicy = Omit<UserPolicy, 'id'>

/** A computer policy overrides the user policy where it is set (CH5); it can only forbid offline authentication (OF3). */
export function effectivePolicy(user: UserPolicy, computer: ComputerPolicy | undefined): EffectivePolicy {
  const { id: _id, ...own } = user
  const offlineAuthentication =
    computer?.offlineAuthentication === 'forbidden'
      ? { ...own.offlineAuthentication, allowed: false }
      : own.offlineAuthentication
  return {
    ...own,
    challengeComingOnline: computer?.challengeComingOnline ?? own.challengeComingOnline,
    challengeIntervalMinutes: computer?.challengeIntervalMinutes ?? own.challengeIntervalMinutes,
    offlineAuthentication,
  }
}

/** Whether two policies say the same (OF6). */
export function samePolicy(a: EffectivePolicy, b: EffectivePolicy): boolean {
  return wordsOf(a) === wordsOf(b)
}

function wordsOf(policy: EffectivePolicy): string {
  const { challengeComingOnline: coming, challengeInactivityMinutes, challengeIntervalMinutes } = policy
  const { allowed, days } = policy.offlineAuthentication
  const { failures, withinMinutes, lockedMinutes } = policy.lockout
  const comingOnline = coming.mode === 'always' ? 'always' : coming.minutes
  return [
    [comingOnline, challengeInactivityMinutes, challengeIntervalMinutes],
    [allowed, days],
    [failures, withinMinutes, lockedMinutes],
  ].join()
}
