/** Six schedules through the command line, with the relay: nothing acknowledged is lost, and enough was met to say so. */
import { describe, expect, it, onTestFailed } from 'vitest'
import { pathWithoutToxiproxy, runCli, TestFolder } from '../testing/cli.ts'
import { type TortureDocument } from './report.ts'

const words = ['torture', '--schedules', '6', '--seconds', '15', '--seed', 'ci', '--json']

/** Nobody can say this of audit records while no appliance shows them. */
const notYet = 'audit-once'

describe('torture', () => {
  it('loses nothing that was acknowledged in six schedules', { timeout: 400_000 }, async () => {
    using folder = new TestFolder()
    const environment = { PATH: await pathWithoutToxiproxy() }
    const { stdout, stderr } = await runCli(folder, [...words, '--runs', folder.runs], environment)
    onTestFailed(() => console.error(stderr))
    const { floors, schedules } = JSON.parse(stdout) as TortureDocument
    const said = schedules.map(({ problem, checkers }) => ({
      problem,
      verdicts: checkers.filter(({ name }) => name !== notYet).map(({ name, verdict }) => `${name} ${verdict}`),
    }))
    const verdicts = ['sessions-kept', 'ended-stays-ended', 'changes-kept', 'contents-equal'].map(
      (name) => `${name} holds`,
    )
    expect(said).toEqual(Array.from({ length: 6 }, () => ({ problem: undefined, verdicts })))
    expect(floors.filter(({ atLeast, seen }) => seen < atLeast)).toEqual([])
  })
})
