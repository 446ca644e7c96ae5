import { describe, expect, it } from 'vitest'
import { type Checker, type History } from '../history.ts'
import { movesOnlyOnLoss } from './moves-only-on-loss.ts'
import { newSessionsGoHome } from './new-sessions-go-home.ts'
import { noEndpointTwice } from './no-endpoint-twice.ts'
import { noStageSkipped } from './no-stage-skipped.ts'
import { notTransitive } from './not-transitive.ts'
import { pinWindow } from './pin-window.ts'
import { receivedNotUsedEarly } from './received-not-used-early.ts'
import {
  agent,
  allServing,
  cut,
  dial,
  edited,
  healed,
  historyOf,
  installedAs,
  login,
  lost,
  pass,
  restarted,
  serving,
  session,
  status,
  topology,
  unlock,
} from './small-history.fixture.ts'

type Case = readonly [title: string, said: 'holds' | 'broken' | 'unknown', checked: number, history: History]

/** `checked` of an `unknown` is not compared. */
function judged(checker: Checker, { events, ...rest }: History): readonly [string, number] {
  const verdict = checker.check({ ...rest, events })
  return [verdict.verdict, verdict.verdict === 'unknown' ? 0 : verdict.checked]
}

const idle = [...allServing(0), ...status(1)]

describe('no-endpoint-twice', () => {
  it.each<Case>([
    [
      '[SP3] two endpoints in a pass',
      'holds',
      1,
      historyOf(pass(1, 'login', 100, 200, { found: 'dallas-2' }), dial(110, 'dallas-1', 120), dial(130, 'dallas-2')),
    ],
    [
      '[SP3] one endpoint twice in a pass',
      'broken',
      1,
      historyOf(pass(1, 'login', 100, 200), dial(110, 'dallas-1', 120), dial(150, 'dallas-1', 160)),
    ],
    [
      '[SP3] the same endpoint in the next pass',
      'holds',
      0,
      historyOf(
        pass(1, 'login', 100, 200),
        pass(2, 'login', 300, 400),
        dial(110, 'dallas-1', 120),
        dial(350, 'dallas-1', 360),
      ),
    ],
    [
      '[SP3] one dial each of two passes at once',
      'holds',
      2,
      historyOf(
        pass(1, 'login', 100, 200),
        pass(2, 'failover', 150, 400),
        dial(160, 'dallas-1', 165),
        dial(180, 'dallas-1', 190),
      ),
    ],
    [
      '[SP3] three dials of two passes at once',
      'broken',
      2,
      historyOf(
        pass(1, 'login', 100, 200),
        pass(2, 'failover', 150, 400),
        dial(160, 'dallas-1', 165),
        dial(180, 'dallas-1', 190),
        dial(195, 'dallas-1', 196),
      ),
    ],
    [
      '[LO1] the lost appliance once more in a failover pass',
      'holds',
      1,
      historyOf(
        dial(1, 'dallas-1', 99),
        pass(1, 'online', 0, 10),
        pass(2, 'failover', 100, 200),
        dial(110, 'dallas-2', 120),
        dial(130, 'dallas-1'),
      ),
    ],
    [
      '[SP3] a number used anew after a restart',
      'holds',
      0,
      historyOf(
        pass(1, 'login', 100, 200),
        dial(110, 'dallas-1', 120),
        restarted(300),
        pass(1, 'login', 400, 500),
        dial(410, 'dallas-1', 420),
      ),
    ],
    ['[SP3] no socket seen', 'unknown', 0, historyOf(pass(1, 'login', 100, 200))],
    [
      '[SP3] a fleet, whose sockets are not told apart',
      'holds',
      0,
      { ...historyOf(pass(1, 'login', 100, 200)), fleetAgents: new Set([agent]) },
    ],
    ['[SP3] no pass seen', 'unknown', 0, historyOf(idle)],
  ])('%s: %s', (_, said, checked, history) => expect(judged(noEndpointTwice, history)).toEqual([said, checked]))
})

