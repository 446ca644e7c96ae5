/** Mutants that only faults bring to light: each in one schedule of the torture, with a seed that is known to meet it. */
import { describe, expect, it, onTestFailed } from 'vitest'
import { playMutant, type Said } from './play-mutant.fixture.ts'

const seconds = 12
const mutants: readonly (readonly [title: string, file: string, schedule: number])[] = [
  // Killed while it is cut off: what its peer holds too would come back from there.
  ['[RP2] a database that answers before it commits, and is killed', 'ack-before-commit', 39],
  ['[RP3] a database that says "both" before the other has it', 'ack-before-replication', 1],
  ['[SE1] a merge that overwrites what has ended', 'ended-overwritten', 1],
  // Twenty of its agents lose the answer to an upload that was kept, where most schedules have a handful or none.
  ['[OF5] an agent that numbers anew what it uploads again', 'audit-numbered-anew', 16],
]

/** Tortures the mutant by one schedule and returns what its checker says. */
async function torture(name: string, schedule: number): Promise<string | undefined> {
  const words = ['torture', '--schedule', String(schedule), '--seconds', String(seconds)]
  const { mutant, document: printed, log } = await playMutant(name, () => words)
  onTestFailed(() => console.error(log))
  const document = printed as { readonly schedules: readonly { readonly checkers: readonly Said[] }[] }
  return document.schedules[0]?.checkers.find((said) => said.name === mutant.checker)?.verdict
}

describe('the torture catches', () => {
  it.each(mutants)('%s', async (_, name, schedule) => {
    expect(await torture(name, schedule)).toBe('broken')
  })
})
