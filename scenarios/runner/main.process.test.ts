/** The command line as people and CI meet it: exit codes, and that nothing stays behind however it ends. */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { descendantsOf } from './fabric/process-tree.ts'
import { findToxiproxy } from './fabric/open-fabric.ts'
import { type RunDocument } from './report.ts'
import { belongingsOf, Cli, leftAfter, pathWithoutToxiproxy, runCli, TestFolder } from './testing/cli.ts'
import { writeScenario } from './testing/own-scenario.ts'

const goneWithinMs = 15_000

function commandOf(pid: number): string {
  if (process.platform === 'linux') return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  return execFileSync('ps', ['-o', 'args=', '-p', String(pid)], { encoding: 'utf8' })
}

/** An enterprise without any agent: nothing can be checked. `agents` are more lines of the file. */
function writeEmptyLab(folder: TestFolder, agents = ''): string {
  const file = join(folder.path, 'empty.yaml')
  writeFileSync(
    file,
    'enterprise: Empty\nhashCost: minimum\nsettings: { wire: fast }\nsites:\n  - { name: Ward, ranges: [10.50.0.0/23] }\n' +
      'appliances:\n  - { host: ward1.hospital.test, address: 10.50.0.11, site: ward, role: database }\n' +
      agents,
  )
  return file
}

async function runOwn(folder: TestFolder, lab: string, play: string) {
  const file = writeScenario(folder, lab, play)
  const ended = await runCli(folder, ['run', file, '--json', '--runs', folder.runs])
  const [report] = (JSON.parse(ended.stdout) as RunDocument).scenarios
  return { code: ended.code, verdict: report?.verdict, problem: report?.problem ?? '' }
}

describe('exit codes of run', () => {
  it('are 1 when a scenario sees something else than it expects', async () => {
    using folder = new TestFolder()
    const play = "await lab.expect(lab.agent('vpn-ws')).hasHome({ site: 'site-2' })"
    const { code, verdict, problem } = await runOwn(folder, 'example-2', play)
    expect({ code, verdict }).toEqual({ code: 1, verdict: 'broken' })
    expect(problem).toContain('expected vpn-ws to have home site site-2')
    expect(problem).toContain('The last decision of vpn-ws')
  })

  it('are 2 when nothing was checked', async () => {
    using folder = new TestFolder()
    const { code, verdict } = await runOwn(folder, writeEmptyLab(folder), "lab.tell('nothing happens')")
    expect({ code, verdict }).toEqual({ code: 2, verdict: 'unknown' })
  })

  it('are 4 when a process of the lab dies, which is named with its last lines', async () => {
    using folder = new TestFolder()
    const file = writeScenario(folder, writeEmptyLab(folder), "lab.tell('begun'); await lab.elapse(60_000)")
    const cli = new Cli(folder, ['run', file, '--json', '--runs', folder.runs])
    await cli.printed('begun')
    const appliance = descendantsOf(cli.child.pid ?? 0).find((pid) => commandOf(pid).includes('ward1.config.json'))
    process.kill(appliance ?? 0, 'SIGKILL')
    const { code, stdout } = await cli.ended
    const [report] = (JSON.parse(stdout) as RunDocument).scenarios
    expect({ code, verdict: report?.verdict }).toEqual({ code: 4, verdict: 'failed' })
    expect(report?.problem).toMatch(/^ward1 was ended by SIGKILL; its last lines:\n.*"kind":"ready"/su)
  })

  it('are 4 when a scenario would make agents dial an endpoint that the lab does not have', async () => {
    using folder = new TestFolder()
    const play = "await lab.editTopology((draft) => { for (const one of draft.appliances) one.host = '10.9.9.9' })"
    const { code, problem } = await runOwn(folder, writeEmptyLab(folder), play)
    expect({ code, problem }).toEqual({
      code: 4,
      problem: 'the scenario must declare 10.9.9.9:443 in extraEndpoints before it publishes it',
    })
  })

  const slept = "const asleep = await lab.agent('ward-ws-1').sleep();"
  it.each([
    [
      'used while it sleeps',
      'not-seamless',
      `${slept} await lab.agent('ward-ws-1').signIn('gail')`,
      'ward-ws-1 sleeps: wake it before somebody uses it',
    ],
    [
      'stopped while it sleeps',
      'not-seamless',
      `${slept} await lab.agent('ward-ws-1').stop()`,
      'ward-ws-1 sleeps: wake it first',
    ],
  ])('are 4 for a workstation that is %s', async (_what, lab, play, text) => {
    using folder = new TestFolder()
    expect(await runOwn(folder, lab, play)).toEqual({ code: 4, verdict: 'failed', problem: text })
  })

  it('are 4 for one of a fleet that is to sleep', async () => {
    using folder = new TestFolder()
    const fleet = 'fleets:\n  - { id: beds, count: 2, addresses: 10.50.1.0/28, primServer: ward1.hospital.test }\n'
    const problem = 'fleet beds is one process: only a workstation can sleep'
    const ended = await runOwn(folder, writeEmptyLab(folder, fleet), "await lab.agent('beds-0001').sleep()")
    expect(ended).toEqual({ code: 4, verdict: 'failed', problem })
  })

  it('are 0 for one that is ended in its sleep, woken too late and started again', async () => {
    using folder = new TestFolder()
    const again =
      "await lab.agent('ward-ws-1').restart(); await asleep.wake(); await lab.agent('ward-ws-1').signIn('gail')"
    const play = `${slept} await lab.agent('ward-ws-1').kill(); ${again}`
    expect(await runOwn(folder, 'not-seamless', play)).toEqual({ code: 0, verdict: 'pass', problem: '' })
  })

  it.each([
    ['an unknown scenario', ['run', 'dallas-drak'], 'did you mean "dallas-dark"?'],
    ['no scenario', ['run'], "missing required argument 'scenario'"],
    ['an unknown option', ['run', 'example-1', '--fast'], "unknown option '--fast'"],
    ['a time scale of no use', ['run', 'example-1', '--time-scale', 'quick'], 'A time scale is a number above 0'],
    ['a time scale that the lab cannot bear', ['run', 'example-1', '--time-scale', '5000'], 'too high for this lab'],
    ['a seed that is no word', ['run', 'example-1', '--seed', 'a/b'], 'A seed is up to 64 letters'],
    ['an unknown command', ['rnu'], "unknown command 'rnu'"],
    ['an unknown lab', ['up', 'example-11'], 'did you mean "example-1"?'],
  ])('are 64 for %s', async (_what, parameters, text) => {
    using folder = new TestFolder()
    const { code, stderr } = await runCli(folder, parameters)
    expect({ code, says: stderr.includes(text) ? text : stderr }).toEqual({ code: 64, says: text })
  })
})

