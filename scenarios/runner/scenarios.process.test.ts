/** Every scenario through the command line, judged by its own expectations and by the checkers, with the relay. */
import { describe, expect, it } from 'vitest'
import { type RunDocument } from './report.ts'
import { scenarioNames } from './scenario-files.ts'
import { pathWithoutToxiproxy, runCli, TestFolder } from './testing/cli.ts'

const scenarios = [
  ['boundary-addresses', '[HS1, HS4, HS6] both sides of every boundary have the right home or none'],
  [
    'challenges',
    '[LO3, LO4, CH1, CH2, CH3, CH5, FB3, SP8] who comes online types a password again where the policy says',
  ],
  ['dallas-dark', '[SP1, SP10, LO1, FB1, FB2, FB3, HS6] a dark site loses no session and gets its people back'],
  ['example-1', '[SP3, SP5, SP7, LO3, OF1, FB2, FB3] an agent goes offline when the last resort was tried already'],
  ['example-2', '[HS2, HS3, HS6] a route decides the home site, a default route never does'],
  ['example-3', '[SP4, LO2, BT7] failover is not transitive, a temporary session moves inside its site'],
  ['not-seamless', '[LO3, CH1, CH2] a failover inside the site asks for a password too'],
  [
    'offline-hour',
    '[SV3, OF1, OF3, OF4, OF5, OF6, CH3] known people work on without their line, and all is on record after it',
  ],
  ['pin-window', '[PN1, PN2, PN3, BD2] a new session changes its appliance after three hours, no running one does'],
  ['power-loss', '[RP2, SV2, SP7, CH2] nobody logs in again after a full disk, nor after both databases lost power'],
  [
    'sleeping-workstation',
    '[LO1, LO3, LO4, CH2, CH3, FB3] who slept past the grace proves identity in another site, and who napped does not',
  ],
  [
    'thin-clients',
    '[FB2, FB3, FB4, BD3] a timer comes home by itself, windows and a list do not, and thin clients log nobody in offline',
  ],
  ['topology-change', '[BT4, BT5, BT6, BD1] an edit is held until the next session starts'],
  ['wrong-topology', '[SP3, BT5, BT7] the last resort rescues from wrong addresses'],
] as const

describe('scenarios', () => {
  it('are all listed here', () => {
    expect(scenarios.map(([name]) => name)).toEqual(scenarioNames())
  })

  it.each(scenarios)('%s: %s', async (name, title) => {
    using folder = new TestFolder()
    const environment = { PATH: await pathWithoutToxiproxy() }
    const ended = await runCli(folder, ['run', name, '--json', '--runs', folder.runs], environment)
    const document = JSON.parse(ended.stdout) as RunDocument
    const [report] = document.scenarios
    const checked = report?.checkers.reduce((sum, checker) => sum + checker.checked, 0)
    const seen = {
      verdict: report?.verdict,
      problem: report?.problem,
      code: ended.code,
      fabric: document.fabric?.kind,
    }
    if (report?.verdict !== 'pass') process.stderr.write(ended.stderr)
    expect(seen).toEqual({ verdict: 'pass', problem: undefined, code: 0, fabric: 'relay' })
    expect(checked).toBeGreaterThan(0)
    expect(report?.decisions.length).toBeGreaterThan(0)
    // A title cites nothing that the scenario does not claim to show.
    const cited = (/^\[(.*)\]/u.exec(title)?.[1] ?? '').split(', ')
    expect(report?.scenario).toBe(name)
    expect(cited.every((rule) => report?.rules.includes(rule))).toBe(true)
  })
})
