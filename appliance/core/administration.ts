/**
 * Administrative acts on enterprise data, asked at the control door of a database: what is refused, what is written, and
 * the audit record of it (AU1). An act is answered as a change of a session is: `both` or `one` (RP2).
 */
import { type Database } from './database.ts'
import { issuing } from './enrolment-law.ts'
import { type Administration, type AdministrationAnswer, type Emit } from './events.ts'
import { type Ledger } from './ledger.ts'
import { type Replication } from './replication.ts'
import { type Instant } from '#shared/clock.ts'
import { defaultUserPolicy } from '#shared/policy/policy.ts'

/** A user as the control door shows one: never the verifier. */
export type UserListing = {
  readonly user: string
  readonly policy: string
  readonly disabled: boolean
  /** Unix ms; locked out until then. */
  readonly lockedUntilMs: number
  /** Of the credential. */
  readonly version: number
}

type Inside = { readonly database: Database; readonly replication: Replication }
type Refused = { readonly ok: false; readonly code: string; readonly text: string }

/** Carries out an act and answers its call, once it is known whether it is on both databases. */
export function administer(
  { database, replication }: Inside,
  { call, act }: { readonly call: number; readonly act: Administration },
  now: Instant,
  emit: Emit,
): void {
  const answer = (given: AdministrationAnswer): void => emit({ type: 'answer-administration', call, answer: given })
  const refusal = refuse(database.ledger, act)
  if (refusal !== null) {
    answer(refusal)
    return
  }
  write(database, act, now.wallMs)
  replication.wait(database.ledger.log.end, now.wireMs, (replicated) => answer({ ok: true, replicated }))
}

export function* listUsers({ ledger: { data } }: Database): Iterable<UserListing> {
  for (const { key, fields } of data.list('user')) {
    const { credential, policy, disabled, lockedUntilMs } = fields
    if (credential === undefined) continue
    const { version } = credential.value
    yield {
      user: key,
      policy: policy?.value ?? defaultUserPolicy.id,
      disabled: disabled?.value ?? false,
      lockedUntilMs: lockedUntilMs?.value ?? 0,
      version,
    }
  }
}

function refuse({ data }: Ledger, act: Administration): Refused | null {
  if (act.op === 'set-policy' || act.op === 'issue-enrolment' || act.op === 'limit-store') return null
  const isKnown = data.find('user', act.user)?.fields.credential !== undefined
  if (act.op === 'delete-user') return isKnown ? null : unknownUser(`there is no user "${act.user}"`)
  if (!isKnown && act.verifier === undefined) {
    return unknownUser(`there is no user "${act.user}"; give a password to add one`)
  }
  const { policy = defaultUserPolicy.id } = act
  if (policy === defaultUserPolicy.id || data.find('user-policy', policy) !== undefined) return null
  const known = [...data.list('user-policy')].map(({ key }) => key)
  const text = `there is no user policy "${policy}"; there are: ${[...new Set([defaultUserPolicy.id, ...known])].join(', ')}`
  return { ok: false, code: 'unknown-policy', text }
}

function write(database: Database, act: Administration, wallMs: number): void {
  if (act.op === 'limit-store') {
    const most = act.pages === null ? 'its disk' : `${act.pages} pages`
    database.recordAct({ kind: 'store-limited', detail: most }, wallMs)
    return
  }
  if (act.op === 'issue-enrolment') {
    database.write(issuing(act.agent, act.tokenHash), wallMs)
    database.recordAct({ kind: 'enrolment-issued', agent: act.agent }, wallMs)
    return
  }
  if (act.op === 'set-policy') {
    const { policy, fields } = act
    database.write({ kind: 'user-policy', key: policy, fields }, wallMs)
    database.recordAct({ kind: 'policy-edited', detail: detail(policy, fields) }, wallMs)
    return
  }
  const { user } = act
  if (act.op === 'delete-user') {
    database.write({ kind: 'user', key: user, fields: null }, wallMs)
    database.recordAct({ kind: 'user-deleted', user }, wallMs)
    return
  }
  const { op: _op, user: _user, verifier, locked, ...given } = act
  const rest = locked === undefined ? given : { ...given, lockedUntilMs: 0 }
  const fields =
    verifier === undefined ? rest : { ...rest, credential: credentialAfter(database.ledger, user, verifier, wallMs) }
  database.write({ kind: 'user', key: user, fields }, wallMs)
  database.recordAct({ kind: 'user-edited', user, detail: detail('', fields) }, wallMs)
}

/** By the clock, so that two passwords given apart do not share a version: agents keep verifiers by it (OF4). */
function credentialAfter({ data }: Ledger, user: string, verifier: string, wallMs: number) {
  const { version } = data.find('user', user)?.fields.credential?.value ?? { version: 0 }
  return { verifier, version: Math.max(version + 1, Math.floor(wallMs)) }
}

function detail(name: string, fields: object): string {
  return `${name} ${Object.keys(fields).toSorted().join(', ')}`.trim()
}

function unknownUser(text: string): Refused {
  return { ok: false, code: 'unknown-user', text }
}