describe('not-transitive', () => {
  const tour = (...ids: readonly string[]) => ids.flatMap((id, index) => dial(110 + index * 10, id, 115 + index * 10))
  it.each<Case>([
    [
      "[SP4] home, home's failover site, last resort",
      'holds',
      1,
      historyOf(idle, pass(1, 'login', 100, 200), tour('dallas-1', 'chicago-1', 'reno-1')),
    ],
    [
      "[SP4] the failover site's failover site",
      'broken',
      1,
      historyOf(idle, pass(1, 'login', 100, 200), tour('dallas-1', 'chicago-1', 'boston-1')),
    ],
    ['[SP4] a pass that stays at home', 'holds', 0, historyOf(idle, pass(1, 'login', 100, 200), tour('dallas-1'))],
    [
      '[SP4] the site that served',
      'holds',
      1,
      historyOf(idle, status(50, { bound: 'boston-1' }), pass(1, 'failover', 100, 200), tour('boston-1', 'dallas-1')),
    ],
    [
      '[SP4] the site that served, for a new session',
      'broken',
      1,
      historyOf(idle, status(50, { bound: 'boston-1' }), pass(1, 'login', 100, 200), tour('boston-1')),
    ],
    [
      '[SP4] a failover site that an edit has brought',
      'holds',
      1,
      historyOf(
        idle,
        edited(40, {
          ...topology,
          epoch: 2,
          sites: topology.sites.map((site) =>
            site.id === 'dallas' ? { ...site, failover: { primary: 'boston' as typeof site.id } } : site,
          ),
        }),
        status(50, { epochs: [1, 2] }),
        pass(1, 'login', 100, 200),
        status(101, { epochs: [2, 2] }),
        tour('dallas-1', 'boston-1'),
      ),
    ],
    ['[SP4] no socket seen', 'unknown', 0, historyOf(idle, pass(1, 'login', 100, 200))],
  ])('%s: %s', (_, said, checked, history) => expect(judged(notTransitive, history)).toEqual([said, checked]))
})

