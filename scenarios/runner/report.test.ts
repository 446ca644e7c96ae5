import { describe, expect, it } from 'vitest'
import { AgentId } from '#shared/ids.ts'
import { type CheckerReport, verdictOf } from './judge.ts'
import { exitCodeOf } from './outcome.ts'
import { documentOf, type ScenarioReport, summaryText } from './report.ts'

const holds: CheckerReport = { name: 'a', rules: ['SP3'], verdict: 'holds', checked: 2 }
const empty: CheckerReport = { ...holds, checked: 0 }
const unknown: CheckerReport = { name: 'b', rules: ['SP4'], verdict: 'unknown', checked: 0, why: 'no sockets' }
const broken: CheckerReport = {
  name: 'c',
  rules: ['SP1'],
  verdict: 'broken',
  checked: 1,
  findings: [{ at: 1, agent: AgentId('ws-1'), rule: 'SP1', text: 'left home too early' }],
}
const report: ScenarioReport = {
  scenario: 'example-1',
  world: 'processes',
  rules: ['SP3'],
  verdict: 'broken',
  problem: 'expected this\nit is that',
  seed: 'abc',
  timeScale: 60,
  fabric: { kind: 'relay', description: 'relay (Node alone)' },
  checkers: [holds, broken, unknown],
  decisions: [],
  advice: [],
  folder: '/runs/one',
  command: 'git checkout 123 && npm run lab -- run example-1 --seed abc',
}
const versions = { 'failover-lab': '0.1.0', node: '24.21.0', platform: 'linux x64' }

describe('the verdict of a run', () => {
  it.each([
    ['pass', 'done', [holds, empty]],
    ['broken', 'done', [holds, broken]],
    ['broken', 'broken', [holds]],
    ['broken', 'done', [broken, unknown]],
    ['unknown', 'done', [holds, unknown]],
    ['unknown', 'done', [empty, empty]],
    ['unknown', 'done', []],
    ['failed', 'failed', []],
  ] as const)('is %s when the play is %s', (verdict, end, checkers) => {
    expect(verdictOf(end, checkers)).toBe(verdict)
  })
})

describe('the exit code of several scenarios', () => {
  it.each([
    [['pass', 'pass'], 0],
    [['pass', 'unknown'], 2],
    [['unknown', 'failed'], 4],
    [['failed', 'broken', 'pass'], 1],
    [[], 2],
  ] as const)('of %j is %d', (verdicts, code) => {
    expect(exitCodeOf(verdicts)).toBe(code)
  })
})

describe('a report', () => {
  it('is one document with the fabric and the exit code', () => {
    const passed = { ...report, verdict: 'pass', fabric: null } as const
    expect(documentOf('processes', versions, [passed, report])).toEqual({
      world: 'processes',
      fabric: { kind: 'relay', description: 'relay (Node alone)' },
      versions,
      scenarios: [passed, report],
      exitCode: 1,
    })
  })

  it('tells people the verdict, each finding, and how to run it again', () => {
    expect(summaryText(report)).toBe(
      [
        '',
        'example-1: BROKEN: a rule was broken',
        '  expected this',
        '  it is that',
        '  holds   a [SP3], 2 occasions',
        '  broken  c [SP1], 1 occasion',
        '      SP1 ws-1: left home too early',
        '  unknown b [SP4], 0 occasions: no sockets',
        '  folder  /runs/one',
        '  again   git checkout 123 && npm run lab -- run example-1 --seed abc',
      ].join('\n'),
    )
  })
})
