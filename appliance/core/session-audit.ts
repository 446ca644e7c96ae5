/**
 * Which audit records a change of a session leaves behind (AU1): one for each thing that became different. A change that
 * is asked again, because its answer was lost, makes nothing different, and so it is recorded once.
 */
import { assertNever } from '#shared/assert.ts'
import { type SessionAsk } from './session-law.ts'
import { type SessionRecord, type StoredAudit } from '#shared/wire/peer-link.schema.ts'

type Told = Pick<StoredAudit, 'kind' | 'user' | 'detail'>

/** `before` is the session as it was; `undefined` for none. */
export function auditOfChange(
  ask: SessionAsk,
  before: SessionRecord | undefined,
  after: SessionRecord,
): readonly Told[] {
  const moved = before !== undefined && before.appliance !== after.appliance
  if (ask.op === 'open-session') {
    const isNew = before?.state !== after.state || moved
    return isNew ? [{ kind: 'login', user: after.user }] : []
  }
  const told: Told[] = []
  if (moved) told.push({ kind: 'failover', user: after.user, detail: `from ${before.appliance}` })
  // What an adopted session did offline is told by its agent's own records.
  const isOwn = ask.op === 'adopt-session' && after.state !== 'paused'
  if (before?.state !== after.state && !isOwn) told.push(stateTold(ask.user, after))
  return told
}

/** `user`: whose password was verified. */
function stateTold(user: string | undefined, after: SessionRecord): Told {
  switch (after.state) {
    case 'locked':
      return { kind: 'lock', user: after.user }
    case 'paused':
      return { kind: 'challenge', user: after.user, ...(after.paused === undefined ? {} : { detail: after.paused }) }
    case 'active':
      return { kind: 'unlock', user: user ?? after.user }
    case 'ended':
      return {
        kind: 'logout',
        user: after.user,
        ...(isOther(user, after) ? { detail: `by the login of ${user}` } : {}),
      }
    default:
      return assertNever(after.state)
  }
}

function isOther(user: string | undefined, { user: own }: SessionRecord): boolean {
  return user !== undefined && user !== own
}