describe('no-stage-skipped', () => {
  const list = ['chicago-1', 'dallas-1', 'boston-1']
  it.each<Case>([
    [
      '[FB4] a list in the order written',
      'holds',
      1,
      installedAs(
        'list',
        list,
        historyOf(
          serving(0, 'dallas-1', 'boston-1'),
          status(1, { epochs: [0, 0] }),
          pass(1, 'login', 100, 200, { found: 'dallas-1' }),
          dial(110, 'chicago-1', 120),
          dial(130, 'dallas-1'),
        ),
      ),
    ],
    [
      '[FB4] a list out of order',
      'broken',
      1,
      installedAs(
        'list',
        list,
        historyOf(
          allServing(0),
          status(1, { epochs: [0, 0] }),
          pass(1, 'login', 100, 200, { found: 'dallas-1' }),
          dial(110, 'dallas-1'),
        ),
      ),
    ],
    [
      '[FB4] a timer move that finds nobody at home ends there',
      'holds',
      0,
      installedAs(
        'timer',
        [],
        historyOf(
          serving(0, 'chicago-1'),
          status(1),
          pass(1, 'timer', 100, 200),
          dial(110, 'dallas-1', 120),
          dial(130, 'dallas-2', 140),
        ),
      ),
    ],
    [
      '[FB4] and asks everybody there first',
      'broken',
      1,
      installedAs('timer', [], historyOf(idle, pass(1, 'timer', 100, 200), dial(110, 'dallas-1', 120))),
    ],
    [
      '[SP10] the failover site after the home site',
      'holds',
      1,
      historyOf(
        serving(0, 'chicago-1'),
        status(1),
        pass(1, 'login', 100, 200, { found: 'chicago-1' }),
        dial(110, 'dallas-1', 120),
        dial(130, 'chicago-1'),
      ),
    ],
    [
      '[SP10] the failover site instead of a home appliance',
      'broken',
      1,
      historyOf(
        idle,
        pass(1, 'login', 100, 200, { found: 'chicago-1' }),
        dial(110, 'dallas-1', 120),
        dial(130, 'chicago-1'),
      ),
    ],
    [
      '[SP1] the last resort instead of the failover site',
      'broken',
      1,
      historyOf(
        serving(0, 'chicago-1', 'reno-1'),
        status(1),
        pass(1, 'login', 100, 200, { found: 'reno-1' }),
        dial(110, 'dallas-1', 120),
        dial(150, 'reno-1'),
      ),
    ],
    [
      '[SP10] nothing, with a home appliance untried',
      'broken',
      1,
      historyOf(idle, pass(1, 'background', 100, 200), dial(110, 'dallas-1', 120)),
    ],
    [
      '[SP10] nothing, while a cut hides all',
      'holds',
      0,
      historyOf(
        idle,
        cut(50, 'dallas-1', 'dallas-2', 'chicago-1', 'chicago-2'),
        pass(1, 'background', 100, 200),
        dial(110, 'dallas-1', 120),
      ),
    ],
    [
      '[SP10] a home appliance that was healed during the pass',
      'holds',
      1,
      historyOf(
        idle,
        cut(50, 'dallas-2'),
        pass(1, 'login', 100, 200, { found: 'chicago-1' }),
        dial(110, 'dallas-1', 120),
        healed(125, 'dallas-2'),
        dial(130, 'chicago-1'),
      ),
    ],
    [
      '[SP10] a home appliance tried over an open link',
      'holds',
      1,
      historyOf(
        idle,
        dial(20, 'dallas-2', 2_000),
        pass(1, 'login', 100, 200, { found: 'chicago-1' }),
        dial(110, 'dallas-1', 120),
        dial(130, 'chicago-1'),
      ),
    ],
    [
      '[LO1] the serving site before the home site',
      'holds',
      1,
      historyOf(
        idle,
        status(50, { bound: 'chicago-1' }),
        pass(1, 'failover', 100, 200, { found: 'chicago-2' }),
        dial(110, 'chicago-2'),
      ),
    ],
    [
      '[LO1] the home site before the serving site',
      'broken',
      1,
      historyOf(
        idle,
        status(50, { bound: 'chicago-1' }),
        pass(1, 'failover', 100, 200, { found: 'dallas-1' }),
        dial(110, 'dallas-1'),
      ),
    ],
    [
      '[SP10] a serving site that is busy is left for home',
      'holds',
      1,
      historyOf(
        serving(0, 'chicago-1', 'chicago-2'),
        status(50, { bound: 'chicago-1' }),
        lost(99, 'chicago-1'),
        pass(1, 'failover', 100, 200, { found: 'dallas-1', tried: { 'chicago-2': 'busy' } }),
        dial(110, 'dallas-1'),
      ),
    ],
    [
      '[SP10] a dial that another pass at once may have made',
      'holds',
      2,
      historyOf(
        idle,
        status(50, { bound: 'chicago-1' }),
        pass(1, 'failover', 100, 300, { found: 'chicago-2' }),
        pass(2, 'login', 110, 290, { found: 'dallas-1' }),
        dial(120, 'chicago-2'),
        dial(130, 'dallas-1'),
      ),
    ],
    ['[SP10] no socket seen', 'unknown', 0, historyOf(idle, pass(1, 'login', 100, 200))],
  ])('%s: %s', (_, said, checked, history) => expect(judged(noStageSkipped, history)).toEqual([said, checked]))
})

