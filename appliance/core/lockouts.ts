/**
 * Wrong passwords lock a user out. Each database counts those that it hears of, in memory; the lock itself is a field of
 * the user's record, and so holds on both databases and over restarts. Until when it holds is told by the clock of the
 * database that locked. Strangers are not counted: there is nobody to lock, and no end to their names.
 */
import { type Directory } from './directory.ts'
import { type EnterpriseTable } from './enterprise-table.ts'

const minuteMs = 60_000

export type LockoutsOptions = {
  readonly data: EnterpriseTable
  readonly directory: Directory
  /** How much faster the policy clock runs. */
  readonly timeScale: () => number
}

export class Lockouts {
  private readonly options: LockoutsOptions
  /** Unix ms of the wrong passwords of each user, since the last right one. */
  private readonly failures = new Map<string, readonly number[]>()

  constructor(options: LockoutsOptions) {
    this.options = options
  }

  isLocked(user: string, wallMs: number): boolean {
    const until = this.options.data.find('user', user)?.fields.lockedUntilMs?.value
    return until !== undefined && wallMs < until
  }

  /** A wrong password. Returns until when it locks the user out, in Unix ms; `null` when it does not. */
  failed(user: string, wallMs: number): number | null {
    const { directory, timeScale } = this.options
    const lockout = directory.lockoutOf(user)
    if (lockout === null) return null
    const scale = timeScale()
    const isRecent = (atMs: number): boolean => (wallMs - atMs) * scale <= lockout.withinMinutes * minuteMs
    const recent = [...(this.failures.get(user) ?? []).filter(isRecent), wallMs]
    this.failures.set(user, recent)
    if (recent.length < lockout.failures) return null
    this.failures.delete(user)
    return Math.ceil(wallMs + (lockout.lockedMinutes * minuteMs) / scale)
  }

  /** A right password. */
  succeeded(user: string): void {
    this.failures.delete(user)
  }
}
