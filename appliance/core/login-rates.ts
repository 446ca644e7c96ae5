/**
 * How often passwords may be tried at this appliance, by agent and by user name, whatever comes of it: above that the
 * answer is *busy* with the time to wait (LO6), an answer and never a reason to leave the site. It is there for guessers
 * and for loops; a ward's morning stays far below it. An appliance counts for itself alone.
 */
import { takeToken, type TokenBucket } from './token-bucket.ts'
import { wireLimits } from '#shared/wire/limits.ts'

/** Tries at once, and a minute after that. */
export type LoginRate = { readonly burst: number; readonly perMinute: number }

export const defaultLoginRate: LoginRate = {
  burst: wireLimits.loginBurstMax,
  perMinute: wireLimits.loginsPerMinuteMax,
}

export interface LoginRates {
  /** Ms until that agent may try that user's password; 0 when it may, and then the try counts. */
  take(agent: string, user: string, nowMs: number): number
}

export function createLoginRates({ burst, perMinute }: LoginRate): LoginRates {
  const perSecond = perMinute / 60
  /** Last used last, so that the first one is forgotten first. */
  const buckets = new Map<string, TokenBucket>()

  const look = (key: string, nowMs: number): ReturnType<typeof takeToken> =>
    takeToken(buckets.get(key) ?? { tokens: burst, atMs: nowMs }, perSecond, nowMs, burst)
  const keep = (key: string, bucket: TokenBucket): void => {
    buckets.delete(key)
    buckets.set(key, bucket)
    const [oldest] = buckets.size > wireLimits.loginRatesKeptMax ? buckets.keys() : []
    if (oldest !== undefined) buckets.delete(oldest)
  }

  return {
    take(agent, user, nowMs) {
      const looks = [`agent ${agent}`, `user ${user}`].map((key) => ({ key, ...look(key, nowMs) }))
      const waitMs = Math.max(...looks.map((looked) => looked.waitMs))
      // Who has to wait anyway does not use up what the other limit holds.
      if (waitMs === 0) for (const { key, next } of looks) keep(key, next)
      return waitMs
    },
  }
}