describe('new-sessions-go-home', () => {
  it.each<Case>([
    ['[FB1] a session at home', 'holds', 1, historyOf(idle, login(1, 100, 200, 'dallas-1'))],
    [
      '[FB1] a session at the failover site while home serves',
      'broken',
      1,
      historyOf(idle, login(1, 100, 200, 'chicago-1')),
    ],
    ['[SP10] offline while home serves', 'broken', 1, historyOf(idle, login(1, 100, 200, null))],
    [
      '[FB1] the failover site while home is dark',
      'holds',
      0,
      historyOf(serving(0, 'chicago-1'), status(1), login(1, 100, 200, 'chicago-1')),
    ],
    [
      '[FB1] the failover site while home is cut off',
      'holds',
      0,
      historyOf(idle, cut(50, 'dallas-1', 'dallas-2'), login(1, 100, 200, 'chicago-1')),
    ],
    [
      '[FB1] the failover site after home is healed',
      'broken',
      1,
      historyOf(idle, cut(50, 'dallas-1', 'dallas-2'), healed(60, 'dallas-1'), login(1, 100, 200, 'chicago-1')),
    ],
    [
      '[FB1] home was lost within the login',
      'holds',
      0,
      historyOf(idle, lost(150, 'dallas-1', 'dallas-2'), login(1, 100, 200, 'chicago-1')),
    ],
    [
      '[FB1] home answered too late',
      'holds',
      1,
      historyOf(
        serving(0, 'dallas-1', 'chicago-1'),
        status(1),
        login(1, 100, 200, 'chicago-1', { tried: { 'dallas-1': 'timed-out' } }),
      ),
    ],
    ['[FB1] no status seen', 'unknown', 0, historyOf(login(1, 100, 200, 'chicago-1'))],
  ])('%s: %s', (_, said, checked, history) => expect(judged(newSessionsGoHome, history)).toEqual([said, checked]))
})

describe('pin-window', () => {
  const online = pass(1, 'online', 10, 20, { found: 'dallas-1' })
  it.each<Case>([
    [
      '[PN1] the pinned appliance within the window',
      'holds',
      1,
      historyOf(idle, online, login(2, 100, 200, 'dallas-1')),
    ],
    ['[PN1] another within the window', 'broken', 1, historyOf(idle, online, login(2, 100, 200, 'dallas-2'))],
    ['[PN1] the edge of the window', 'holds', 0, historyOf(idle, online, login(2, 100_000, 100_100, 'dallas-2'))],
    ['[PN2] another after the window', 'holds', 1, historyOf(idle, online, login(2, 100_100, 100_200, 'dallas-2'))],
    [
      '[PN2] the pinned one after the window',
      'broken',
      1,
      historyOf(idle, online, login(2, 100_100, 100_200, 'dallas-1')),
    ],
    [
      '[PN2] the pinned one after the window, with no other',
      'holds',
      0,
      historyOf(serving(0, 'dallas-1'), status(1), online, login(2, 100_100, 100_200, 'dallas-1')),
    ],
    [
      '[PN2] the answerer becomes the pin',
      'broken',
      2,
      historyOf(idle, online, login(2, 100_100, 100_200, 'dallas-2'), login(3, 101_000, 101_100, 'dallas-1')),
    ],
    [
      '[PN1] the window does not slide',
      'broken',
      2,
      historyOf(idle, online, login(2, 90_000, 90_100, 'dallas-1'), login(3, 110_000, 110_100, 'dallas-1')),
    ],
    [
      '[PN5] another while the pinned one is unavailable',
      'holds',
      0,
      historyOf(idle, online, lost(50, 'dallas-1'), login(2, 100, 200, 'dallas-2')),
    ],
    [
      '[PN1] the old pin after a disturbance is not certain',
      'holds',
      0,
      historyOf(idle, online, cut(50, 'dallas-1'), healed(60, 'dallas-1'), login(2, 100, 200, 'dallas-2')),
    ],
    [
      '[PN5] the fresh pin stays when the old one is back',
      'broken',
      1,
      historyOf(
        idle,
        online,
        lost(50, 'dallas-1'),
        login(2, 100, 200, 'dallas-2'),
        serving(500, 'dallas-1'),
        login(3, 5_000, 5_100, 'dallas-1'),
      ),
    ],
    [
      '[PN1] no pin after a restart',
      'holds',
      0,
      historyOf(idle, online, restarted(50), login(1, 100, 200, 'dallas-2')),
    ],
    [
      '[PN1] a login beside another is not judged',
      'holds',
      0,
      historyOf(idle, online, login(2, 100, 200, 'dallas-1'), login(3, 150, 250, 'dallas-2')),
    ],
    [
      '[PN5] the loss of another appliance leaves the pin alone',
      'broken',
      2,
      historyOf(
        idle,
        online,
        status(30, { bound: 'dallas-2', links: ['dallas-1', 'dallas-2'] }),
        login(2, 40, 50, 'dallas-1'),
        lost(60, 'dallas-2'),
        pass(3, 'failover', 70, 80, { found: 'dallas-1' }),
        status(81, { bound: 'dallas-1' }),
        serving(90, 'dallas-2'),
        login(4, 5_000, 5_100, 'dallas-2'),
      ),
    ],
    [
      '[PN1] no pass seen',
      'unknown',
      0,
      historyOf(
        idle,
        login(2, 100, 200, 'dallas-1').filter(({ type }) => !type.startsWith('pass')),
      ),
    ],
  ])('%s: %s', (_, said, checked, history) => expect(judged(pinWindow, history)).toEqual([said, checked]))
})

