/**
 * Coming online: who must prove identity again (CH1, CH2, CH7, LO3, LO4).
 *
 * A session comes online when it was offline, or when it moves to another site. Inside the site that served it moves
 * without a challenge, unless `seamlessFailover` is off. The policy is the one last downloaded (CH6), the computer's
 * part already in it (CH5).
 */
import { type SiteId } from '#shared/ids.ts'
import { type ComingOnline } from '#shared/policy/policy.ts'

const minuteMs = 60_000

/** What became of a session's contact with its appliance. Times are policy ms. */
export type Contact = {
  /** The site that served it last; `null` when none has. */
  readonly site: SiteId | null
  /** When the last message of the lost appliance was received (CH2). */
  readonly heardMs: number
  /** Its pass ended with nothing meanwhile. */
  readonly wasOffline: boolean
}

/** Why a session that is resumed in `site` counts as coming online; `null` when it does not. */
export function comesOnline(
  contact: Contact,
  site: SiteId,
  seamlessFailover: boolean,
): 'was-offline' | 'cross-site' | 'not-seamless' | null {
  if (contact.wasOffline) return 'was-offline'
  if (contact.site !== site) return 'cross-site'
  return seamlessFailover ? null : 'not-seamless'
}

/** Whether coming online at `nowMs` asks a challenge. Elapsed equal to the grace is still within; 0 means always (CH2). */
export function isChallenged(policy: ComingOnline, heardMs: number, nowMs: number): boolean {
  if (policy.mode === 'always' || policy.minutes === 0) return true
  return nowMs - heardMs > policy.minutes * minuteMs
}
