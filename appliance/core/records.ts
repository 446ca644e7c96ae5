/**
 * What a front asks of its records, whichever role it serves for: on a database appliance the database in the same
 * process, on a service appliance its affinity database over the peer link (SV4).
 */
import { type Database } from './database.ts'
import { type ApplianceEffect, type Emit } from './events.ts'
import { type Replication } from './replication.ts'
import { type Instant } from '#shared/clock.ts'
import { type Answer, type Ask } from '#shared/wire/peer-link.schema.ts'

export type LocalOptions = {
  readonly database: Database
  readonly replication: Replication
  /** Does the enterprise have another database? */
  readonly hasOther: () => boolean
  readonly emit: Emit
}

export interface Records {
  /** Calls `done` once, now or in a later step. */
  ask(ask: Ask, now: Instant, done: (answer: Answer) => void): void
}

/** The records of a database appliance: a change is answered when it is known on how many databases it is (RP2). */
export function localRecords({ database, replication, hasOther, emit }: LocalOptions): Records {
  return {
    ask(ask, now, done) {
      const decided = database.decide(ask, now.wallMs)
      if (decided.kind === 'answer') {
        done(decided.answer)
        return
      }
      if (decided.kind === 'recorded') {
        replication.wait(decided.position, now.wireMs, () => done(decided.answer))
        return
      }
      const { user, state, paused, position } = decided
      replication.wait(position, now.wireMs, (replicated) => {
        if (replicated === 'one' && hasOther()) emit(acknowledgedByOne(ask, position))
        done({ outcome: 'session', user, state, ...(paused === undefined ? {} : { paused }), replicated })
      })
    },
  }
}

/** Names what would be lost with this database alone (RP3). */
function acknowledgedByOne(ask: Ask, position: number): ApplianceEffect {
  const session = 'session' in ask ? ask.session : undefined
  const text = `session ${session} is acknowledged by this database alone, at position ${position}`
  return {
    type: 'note',
    kind: 'acknowledged.one',
    level: 'info',
    rules: ['RP2', 'RP3'],
    text,
    data: { session, position },
  }
}
