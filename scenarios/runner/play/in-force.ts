/** What a play has put in force and has not ended yet: faults, and workstations that sleep. */
import { type Fault } from '../scenario.ts'

/** To be ended when the scenario ends by any way. */
export type InForce = Set<AsyncDisposable>

/** Puts `active` in force until it is healed, once, by whichever comes first: its block, the play or the end. */
export function putInForce(inForce: InForce, active: AsyncDisposable): Fault {
  inForce.add(active)
  const heal = async (): Promise<void> => {
    if (!inForce.delete(active)) return
    await active[Symbol.asyncDispose]()
  }
  return { heal, [Symbol.asyncDispose]: heal }
}
