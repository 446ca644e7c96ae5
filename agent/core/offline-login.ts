/**
 * Who may log in without an appliance, and why not (OF3, OF4).
 *
 * A user needs a policy that allows it, the computer's part already in it (CH5), an online login with a password on this
 * agent, and data younger than the policy's lifespan. Failures count toward lockout. The policy is the one that the agent
 * downloaded last. Times are trusted wall ms (`trusted-time.ts`); the policy's days and minutes run `timeScale` as fast.
 */
import { type FailureCode } from '#shared/failure.ts'
import { type EffectivePolicy } from '#shared/policy/policy.ts'
import { fail, ok, type Result } from '#shared/result.ts'

const minuteMs = 60_000
const dayMs = 24 * 60 * minuteMs

/** What the agent keeps of one user who has logged in here. */
export type OfflineUser = {
  readonly user: string
  /** The password, as a salted memory-hard hash, and the version of the credential that it was made of. */
  readonly credential: { readonly verifier: string; readonly version: number } | null
  readonly policy: EffectivePolicy
  /** When the user last logged in online here. */
  readonly onlineAtMs: number
  readonly failuresAtMs: readonly number[]
  readonly lockedUntilMs: number
}

export type OfflineTime = { readonly nowMs: number; readonly timeScale: number }

export type OfflineRefusal = Extract<FailureCode, `offline.${string}`>

/** The verifier that the typed password must match, or why the user cannot log in offline whatever is typed. */
export function mayLogIn(known: OfflineUser | undefined, time: OfflineTime): Result<string, OfflineRefusal> {
  if (known === undefined) return fail('offline.never-here')
  const { policy, credential, onlineAtMs, lockedUntilMs } = known
  if (!policy.offlineAuthentication.allowed) return fail('offline.not-allowed')
  if (credential === null) return fail('offline.never-here')
  const ageMs = (time.nowMs - onlineAtMs) * time.timeScale
  if (ageMs >= policy.offlineAuthentication.days * dayMs) return fail('offline.expired')
  if (time.nowMs < lockedUntilMs) return fail('offline.locked-out')
  return ok(credential.verifier)
}

/** A wrong password was typed. Enough of them within the policy's minutes lock the user out. */
export function afterFailure(known: OfflineUser, { nowMs, timeScale }: OfflineTime): OfflineUser {
  const { failures, withinMinutes, lockedMinutes } = known.policy.lockout
  const isRecent = (atMs: number): boolean => (nowMs - atMs) * timeScale <= withinMinutes * minuteMs
  const failuresAtMs = [...known.failuresAtMs.filter(isRecent), nowMs]
  if (failuresAtMs.length < failures) return { ...known, failuresAtMs }
  return { ...known, failuresAtMs: [], lockedUntilMs: nowMs + (lockedMinutes * minuteMs) / timeScale }
}

/** The right password was typed. */
export function afterSuccess(known: OfflineUser): OfflineUser {
  return { ...known, failuresAtMs: [] }
}

export type OnlineLogin = {
  readonly user: string
  readonly policy: EffectivePolicy
  readonly credentialVersion: number
  readonly atMs: number
}

/**
 * What is kept after an online login. The verifier stays while the credential's version does; else there is none until
 * a new one is computed (OF4). Nothing is kept to log in with where the policy forbids it.
 */
export function afterOnlineLogin(known: OfflineUser | undefined, login: OnlineLogin): OfflineUser {
  const { user, policy, credentialVersion, atMs } = login
  const held = known?.credential ?? null
  const isCurrent = policy.offlineAuthentication.allowed && held?.version === credentialVersion
  return {
    user,
    credential: isCurrent ? held : null,
    policy,
    onlineAtMs: atMs,
    failuresAtMs: [],
    lockedUntilMs: 0,
  }
}
