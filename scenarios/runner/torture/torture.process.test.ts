/** Six schedules through the command line, with the relay: nothing acknowledged is lost, and enough was met to say so. */
import { describe, expect, it, onTestFailed } from 'vitest'
import { pathWithoutToxiproxy, runCli, TestFolder } from '../testing/cli.ts'
import { type TortureDocument } from './report.ts'

const words = ['torture', '--schedules', '6', '--seconds', '15', '--seed', 'ci', '--json']

describe('torture', () => {
  it(
    '[RP2, RP3, RP7, RP8, SE1, AU1, OF5] loses nothing that was acknowledged in six schedules',
    { timeout: 400_000 },
    async () => {
      using folder = new TestFolder()
      const environment = { PATH: await pathWithoutToxiproxy() }
      const { stdout, stderr } = await runCli(folder, [...words, '--runs', folder.runs], environment)
      onTestFailed(() => console.error(stderr))
      const { exitCode, floors, schedules } = JSON.parse(stdout) as TortureDocument
      const names = [
        'sessions-kept',
        'ended-stays-ended',
        'changes-kept',
        'contents-equal',
        'merges-reported',
        'audit-once',
      ]
      const said = schedules.map(({ problem, checkers }) => ({
        problem,
        verdicts: checkers.map(({ name, verdict }) => `${name} ${verdict}`),
      }))
      expect(said).toEqual(
        Array.from({ length: 6 }, () => ({ problem: undefined, verdicts: names.map((name) => `${name} holds`) })),
      )
      expect(floors.filter(({ atLeast, seen }) => seen < atLeast)).toEqual([])
      expect(exitCode).toBe(0)
    },
  )
})