describe('on an older Node', () => {
  it('says what to do and exits 64', async () => {
    const older = "data:text/javascript,Object.defineProperty(process.versions, 'node', { value: '20.19.0' })"
    using folder = new TestFolder()
    const { code, stderr } = await runCli(folder, ['list'], { NODE_OPTIONS: `--import "${older}"` })
    expect(code).toBe(64)
    expect(stderr).toMatch(/^failover-lab needs Node 24\.15 or later; this is Node 20\.19\.0 .*npm ci && npm start/su)
  })
})

describe('lint', () => {
  it.each([
    ['0 for a file without advice', 'fleet', 0],
    ['3 for advice alone', 'example-1', 3],
    [
      '1 for a file that cannot be used',
      fileURLToPath(new URL('../labs/wrong/third-database.yaml', import.meta.url)),
      1,
    ],
    ['64 for no file at all', 'nowhere.yaml', 64],
  ])('exits %s', async (_what, lab, expected) => {
    using folder = new TestFolder()
    const { code } = await runCli(folder, ['lint', lab, '--json'])
    expect(code).toBe(expected)
  })
})

describe('a lab that is up', () => {
  it('answers why, and is ended by down', async () => {
    using folder = new TestFolder()
    const up = new Cli(folder, ['up', 'example-2', '--runs', folder.runs])
    await up.printed('The lab is up')
    const belongings = belongingsOf(up.child.pid ?? 0, folder.runs)
    const why = await runCli(folder, ['why', 'vpn-ws'])
    expect(why.stdout).toMatch(/home site-1: route 207\.46\.100\.255\/32 touches/u)
    const unknown = await runCli(folder, ['why', 'vpn-sw'])
    expect({ code: unknown.code, text: unknown.stderr }).toMatchObject({
      code: 64,
      text: expect.stringContaining('did you mean') as string,
    })
    const down = await runCli(folder, ['down', '--json'])
    expect(JSON.parse(down.stdout)).toMatchObject({ labs: [{ lab: 'example-2', outcome: 'ended' }], exitCode: 0 })
    expect((await up.ended).code).toBe(0)
    expect(belongings.processes.length).toBeGreaterThan(4)
    expect(await leftAfter(belongings, 0)).toEqual({ processes: [], ports: [] })
  })

  it('[SC2] prints no token, and a command that finds it', async () => {
    using folder = new TestFolder()
    const up = new Cli(folder, ['up', 'example-2', '--runs', folder.runs])
    await up.printed('ends it.')
    const [run] = readdirSync(folder.runs)
    const { appliances, agents } = JSON.parse(
      readFileSync(join(folder.runs, run as string, 'doors.json'), 'utf8'),
    ) as Record<'appliances' | 'agents', { token: string; port: number }[]>
    const [agent] = agents
    await runCli(folder, ['down'])
    const { stdout, stderr } = await up.ended
    const [, expression = '', port] = /\$\(node -p "(.*?)"\)" http:\/\/127\.0\.0\.1:(\d+)\/agents/u.exec(stdout) ?? []
    expect(Number(port)).toBe(agent?.port)
    expect(execFileSync(process.execPath, ['-p', expression], { encoding: 'utf8' }).trim()).toBe(agent?.token)
    expect(appliances.length).toBeGreaterThan(0)
    for (const { token } of [...appliances, ...agents]) expect(`${stdout}${stderr}`).not.toContain(token)
  })

  it('is forgotten by down when its runner was killed', async () => {
    using folder = new TestFolder()
    const up = new Cli(folder, ['up', writeEmptyLab(folder), '--runs', folder.runs])
    await up.printed('The lab is up')
    const belongings = belongingsOf(up.child.pid ?? 0, folder.runs)
    up.child.kill('SIGKILL')
    await up.ended
    const first = await runCli(folder, ['down', '--json'])
    expect(JSON.parse(first.stdout)).toMatchObject({ labs: [{ outcome: 'was gone already' }], exitCode: 0 })
    const second = await runCli(folder, ['down', '--json'])
    expect(JSON.parse(second.stdout)).toMatchObject({ labs: [], exitCode: 0 })
    expect(await leftAfter(belongings, goneWithinMs)).toEqual({ processes: [], ports: [] })
  })
})

