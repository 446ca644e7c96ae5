import { describe, expect, it } from 'vitest'
import { beginPass, type Candidate, type Group, type Pass, type Report, stepPass } from './pass.ts'
import { assert, assertNever } from '#shared/assert.ts'
import { type Stage } from '#shared/decision.ts'
import { ApplianceId, Endpoint, SiteId } from '#shared/ids.ts'

const candidate = (stage: Stage, name: string, endpoint = name): Candidate => ({
  stage,
  appliance: ApplianceId(name),
  site: SiteId(stage),
  host: name,
  port: 443,
  endpoint: Endpoint(endpoint, 443),
})

const group = (candidates: Candidate[], leftWhenBusy = false): Group => ({ candidates, leftWhenBusy })

const refused: Report = { outcome: 'refused' }
const answered: Report = { outcome: 'answered' }
const rejected: Report = { outcome: 'rejected', detail: 'bad-credential' }
const busy = (retryAfterMs = 700): Report => ({ outcome: 'busy', retryAfterMs })

function after(groups: readonly Group[], reports: readonly Report[]): Pass {
  let pass = beginPass(groups, 0)
  for (const report of reports) {
    assert(pass.phase === 'trying', `another candidate for ${report.outcome}, not ${pass.phase}`)
    pass = stepPass(pass, report, 5)
  }
  return pass
}

const shown = (pass: Pass): string => {
  switch (pass.phase) {
    case 'trying':
      return `trying ${pass.trying.appliance}`
    case 'found':
    case 'rejected':
      return `${pass.phase} ${pass.candidate.appliance}`
    case 'busy':
      return `busy ${pass.retryAfterMs}`
    case 'exhausted':
      return 'exhausted'
    default:
      return assertNever(pass)
  }
}

const home = group([candidate('home', 'h1'), candidate('home', 'h2')])
const primary = group([candidate('primary', 'p1')])
const secondary = group([candidate('secondary', 's1')])
const last = group([candidate('last-resort', 'l1')])
const all = [home, primary, secondary, last]

describe('a pass', () => {
  it.each<[string, readonly Report[], string]>([
    ['[SP1] begins at home', [], 'trying h1'],
    ['[SP1] goes on inside the stage', [refused], 'trying h2'],
    ['[SP1] goes on to the primary failover site', [refused, refused], 'trying p1'],
    ['[SP1] then to the secondary', [refused, refused, refused], 'trying s1'],
    ['[SP1] then to the last resort', [refused, refused, refused, refused], 'trying l1'],
    ['[SP7] ends with nothing', [refused, refused, refused, refused, refused], 'exhausted'],
    ['[SP6] ends where one answers', [refused, answered], 'found h2'],
    ['[SP6] takes a rejection as an answer', [rejected], 'rejected h1'],
    ['[SP10] never leaves home while one there is busy', [refused, busy()], 'busy 700'],
    ['[LO6] tries the rest of the stage after a busy one', [busy()], 'trying h2'],
    ['[LO6] ends with the appliance that answers after a busy one', [busy(), answered], 'found h2'],
    ['[LO6] waits as long as the first to be free says', [busy(900), busy(300)], 'busy 300'],
  ])('%s', (_title, reports, expected) => {
    expect(shown(after(all, reports))).toBe(expected)
  })

  it.each(['refused', 'reset', 'timed-out', 'tls-failed', 'unavailable', 'no-address'] as const)(
    '[SP6] %s means unavailable and moves the pass on',
    (outcome) => {
      expect(shown(after(all, [{ outcome }]))).toBe('trying h2')
    },
  )

  it('[SP3] skips the last resort when its endpoint was dialled before, and says so', () => {
    const same = group([candidate('last-resort', 'h2')])
    const pass = after([home, same], [refused, refused])
    expect(pass.phase).toBe('exhausted')
    expect(pass.tried.at(-1)).toMatchObject({ stage: 'last-resort', appliance: 'h2', outcome: 'skipped' })
  })

  it('[SP3] tries the same appliance at another endpoint', () => {
    const rescue = group([candidate('last-resort', 'h2', '203.0.113.9')])
    expect(shown(after([home, rescue], [refused, refused]))).toBe('trying h2')
  })

  it('[SP3] tries no endpoint twice, in whatever stages it stands', () => {
    const again = group([candidate('primary', 'h1'), candidate('primary', 'p1')])
    expect(shown(after([home, again, last], [refused, refused]))).toBe('trying p1')
  })

  it('[SP10] leaves a serving site away from home when all that serve there are busy', () => {
    const serving = group([candidate('serving', 'x1')], true)
    expect(shown(after([serving, home], [busy()]))).toBe('trying h1')
    expect(shown(after([serving, home, last], [busy(), refused, refused, refused]))).toBe('busy 700')
  })
})
