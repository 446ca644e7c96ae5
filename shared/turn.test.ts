import { describe, expect, test } from 'vitest'
import { type Instant } from '#shared/clock.ts'
import { turnLoop } from '#shared/turn.ts'

const now: Instant = { wireMs: 0, policyMs: 0, wallMs: 0 }

/** A loop whose every event `n` gives the effects `n-a` and `n-b`; the trace tells what ran in which order. */
function traced(eventsMax = 100) {
  const trace: string[] = []
  const scheduled: (() => void)[] = []
  const loop = turnLoop<string, string>({
    clock: { now: () => now },
    step: (event) => {
      trace.push(`step ${event}`)
      return event === 'quiet' ? [] : [`${event}-a`, `${event}-b`]
    },
    commit: (effects) => trace.push(`commit ${effects.join(' ')}`),
    perform: (effect) => {
      trace.push(`perform ${effect}`)
      if (effect === 'again-a') loop.push('more')
    },
    schedule: (turn) => scheduled.push(turn),
    eventsMax,
  })
  return { trace, scheduled, loop, turn: () => scheduled.shift()?.() }
}

describe('turn loop', () => {
  test('a turn drains all events, makes one commit, then performs in order', () => {
    const { trace, loop, turn } = traced()
    loop.push('1')
    loop.push('2')
    expect(trace).toEqual([])
    expect(loop.waiting).toBe(2)
    turn()
    expect(trace).toEqual([
      'step 1',
      'step 2',
      'commit 1-a 1-b 2-a 2-b',
      'perform 1-a',
      'perform 1-b',
      'perform 2-a',
      'perform 2-b',
    ])
    expect(loop.waiting).toBe(0)
  })

  test('one turn is scheduled for many events, and another for what comes while one runs', () => {
    const { trace, scheduled, loop, turn } = traced()
    loop.push('again')
    loop.push('2')
    expect(scheduled).toHaveLength(1)
    turn()
    expect(trace).not.toContain('step more')
    expect(scheduled).toHaveLength(1)
    turn()
    expect(trace).toContain('step more')
    expect(scheduled).toHaveLength(0)
  })

  test('what finishes a turn sees all its effects, is in the same commit and is performed last', () => {
    const trace: string[] = []
    const scheduled: (() => void)[] = []
    const loop = turnLoop<string, string>({
      clock: { now: () => now },
      step: (event) => (event === 'quiet' ? [] : [event]),
      finish: (effects) => [`after ${effects.length}`],
      commit: (effects) => trace.push(`commit ${effects.join(', ')}`),
      perform: (effect) => trace.push(effect),
      schedule: (turn) => scheduled.push(turn),
      eventsMax: 10,
    })
    loop.push('1')
    loop.push('2')
    scheduled.shift()?.()
    expect(trace).toEqual(['commit 1, 2, after 2', '1', '2', 'after 2'])
    loop.push('quiet')
    scheduled.shift()?.()
    expect(trace).toHaveLength(4)
  })

  test('a turn without effects commits nothing', () => {
    const { trace, loop, turn } = traced()
    loop.push('quiet')
    turn()
    expect(trace).toEqual(['step quiet'])
  })

  test('nothing is performed when the commit fails', () => {
    const performed: string[] = []
    let turn = (): void => {}
    const loop = turnLoop<string, string>({
      clock: { now: () => now },
      step: (event) => [event],
      commit: () => {
        throw new Error('disk full')
      },
      perform: (effect) => performed.push(effect),
      schedule: (run) => {
        turn = run
      },
      eventsMax: 1,
    })
    loop.push('1')
    expect(turn).toThrow('disk full')
    expect(performed).toEqual([])
  })

  test('more waiting events than the bound are a defect', () => {
    const { loop } = traced(1)
    loop.push('1')
    expect(() => loop.push('2')).toThrow('a shell stops reading')
  })
})
