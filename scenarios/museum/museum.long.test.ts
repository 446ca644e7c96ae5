import { describe, it } from 'vitest'
import { playMutant, type Said } from './play-mutant.fixture.ts'

const mutants: readonly (readonly [title: string, file: string])[] = [
  ['[SP3] the last resort dialled again', 'last-resort-again'],
  ['[SP4] failover taken to work both ways', 'failover-is-mutual'],
  ['[SP10] the failover site left out', 'no-primary-stage'],
  ['[FB1] a new session over the link to the failover site', 'new-session-takes-the-link'],
  ['[PN2] a pin that never ends', 'pin-for-ever'],
  ['[BD3] sessions that follow another one home', 'all-rejoin'],
  ['[BT5] a topology in use as it arrives', 'received-is-used'],
  ['[FB4] a thin client that hurries home', 'timer-in-a-hurry'],
]

/** Runs the mutant's scenario and returns what its checkers say. */
async function run(
  name: string,
): Promise<{ readonly expected: string; readonly checkers: readonly Said[]; readonly log: string }> {
  const { mutant, document: printed, log } = await playMutant(name, ({ scenario }) => ['run', scenario])
  const document = printed as { readonly scenarios: readonly { readonly checkers: readonly Said[] }[] }
  return { expected: mutant.checker, checkers: document.scenarios[0]?.checkers ?? [], log }
}

/** Most of a run is waiting, so two labs share the machine; more of them would make its processes late. */
const labsAtOnce = 2
const waiting: (() => void)[] = []
let running = 0

async function inTurn<Value>(act: () => Promise<Value>): Promise<Value> {
  if (running === labsAtOnce) await new Promise<void>((go) => waiting.push(go))
  else running += 1
  try {
    return await act()
  } finally {
    const next = waiting.shift()
    if (next === undefined) running -= 1
    else next()
  }
}

describe.concurrent('a mutant is seen by its checker and by no other', () => {
  it.for(mutants)('%s', { timeout: 600_000 }, async ([, name], { expect, onTestFailed }) => {
    const { expected, checkers, log } = await inTurn(async () => await run(name))
    onTestFailed(() => console.error(log))
    const verdicts = Object.fromEntries(checkers.map((said) => [said.name, said.verdict]))
    const others = checkers.filter((said) => said.name !== expected).map((said) => [said.name, 'holds'])
    expect(verdicts).toEqual({ ...Object.fromEntries(others), [expected]: 'broken' })
  })
})
