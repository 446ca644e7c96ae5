/**
 * What a front asks of its records, whichever role it serves for: on a database appliance the database in the same
 * process, on a service appliance its affinity database over the peer link (SV4).
 */
import { type Database } from './database.ts'
import { type Replication } from './replication.ts'
import { type Instant } from '#shared/clock.ts'
import { type Answer, type Ask } from '#shared/wire/peer-link.schema.ts'

export interface Records {
  /** Calls `done` once, now or in a later step. */
  ask(ask: Ask, now: Instant, done: (answer: Answer) => void): void
}

/** The records of a database appliance: a change is answered when it is known on how many databases it is. */
export function localRecords(database: Database, replication: Replication): Records {
  return {
    ask(ask, now, done) {
      const decided = database.decide(ask, now.wallMs)
      if (decided.kind === 'answer') {
        done(decided.answer)
        return
      }
      const { user, state, paused, position } = decided
      replication.wait(position, now.wireMs, (replicated) =>
        done({ outcome: 'session', user, state, ...(paused === undefined ? {} : { paused }), replicated }),
      )
    },
  }
}
