/**
 * The one registry of expected failures. A failure is a value. `definite` says that what was asked certainly did not
 * happen; `next` says what a caller does, and is the only thing that code branches on.
 */
export type NextStep = 'never' | 'same' | 'next-candidate' | 'next-pass'

type Entry = { readonly definite: boolean; readonly next: NextStep; readonly text: string }

export const failures = {
  refused: { definite: true, next: 'next-candidate', text: 'the connection was refused' },
  reset: { definite: false, next: 'next-candidate', text: 'the connection was reset' },
  'timed-out': { definite: false, next: 'next-candidate', text: 'no answer in time' },
  'tls-failed': { definite: true, next: 'next-candidate', text: 'TLS failed: wrong authority or wrong name' },
  'no-address': { definite: true, next: 'next-candidate', text: 'the name has no address' },
  unavailable: { definite: true, next: 'next-candidate', text: 'the appliance cannot serve' },
  busy: { definite: true, next: 'next-pass', text: 'every appliance that serves is busy' },
  'bad-credential': { definite: true, next: 'never', text: 'user name or password is wrong' },
  'locked-out': { definite: true, next: 'never', text: 'locked out after repeated failures' },
  disabled: { definite: true, next: 'never', text: 'the user is disabled' },
  'not-enrolled': { definite: true, next: 'never', text: 'the enterprise does not know this agent by its key' },
  'wrong-user': { definite: true, next: 'never', text: 'the session belongs to another user' },
  'unknown-session': { definite: true, next: 'never', text: 'no such session' },
  'session-ended': { definite: true, next: 'never', text: 'the session has ended' },
  'no-topology': { definite: true, next: 'next-pass', text: 'no bootstrap appliance answers and no topology is known' },
  'offline.never-here': {
    definite: true,
    next: 'next-pass',
    text: 'no appliance answers, and this user has not logged in on this workstation before',
  },
  'offline.not-allowed': {
    definite: true,
    next: 'next-pass',
    text: 'no appliance answers, and policy does not allow an offline login',
  },
  'offline.not-here': {
    definite: true,
    next: 'next-pass',
    text: 'no appliance answers, and an agent of this profile has no offline login',
  },
  'offline.audit-full': {
    definite: true,
    next: 'next-pass',
    text: 'no appliance answers, and no more audit records can be kept until one does',
  },
  'offline.expired': {
    definite: true,
    next: 'next-pass',
    text: 'no appliance answers, and the offline data has expired',
  },
  'offline.locked-out': {
    definite: true,
    next: 'next-pass',
    text: 'no appliance answers, and the user is locked out after repeated failures',
  },
} as const satisfies Record<string, Entry>

export type FailureCode = keyof typeof failures

export type Failure = { readonly code: FailureCode; readonly detail?: string | undefined }

/** The sentence for people. */
export function failureText(failure: Failure): string {
  const text = failures[failure.code].text
  return failure.detail === undefined ? text : `${text}: ${failure.detail}`
}
