/** User and computer policies as data. The challenge and offline rules that read them are planned (docs/SPEC.md, CH and OF). */

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
  readonly challengeComingOnline?: ComingOnline | undefined
  readonly challengeIntervalMinutes?: number | undefined
  readonly offlineAuthentication?: 'forbidden' | undefined
}

export const defaultUserPolicy: UserPolicy = {
  id: 'default',
  challengeComingOnline: { mode: 'grace', minutes: 10 },
  challengeInactivityMinutes: 0,
  challengeIntervalMinutes: 0,
  offlineAuthentication: { allowed: true, days: 7 },
  lockout: { failures: 5, withinMinutes: 5, lockedMinutes: 5 },
}
