import { describe, expect, it } from 'vitest'
import { type Decision, type SessionStatus } from '#shared/decision.ts'
import { AgentId, ApplianceId, Endpoint, SessionId, SiteId, UserName } from '#shared/ids.ts'
import { type HistoryEvent } from './history.ts'
import { decisionText, sessionPlace, stampOf, timeline } from './timeline.ts'

const agent = AgentId('ws-1')
const decision: Decision = {
  number: 7,
  agent,
  profile: 'windows',
  purpose: 'failover',
  sessions: [SessionId('s-1')],
  beganAtMs: 1_000,
  endedAtMs: 1_412.4,
  home: { site: SiteId('site-1'), by: 'range', address: '10.0.0.1', range: '10.0.0.0-10.0.0.9' },
  epoch: 3,
  candidates: [
    {
      appliance: ApplianceId('one'),
      site: SiteId('site-1'),
      endpoint: Endpoint('10.0.0.2', 443),
      stage: 'home',
      outcome: 'timed-out',
      detail: '400 ms',
      ms: 400.6,
    },
    {
      appliance: null,
      site: null,
      endpoint: Endpoint('10.9.9.9', 443),
      stage: 'last-resort',
      outcome: 'skipped',
      ms: 0,
    },
  ],
  outcome: 'exhausted',
  appliance: null,
  stage: null,
  rules: ['LO1', 'SP3'],
  reason: 'nothing answers',
}

describe('a stamp', () => {
  it.each([
    [0, 60, '   0.00 s      (0:00)'],
    [3_456, 60, '   3.46 s      (3:27)'],
    [65_000, 900, '  65.00 s  (16:15:00)'],
    [65_000, 1, '  65.00 s'],
  ])('of %d ms at scale %d is "%s"', (ms, timeScale, text) => {
    expect(stampOf(50_000 + ms, { beganAt: 50_000, timeScale })).toBe(text)
  })

  it('before the beginning is zero', () => {
    expect(stampOf(49_000, { beganAt: 50_000, timeScale: 1 })).toBe('   0.00 s')
  })
})

describe('a timeline', () => {
  const at = 1_000
  const scale = { beganAt: 0, timeScale: 1 }
  const answered = { at, type: 'answered', ask: 1, agent } as const
  const lines: readonly (readonly [HistoryEvent, string | null])[] = [
    [{ at, type: 'told', text: 'Dallas is dark' }, '— Dallas is dark'],
    [
      { at, type: 'asked', ask: 1, agent, operation: 'login', session: null, user: 'alice' },
      'ws-1: login of alice is asked for',
    ],
    [{ at, type: 'asked', ask: 1, agent, operation: 'lock', session: null, user: null }, 'ws-1: lock is asked for'],
    [
      {
        ...answered,
        answer: { outcome: 'failed', code: 'offline.never-here', text: 'no appliance answers', decision: 1 },
      },
      'ws-1: failed, no appliance answers (offline.never-here)',
    ],
    [
      {
        ...answered,
        answer: {
          outcome: 'accepted',
          session: SessionId('s-1'),
          state: 'active',
          binding: { appliance: ApplianceId('one'), site: SiteId('site-1'), stage: 'home', temporary: false },
          replicated: 'both',
          decision: 1,
        },
      },
      'ws-1: accepted, session s-1 is active at one of site-1, replicated: both',
    ],
    [{ at, type: 'pass.ended', agent, decision }, 'ws-1: nothing answers [LO1 SP3]'],
    [{ at, type: 'appliance.serving', appliance: ApplianceId('one') }, 'one serves'],
    [
      { at, type: 'appliance.advises', appliance: ApplianceId('one'), advice: ['add a second database'] },
      'one advises: add a second database',
    ],
    [
      { at, type: 'appliance.not-serving', appliance: ApplianceId('one'), cause: 'killed' },
      'one is unavailable: killed',
    ],
    [
      { at, type: 'link.cut', from: null, endpoint: Endpoint('10.0.0.2', 443), fault: 'silence' },
      'link from agents without a home site to 10.0.0.2:443: silence',
    ],
    [
      { at, type: 'link.healed', from: SiteId('site-1'), endpoint: Endpoint('10.0.0.2', 443) },
      'link from agents of site-1 to 10.0.0.2:443: healed',
    ],
    [{ at, type: 'agent.slept', agent }, 'ws-1 falls asleep'],
    [{ at, type: 'agent.woke', agent }, 'ws-1 wakes'],
    [{ at, type: 'socket.connected', agent, socket: 1 }, null],
    [{ at, type: 'pass.began', agent, number: 1, purpose: 'login' }, null],
  ]

  for (const [event, text] of lines) {
    it(`says of ${event.type}: ${text ?? 'nothing'}`, () => {
      expect(timeline(scale)(event)).toEqual(text === null ? [] : [`   1.00 s  ${text}`])
    })
  }
})

