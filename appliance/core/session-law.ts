/**
 * What becomes of a session when a front asks for a change, and what is refused. A change names the appliance that serves
 * the session. `ended` is final (SE1).
 */
import { assertNever } from '#shared/assert.ts'
import { mergeTickets } from './merge.ts'
import { type Ask, type SessionRecord } from '#shared/wire/peer-link.schema.ts'

type Opening = Extract<Ask, { op: 'open-session' }>
type Adopting = Extract<Ask, { op: 'adopt-session' }>
type Changing = Extract<Ask, { op: 'change-session' }>
/** What a front asks of a session. */
export type SessionAsk = Opening | Adopting | Changing
/** A session before the database dates it. */
export type Draft = Omit<SessionRecord, 'stamp' | 'made'>
export type Ruling =
  | { readonly kind: 'becomes'; readonly draft: Draft }
  | { readonly kind: 'refused'; readonly reason: 'wrong-user' | 'unknown-session' | 'session-ended' }

/** `known`: the session of that id, if there is one. */
export function rule(ask: SessionAsk, known: SessionRecord | undefined): Ruling {
  switch (ask.op) {
    case 'open-session':
      return ruleOpening(ask, known)
    case 'adopt-session':
      return ruleAdoption(ask, known)
    case 'change-session':
      return ruleChange(ask, known)
    default:
      return assertNever(ask)
  }
}

function ruleOpening(ask: Opening, known: SessionRecord | undefined): Ruling {
  const { session, user, agent, appliance } = ask
  if (known?.state === 'ended') return refused('session-ended')
  if (known !== undefined && (known.user !== user || known.agent !== agent)) return refused('wrong-user')
  const tickets = mergeTickets(known?.tickets ?? [], [ask.ticketHash])
  return becomes({ session, user, agent, appliance, state: 'active', tickets })
}

/** The agent has looked at the password; whether it may be believed was decided by the front (OF6). */
function ruleAdoption(ask: Adopting, known: SessionRecord | undefined): Ruling {
  const { session, user, agent, appliance, paused } = ask
  if (known !== undefined && (known.user !== user || known.agent !== agent)) return refused('wrong-user')
  if (known?.state === 'ended' && ask.state !== 'ended') return refused('session-ended')
  const tickets = mergeTickets(known?.tickets ?? [], [ask.ticketHash])
  const isPaused = paused !== undefined && ask.state === 'active'
  const state = isPaused ? 'paused' : ask.state
  return becomes({ session, user, agent, appliance, state, tickets, ...(isPaused ? { paused } : {}) })
}

function ruleChange(ask: Changing, known: SessionRecord | undefined): Ruling {
  // To a stranger, one without the ticket, the session does not exist.
  if (known === undefined || known.agent !== ask.agent || !known.tickets.includes(ask.ticketHash)) {
    return refused('unknown-session')
  }
  if (known.state === 'ended') {
    // A logout asked again, because its answer was lost, is answered as the first time.
    return ask.change === 'end' ? becomes(known) : refused('session-ended')
  }
  const { appliance } = ask
  if (ask.change === 'unlock' && known.user !== ask.user) return ruleAnother(known, appliance)
  const { paused: _paused, ...rest } = known
  const state = stateAfter(ask, known.state)
  const cause = ask.paused ?? known.paused
  const paused = state === 'paused' && cause !== undefined ? { paused: cause } : {}
  return becomes({ ...rest, ...paused, appliance, state })
}

/**
 * Another user's right password at a session: any user may answer an inactivity challenge; at another challenge it is
 * another user's login, which ends the session (CH4). A session that is not paused is not touched.
 */
function ruleAnother(known: SessionRecord, appliance: string): Ruling {
  if (known.state !== 'paused') return refused('wrong-user')
  const { paused, ...rest } = known
  return becomes({ ...rest, appliance, state: paused === 'inactivity' ? 'active' : 'ended' })
}

/** `serve` says only where the session is now. A paused session is not locked on top: its own user comes back to it. */
function stateAfter({ change, paused }: Changing, state: SessionRecord['state']): SessionRecord['state'] {
  switch (change) {
    case 'lock':
      return state === 'paused' ? 'paused' : 'locked'
    case 'unlock':
      return 'active'
    case 'end':
      return 'ended'
    case 'serve':
      return paused !== undefined && state === 'active' ? 'paused' : state
    case 'pause':
      return 'paused'
    default:
      return assertNever(change)
  }
}

function becomes(draft: Draft): Ruling {
  return { kind: 'becomes', draft }
}

function refused(reason: Extract<Ruling, { kind: 'refused' }>['reason']): Ruling {
  return { kind: 'refused', reason }
}