describe('moves-only-on-loss', () => {
  const settled = [...idle, ...status(100, { bound: 'dallas-1' })]
  const away = [...idle, ...status(100, { bound: 'chicago-1' })]
  it.each<Case>([
    [
      '[BD1] a session that stays while a pass finds another',
      'holds',
      1,
      historyOf(settled, pass(2, 'login', 200, 300, { found: 'dallas-2' }), status(301, { bound: 'dallas-1' })),
    ],
    ['[BD3] a session that moves', 'broken', 1, historyOf(settled, status(60_000, { bound: 'dallas-2' }))],
    ['[BD1] a session that is let go', 'broken', 1, historyOf(settled, status(60_000, { bound: null }))],
    [
      '[BD1] a lost appliance',
      'holds',
      1,
      historyOf(settled, lost(59_000, 'dallas-1'), status(60_000, { bound: 'dallas-2' })),
    ],
    [
      '[BD1] a cut link, noticed late',
      'holds',
      1,
      historyOf(
        settled,
        status(49_000, { bound: 'dallas-1' }),
        cut(50_000, 'dallas-1'),
        healed(55_000, 'dallas-1'),
        status(60_000, { bound: 'dallas-2' }),
      ),
    ],
    [
      '[BD1] a link that the appliance closed',
      'holds',
      1,
      historyOf(settled, dial(50, 'dallas-1', 59_990), status(60_000, { bound: 'dallas-2' })),
    ],
    [
      '[BD3] a link that the agent closed',
      'broken',
      1,
      historyOf(settled, dial(50, 'dallas-1', 59_990, 'local'), status(60_000, { bound: 'dallas-2' })),
    ],
    [
      '[BD3] a link that ended when it was left',
      'broken',
      1,
      historyOf(settled, dial(50, 'dallas-1', 60_002), status(60_000, { bound: 'dallas-2' })),
    ],
    [
      '[FB3] an unlock away from home',
      'holds',
      1,
      historyOf(away, unlock(2, 59_900, 60_001, 'dallas-1'), status(60_000, { bound: 'dallas-1' })),
    ],
    [
      '[FB3] an unlock at home',
      'broken',
      1,
      historyOf(settled, unlock(2, 59_900, 60_001, 'dallas-2'), status(60_000, { bound: 'dallas-2' })),
    ],
    ['[BD3] a return home by itself', 'broken', 1, historyOf(away, status(60_000, { bound: 'dallas-1' }))],
    [
      '[BD1] an appliance that answered nothing in time',
      'holds',
      2,
      historyOf(settled, login(2, 54_900, 60_000, 'dallas-2'), status(60_001, { bound: 'dallas-2' })),
    ],
    [
      '[BD1] a restarted agent',
      'holds',
      0,
      historyOf(settled, restarted(50_000), status(60_000, { bound: 'dallas-2' })),
    ],
    ['[BD1] no status seen', 'unknown', 0, historyOf(login(1, 100, 200, 'dallas-1'))],
    [
      '[FB4] a timer that goes home after failoverSiteTimeout',
      'holds',
      1,
      installedAs('timer', [], historyOf(away, status(300_100, { bound: 'dallas-1' }))),
    ],
    [
      '[FB4] a timer that goes home sooner',
      'broken',
      1,
      installedAs('timer', [], historyOf(away, status(299_000, { bound: 'dallas-1' }))),
    ],
    [
      '[FB4] a timer that was home meanwhile, and goes home too soon',
      'broken',
      3,
      installedAs(
        'timer',
        [],
        historyOf(
          away,
          lost(150_000, 'chicago-1'),
          status(150_001, { bound: 'dallas-1' }),
          lost(160_000, 'dallas-1'),
          status(160_001, { bound: 'chicago-2' }),
          status(310_000, { bound: 'dallas-2' }),
        ),
      ),
    ],
    [
      '[FB4] a timer that moves inside its home site',
      'broken',
      1,
      installedAs('timer', [], historyOf(settled, status(400_000, { bound: 'dallas-2' }))),
    ],
    [
      '[FB4] a timer that moves elsewhere than home',
      'broken',
      1,
      installedAs('timer', [], historyOf(away, status(400_000, { bound: 'chicago-2' }))),
    ],
    [
      '[FB4] a windows agent that goes home after that time',
      'broken',
      1,
      historyOf(away, status(400_000, { bound: 'dallas-1' })),
    ],
    [
      '[FB4] a list, whose unlock begins with its first address',
      'holds',
      1,
      installedAs(
        'list',
        ['dallas-2', 'dallas-1'],
        historyOf(settled, unlock(2, 59_900, 60_001, 'dallas-2'), status(60_000, { bound: 'dallas-2' })),
      ),
    ],
    [
      '[FB4] a list that returns to its first address by itself',
      'broken',
      1,
      installedAs('list', ['dallas-2', 'dallas-1'], historyOf(settled, status(400_000, { bound: 'dallas-2' }))),
    ],
  ])('%s: %s', (_, said, checked, history) => expect(judged(movesOnlyOnLoss, history)).toEqual([said, checked]))
})

