import { describe, expect, it } from 'vitest'
import { type SessionStatus } from '#shared/decision.ts'
import { AgentId, SessionId, UserName } from '#shared/ids.ts'
import { type HistoryEvent } from './history.ts'
import { pausesOf, pauseText } from './pauses.ts'

const agent = AgentId('ws-1')

const session = (id: string, words: Partial<SessionStatus> = {}): SessionStatus => ({
  session: SessionId(id),
  user: UserName('alice'),
  state: 'active',
  binding: null,
  moving: false,
  ...words,
})
const paused = (id: string, words: Partial<SessionStatus> = {}): SessionStatus =>
  session(id, { state: 'paused', paused: 'coming-online', ...words })

const status = (at: number, ...sessions: readonly SessionStatus[]): HistoryEvent => ({
  at,
  type: 'status',
  agent,
  status: {
    agent,
    profile: 'windows',
    online: true,
    home: { site: null, by: 'none' },
    topology: { inUse: 1, received: 1 },
    pin: null,
    links: [],
    sessions,
    passes: [],
  },
})

describe('[CH3] the pauses of a history', () => {
  it.each<readonly [string, readonly HistoryEvent[], readonly string[]]>([
    ['none where nobody was paused', [status(1, session('s-1'))], []],
    [
      'one that its own user answered, told once however often it is seen',
      [
        status(1_000, session('s-1')),
        status(2_000, paused('s-1', { pausedWhy: 'it was offline, 11 min after the last contact' })),
        status(3_000, paused('s-1')),
        status(4_500, session('s-1', { answeredBy: UserName('alice') })),
        status(5_000, session('s-1', { answeredBy: UserName('alice') })),
      ],
      [
        '  ws-1, the session of alice (s-1) was paused: it came online (it was offline, 11 min after the last contact)',
        '    alice answered after 2.5 s of real time',
      ],
    ],
    [
      'one that another user answered',
      [
        status(1_000, paused('s-1', { paused: 'inactivity' })),
        status(2_000, session('s-1', { answeredBy: UserName('bob') })),
      ],
      [
        '  ws-1, the session of alice (s-1) was paused: nobody was active',
        '    bob, another user, answered after 1.0 s of real time',
      ],
    ],
    [
      'one that is open, one that ended, one that its appliance ended',
      [
        status(
          1_000,
          paused('s-1', { paused: 'interval' }),
          paused('s-2', { paused: 'unknown-session' }),
          paused('s-3'),
        ),
        status(2_000, paused('s-1', { paused: 'interval' }), session('s-3')),
      ],
      [
        '  ws-1, the session of alice (s-1) was paused: the interval was over',
        '    it is paused still',
        '  ws-1, the session of alice (s-2) was paused: its appliance does not know it, its user must log in there',
        '    the session ended after 1.0 s of real time, unanswered',
        '  ws-1, the session of alice (s-3) was paused: it came online',
        '    its appliance let it go on after 1.0 s of real time',
      ],
    ],
    [
      'one that its agent took with it, and the next of the same session',
      [
        status(1_000, paused('s-1')),
        { at: 1_500, type: 'agent.stopped', agent: AgentId('ws-2') },
        { at: 2_000, type: 'agent.stopped', agent },
        status(3_000, paused('s-1')),
      ],
      [
        '  ws-1, the session of alice (s-1) was paused: it came online',
        '    the agent stopped after 1.0 s of real time',
        '  ws-1, the session of alice (s-1) was paused: it came online',
        '    it is paused still',
      ],
    ],
  ])('%s', (_, events, lines) => {
    expect(pausesOf(events).flatMap((pause) => pauseText(pause).split('\n'))).toEqual(lines)
  })
})
