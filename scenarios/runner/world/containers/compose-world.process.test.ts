/** The compose world through the command line: the same scenario in containers, and nothing left of them however it ends. */
import { beforeAll, describe, expect, it } from 'vitest'
import { type RunDocument } from '../../report.ts'
import { Cli, type Ended, runCli, TestFolder } from '../../testing/cli.ts'
import { ComposeProject, isWithoutEngine, seen } from '../../testing/engine.ts'
import { writeScenario } from '../../testing/own-scenario.ts'
import { labImages } from './image.ts'

const buildWithinMs = 600_000
const goneWithinMs = 90_000

/** Nothing of the project is left, at most `goneWithinMs` from now. */
async function isGone(project: ComposeProject): Promise<void> {
  await seen(`nothing of ${project.name} is left`, goneWithinMs, async () => {
    const left = await project.remains()
    return left.length === 0 || left.join(', ')
  })
}

const skipped = await isWithoutEngine()
const projectOf = (cli: Cli): ComposeProject => new ComposeProject(`failover-lab-${cli.child.pid}`, '')

describe.skipIf(skipped)('the compose world', () => {
  let environment: NodeJS.ProcessEnv = {}
  beforeAll(async () => {
    environment = { FAILOVER_LAB_IMAGE: (await labImages(false)).lab }
  }, buildWithinMs)

  it('[HS1, SP1, LO1, FB1, FB2, FB3, HS6] runs dallas-dark as the process world does, on real interfaces', async () => {
    using folder = new TestFolder()
    const cli = new Cli(
      folder,
      ['run', 'dallas-dark', '--world', 'compose', '--json', '--runs', folder.runs],
      environment,
    )
    const { code, stdout, stderr } = await cli.ended
    const { world, fabric, scenarios } = JSON.parse(stdout) as RunDocument
    const [report] = scenarios
    if (report?.verdict !== 'pass') process.stderr.write(stderr)
    expect({ code, world, fabric: fabric?.kind, verdict: report?.verdict, problem: report?.problem }).toEqual({
      code: 0,
      world: 'compose',
      fabric: 'toxiproxy',
      verdict: 'pass',
      problem: undefined,
    })
    expect(report?.command).toContain('--world compose')
    expect(report?.checkers.reduce((sum, { checked }) => sum + checked, 0)).toBeGreaterThan(10)
    expect(await projectOf(cli).remains()).toEqual([])
  })

  it('leaves nothing when its runner is killed while a container is paused', async () => {
    using folder = new TestFolder()
    const play =
      "await lab.startAgent({ id: 'late-ws', addresses: ['10.20.0.7'], primServer: 'ward1.hospital.test:443' });" +
      "await lab.appliance('ward2').pause(); await lab.agent('late-ws').sleep();" +
      "lab.tell('one is paused'); await lab.elapse(3_600_000)"
    const file = writeScenario(folder, 'pin-window', play)
    const cli = new Cli(folder, ['run', file, '--world', 'compose', '--runs', folder.runs], environment)
    await cli.printed('one is paused')
    const before = await projectOf(cli).remains()
    cli.child.kill('SIGKILL')
    await cli.ended
    expect(before).toContain(projectOf(cli).container('late-ws'))
    expect(before.length).toBeGreaterThan(8)
    await isGone(projectOf(cli))
  })
})

describe('where no engine answers', () => {
  async function runWithout(environment: NodeJS.ProcessEnv): Promise<Ended> {
    using folder = new TestFolder()
    return await runCli(folder, ['run', 'pin-window', '--world', 'compose', '--runs', folder.runs], environment)
  }

  const missing = [
    ['there is no program docker', { PATH: '' }],
    ['its server is not there', { DOCKER_HOST: 'tcp://127.0.0.1:1' }],
  ] as const
  it.each(missing)('the compose world says what to install: %s', async (_, environment) => {
    const { code, stdout } = await runWithout(environment)
    expect(code).toBe(4)
    expect(stdout).toContain('--world compose needs a container engine')
    expect(stdout).toContain('Install Docker Engine')
  })
})