describe('received-not-used-early', () => {
  const received = [...status(100, { epochs: [1, 1] }), ...status(200, { epochs: [1, 2] })]
  it.each<Case>([
    ['[BT5] a received topology waits', 'holds', 1, historyOf(received)],
    [
      '[BT5] it comes into use with a login',
      'holds',
      2,
      historyOf(received, pass(1, 'login', 300, 400), status(301, { epochs: [2, 2] })),
    ],
    ['[BT5] it comes into use by itself', 'broken', 2, historyOf(received, status(301, { epochs: [2, 2] }))],
    [
      '[BT6] it comes into use as it arrives',
      'broken',
      1,
      historyOf(status(100, { bound: 'dallas-1' }), status(301, { bound: 'dallas-1', epochs: [2, 2] })),
    ],
    [
      '[BT5] the first topology',
      'holds',
      0,
      historyOf(status(100, { epochs: [0, 0] }), status(200, { epochs: [1, 1] })),
    ],
    [
      '[BT5] it comes into use with a timer move',
      'holds',
      2,
      installedAs('timer', [], historyOf(received, pass(1, 'timer', 300, 400), status(301, { epochs: [2, 2] }))),
    ],
    [
      '[BT5] of which only an agent of that profile has any',
      'broken',
      2,
      historyOf(received, pass(1, 'timer', 300, 400), status(301, { epochs: [2, 2] })),
    ],
    ['[BT5] a restarted agent', 'holds', 1, historyOf(received, restarted(250), status(301, { epochs: [2, 2] }))],
    ['[BT5] no status seen', 'unknown', 0, historyOf(pass(1, 'login', 300, 400))],
  ])('%s: %s', (_, said, checked, history) => expect(judged(receivedNotUsedEarly, history)).toEqual([said, checked]))
})

it('[BD3] a finding names the agent, the session and both appliances', () => {
  const verdict = movesOnlyOnLoss.check(
    historyOf(idle, status(100, { bound: 'dallas-1' }), status(60_000, { bound: 'dallas-2' })),
  )
  expect(verdict).toEqual({
    verdict: 'broken',
    checked: 1,
    findings: [
      {
        at: 60_000,
        agent,
        rule: 'BD3',
        text: `session ${session} left dallas-1 for dallas-2, and dallas-1 was not lost`,
      },
    ],
  })
})
