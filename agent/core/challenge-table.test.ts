import { describe, expect, it } from 'vitest'
import { type Script, script, sessionOf } from './agent-script.contract.ts'
import { assert } from '#shared/assert.ts'
import { type SessionId } from '#shared/ids.ts'
import { type ComingOnline, defaultUserPolicy, effectivePolicy } from '#shared/policy/policy.ts'
import { sampleNetwork, sampleTopology } from '#shared/topology/sample.contract.ts'

const minute = 60_000
const graceMinutes = 10

const homeHosts = ['h1.test', 'h2.test'] as const
const awayHosts = ['a1.test'] as const

type Transition = 'in-site' | 'cross-site' | 'offline-to-online'
type Row = {
  readonly mode: 'always' | 'grace'
  /** Elapsed since the last message of the lost appliance, against the grace period. */
  readonly elapsed: 'before' | 'at' | 'after'
  readonly transition: Transition
  readonly policy: 'user' | 'computer'
  readonly seamless: 'on' | 'off'
  readonly way: 'in place' | 'fail-back by unlock'
}

const elapsedMs = {
  before: graceMinutes * minute - 1,
  at: graceMinutes * minute,
  after: graceMinutes * minute + 1,
} as const
const modes: Record<Row['mode'], ComingOnline> = {
  always: { mode: 'always' },
  grace: { mode: 'grace', minutes: graceMinutes },
}

/** The effective policy; with `computer` the user policy says the contrary and is overridden (CH5). */
function policyOf({ mode, policy }: Row) {
  const other = modes[mode === 'always' ? 'grace' : 'always']
  const user = { ...defaultUserPolicy, challengeComingOnline: policy === 'user' ? modes[mode] : other }
  return effectivePolicy(user, policy === 'user' ? undefined : { id: 'ward', challengeComingOnline: modes[mode] })
}

type Played = { readonly agent: Script; readonly session: SessionId; readonly lostToResumeMs: number }

/** Plays the row's transition; the lost appliance was last heard `heardAgoMs` before the loss. */
function play(row: Row, heardAgoMs: number): Played {
  const topology = sampleTopology(
    [
      { id: 'home', ranges: ['10.1.0.0/16'], appliances: ['h1', 'h2'], primary: 'away' },
      { id: 'away', ranges: ['10.2.0.0/16'], appliances: ['a1'] },
    ],
    1,
    { seamlessFailover: row.seamless === 'on' },
  )
  const network = sampleNetwork(['10.1.0.9'])
  const agent = script({ topology, network, primServer: 'h1.test', cached: true, policy: policyOf(row) })
  agent.start()
  const session = sessionOf(agent.login('alice'))
  if (row.way === 'fail-back by unlock') agent.lock(session)
  const serving = `${agent.status().sessions[0]?.binding?.appliance}.test`
  agent.heardAgo(heardAgoMs)
  const lostAtMs = agent.now()
  if (row.transition === 'in-site') agent.lose(serving)
  if (row.transition === 'cross-site') agent.lose(...homeHosts)
  if (row.transition === 'offline-to-online') {
    agent.lose(...homeHosts, ...awayHosts)
    agent.behave('serves', ...homeHosts)
    agent.login('bob')
  }
  const resume = agent.log.sent.find(({ message }) => message.type === 'resume')
  assert(resume !== undefined, 'the session was resumed')
  return { agent, session, lostToResumeMs: resume.atMs - lostAtMs }
}

/** Plays it twice: the first time to learn how long the way takes, the second with the elapsed time of the row. */
function playRow(row: Row): Played {
  const { lostToResumeMs } = play(row, 0)
  return play(row, elapsedMs[row.elapsed] - lostToResumeMs)
}

/** CH1, CH2, LO3 and LO4 in words: what the table expects. */
const byMode = {
  always: { before: true, at: true, after: true },
  grace: { before: false, at: false, after: true },
} as const
const comesOnline = {
  'in-site': { on: false, off: true },
  'cross-site': { on: true, off: true },
  'offline-to-online': { on: true, off: true },
} as const

const rows: Row[] = []
for (const mode of ['always', 'grace'] as const)
  for (const elapsed of ['before', 'at', 'after'] as const)
    for (const transition of ['in-site', 'cross-site', 'offline-to-online'] as const)
      for (const policy of ['user', 'computer'] as const)
        for (const seamless of ['on', 'off'] as const)
          for (const way of ['in place', 'fail-back by unlock'] as const)
            rows.push({ mode, elapsed, transition, policy, seamless, way })

describe('[CH1, CH2, CH5, LO3, LO4] who comes online must prove identity again', () => {
  const inPlace = rows.filter(({ way }) => way === 'in place')
  it.each(inPlace)(
    '[CH1, CH2, CH5, LO4] $mode, $elapsed the grace, $transition, $policy policy, seamless $seamless',
    (row) => {
      const { agent } = playRow(row)
      const challenged = comesOnline[row.transition][row.seamless] && byMode[row.mode][row.elapsed]
      const [status] = agent.status().sessions
      expect(status).toMatchObject(challenged ? { state: 'paused', paused: 'coming-online' } : { state: 'active' })
      expect(status?.binding).not.toBeNull()
      expect(agent.status().online).toBe(true)
    },
  )
})

describe('[FB3] an unlock satisfies any coming-online challenge', () => {
  const byUnlock = rows.filter(({ way }) => way === 'fail-back by unlock')
  it.each(byUnlock)('[FB3] $mode, $elapsed the grace, $transition, $policy policy, seamless $seamless', (row) => {
    const { agent, session } = playRow(row)
    expect(agent.status().sessions[0]?.state).toBe('locked')
    agent.behave('serves', ...homeHosts)
    expect(agent.unlock(session)).toMatchObject({ state: 'active', binding: { stage: 'home', site: 'home' } })
  })
})

it('has every row of the table once', () => {
  expect(rows).toHaveLength(2 * 3 * 3 * 2 * 2 * 2)
})