it('says of a status which sessions have been paused since the one before', () => {
  const session = (id: string, state: 'active' | 'paused'): SessionStatus => ({
    session: SessionId(id),
    user: UserName('alice'),
    state,
    binding: null,
    moving: false,
    ...(state === 'paused' ? { paused: 'coming-online' } : {}),
  })
  const linesOf = timeline({ beganAt: 0, timeScale: 1 })
  const said = (...sessions: readonly SessionStatus[]) =>
    linesOf({
      at: 1_000,
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
  const line = '   1.00 s  ws-1: the session of alice is paused, coming-online'
  expect(said(session('s-1', 'active'))).toEqual([])
  expect(said(session('s-1', 'paused'))).toEqual([line])
  expect(said(session('s-1', 'paused'), session('s-2', 'paused'))).toEqual([line])
  expect(said(session('s-1', 'active'))).toEqual([])
  expect(said(session('s-1', 'paused'))).toEqual([line])
})

describe('a decision', () => {
  it('[FB4] names a profile that is not the default, and no topology where there is none', () => {
    const [, timer] = decisionText({ ...decision, profile: 'timer' }).split('\n')
    expect(timer).toContain('; profile timer; topology epoch 3; home site-1')
    expect(decisionText({ ...decision, profile: 'list' }).split('\n')[1]).toBe(
      '    rules LO1, SP3; profile list, no topology',
    )
  })

  it('[SP9] is told with its home, its epoch, its rules and each candidate', () => {
    expect(decisionText(decision)).toBe(
      [
        '  ws-1 #7, failover, exhausted in 412 ms: nothing answers',
        '    rules LO1, SP3; topology epoch 3; home site-1: 10.0.0.1 is in 10.0.0.0-10.0.0.9',
        '    home: one (10.0.0.2:443) of site-1: timed-out, 400 ms after 401 ms',
        '    last-resort: 10.9.9.9:443: skipped after 0 ms',
      ].join('\n'),
    )
  })

  it('[SP9] names the route that made the home, or that there is none', () => {
    const byRoute = { site: SiteId('site-1'), by: 'route', route: '10.0.0.5/32', range: '10.0.0.0-10.0.0.9' } as const
    expect(decisionText({ ...decision, home: byRoute })).toContain(
      'home site-1: route 10.0.0.5/32 touches 10.0.0.0-10.0.0.9',
    )
    expect(decisionText({ ...decision, home: { site: null, by: 'none' } })).toContain('no home site')
  })
})

describe('the place of a session', () => {
  const session: SessionStatus = {
    session: SessionId('s-1'),
    user: UserName('alice'),
    state: 'paused',
    binding: { appliance: ApplianceId('one'), site: SiteId('site-3'), stage: 'last-resort', temporary: true },
    moving: false,
  }
  it.each([
    [session, 'one of site-3 (last-resort, temporary), paused'],
    [
      { ...session, paused: 'coming-online' as const },
      'one of site-3 (last-resort, temporary), paused (coming-online)',
    ],
    [{ ...session, binding: null }, 'nothing (offline), paused'],
    [
      { ...session, binding: null, state: 'active' as const, offline: true as const },
      'nothing (started offline), active',
    ],
    [{ ...session, binding: null, moving: true }, 'no appliance yet (moving), paused'],
  ])('is told', (status, text) => {
    expect(sessionPlace(status)).toBe(text)
  })
})