const program = await findToxiproxy(process.env)
const skipProgram = program === undefined && process.env['REQUIRE_ALL'] !== '1'

describe('in the middle of a scenario', () => {
  it('Ctrl-C ends everything before the runner ends', async () => {
    using folder = new TestFolder()
    const cli = new Cli(folder, ['run', 'dallas-dark', '--runs', folder.runs], { PATH: await pathWithoutToxiproxy() })
    await cli.printed('Dallas is dark')
    const belongings = belongingsOf(cli.child.pid ?? 0, folder.runs)
    cli.child.kill('SIGINT')
    expect((await cli.ended).code).toBe(130)
    expect(belongings.processes.length).toBeGreaterThan(8)
    expect(belongings.ports.length).toBeGreaterThan(20)
    expect(await leftAfter(belongings, 0)).toEqual({ processes: [], ports: [] })
  })

  async function killRunner(environment: NodeJS.ProcessEnv): Promise<void> {
    using folder = new TestFolder()
    const play =
      "await lab.appliance('chi1').pause(); await using dark = await lab.site('dallas').dark();" +
      "await lab.agent('dal-ws-1').sleep(); lab.tell('one is paused, one is dark, one sleeps'); await lab.elapse(3_600_000)"
    const file = writeScenario(folder, 'dallas-chicago', play)
    const cli = new Cli(folder, ['run', file, '--runs', folder.runs], environment)
    await cli.printed('one is paused, one is dark, one sleeps')
    const belongings = belongingsOf(cli.child.pid ?? 0, folder.runs)
    cli.child.kill('SIGKILL')
    await cli.ended
    expect(belongings.processes.length).toBeGreaterThan(8)
    expect(await leftAfter(belongings, goneWithinMs)).toEqual({ processes: [], ports: [] })
  }

  it('kill -9 of the runner leaves no child and no port, with the relay', async () => {
    await killRunner({ PATH: await pathWithoutToxiproxy() })
  })

  it.skipIf(skipProgram)('kill -9 of the runner leaves no child and no port, with toxiproxy-server', async () => {
    await killRunner({ PATH: process.env['PATH'] })
  })
})

describe('the tour', () => {
  it('ends by itself with --once, shows every agent before and after each fault, and keeps every session', async () => {
    using folder = new TestFolder()
    const { code, stdout } = await runCli(folder, ['tour', '--once', '--runs', folder.runs])
    expect({ code, stdout }).toEqual({ code: 0, stdout })
    expect(stdout).toContain('Sessions kept: 6 of 6. Logins needed because of a fault: 0.')
    for (const id of ['dal-ws-1', 'dal-ws-2', 'dal-ws-3', 'chi-ws-1', 'chi-ws-2', 'gap-ws-1']) {
      expect(stdout.match(new RegExp(`^  ${id} .*\\n +\\S+: .* \\[[A-Z0-9 ]+\\]$`, 'gmu'))).toHaveLength(4)
    }
  })
})
