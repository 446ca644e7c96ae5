/** What an agent keeps to work without an appliance, across restarts (OF3–OF5). The shell encrypts it and keeps the file. */
import { type AuditQueue, emptyAuditQueue } from './audit-queue.ts'
import { type OfflineUser } from './offline-login.ts'

export type OfflineData = {
  /** The highest wall time seen when this was kept (OF4). */
  readonly seenMs: number
  /** In the order in which they last logged in online. */
  readonly users: readonly OfflineUser[]
  readonly audit: AuditQueue
}

/** Users kept for offline logins; the one who has been away longest makes room. */
export const offlineUsersMax = 1_000

export function emptyOfflineData(incarnation: string): OfflineData {
  return { seenMs: 0, users: [], audit: emptyAuditQueue(incarnation) }
}

export function offlineUser(data: OfflineData, user: string): OfflineUser | undefined {
  return data.users.find((known) => known.user === user)
}

/** `user` as the newest. */
export function withOfflineUser(data: OfflineData, user: OfflineUser): OfflineData {
  const others = data.users.filter((known) => known.user !== user.user)
  return { ...data, users: [...others, user].slice(-offlineUsersMax) }
}

/** The user as changed, in its place; one who is not there is not added. */
export function changedOfflineUser(
  data: OfflineData,
  user: string,
  change: (known: OfflineUser) => OfflineUser,
): OfflineData {
  return { ...data, users: data.users.map((known) => (known.user === user ? change(known) : known)) }
}

export function withoutOfflineUser(data: OfflineData, user: string): OfflineData {
  return { ...data, users: data.users.filter((known) => known.user !== user) }
}
