/** Labs as containers on a real engine: the loss of each database, and a workstation behind a VPN. Skipped by name where none answers; with `REQUIRE_ENGINE=1` that fails. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { composeText } from '../commands/compose.ts'
import { projectRoot } from '../run-folder.ts'
import { TestFolder } from '../testing/cli.ts'
import { ComposeProject, docker, isWithoutEngine, type LabDoors, seen } from '../testing/engine.ts'
import { tourPeople } from '../tour.ts'
import { readVersions } from '../versions.ts'

const skipped = await isWithoutEngine()
const image = `failover-lab:${readVersions()['failover-lab']}`
const buildMs = 400_000
const testMs = 300_000

describe.skipIf(skipped)('on an engine', () => {
  beforeAll(async () => {
    await docker('build', '--network', 'host', '-t', image, '.')
  }, buildMs)

  test(
    '[CH2] each database in turn is killed while people are signed in, and nobody logs in again',
    async () => {
      using folder = new TestFolder()
      // The default grace of ten minutes takes 50 s, so that the workstation that has only Chicago to go to may wait.
      const file = join(folder.path, 'compose.yml')
      writeFileSync(file, composeText('dallas-chicago', { project: 'unused', context: projectRoot, timeScale: 12 }))
      await using up = new ComposeProject(`failover-lab-test-${process.pid}`, file)
      await up.compose('up', '--wait')
      const doors = await up.doors()
      const sessions = new Map<string, string>()
      for (const [agent, user] of tourPeople) {
        const answer = await up.compose('exec', '-T', agent, 'door', 'login', user, `correct-horse-${user}`)
        sessions.set(agent, (JSON.parse(answer) as { session: string }).session)
      }

      for (const database of ['dal1', 'chi1']) {
        const container = up.container(`${database}.yourco.com`)
        await docker('kill', container)
        await seen(
          `no session is bound to ${database}`,
          20_000,
          async () => await placesOf(doors, sessions, [database]),
        )
        await docker('start', container)
        await seen(`${database} is in step`, 30_000, async () => await isInStep(doors, database))
        await seen('all sessions are bound', 45_000, async () => await placesOf(doors, sessions, []))
      }
      // Paused would mean that somebody was asked for a password (CH), and a new session that somebody gave one.
      for (const [agent] of tourPeople) {
        const { sessions: now } = await doors.agent(agent)
        expect(now.map(({ session, state }) => [session, state])).toEqual([[sessions.get(agent), 'active']])
      }
      expect(await logins(doors)).toBe(tourPeople.length)
    },
    testMs,
  )

  test(
    '[HS2] three sites and a workstation at home: the route that its VPN sets decides',
    async () => {
      using folder = new TestFolder()
      const file = join(folder.path, 'compose.yml')
      writeFileSync(file, composeText('three-sites', { project: 'unused', context: projectRoot }))
      await docker(
        'build',
        '--network',
        'host',
        '-t',
        `${image}-network`,
        '-f',
        'scenarios/runner/compose/image/network.Dockerfile',
        '.',
      )
      await using up = new ComposeProject(`failover-lab-test-${process.pid}`, file)
      await up.compose('up', '--wait')
      expect(await up.compose('exec', '-T', 'home-ws-1', 'door', 'status')).toContain(
        'home-ws-1: online, home denver: route 172.16.20.0/24 touches 172.16.20.0-172.16.20.255\n  links: den1',
      )
      // Without the route the same workstation is of no site (HS5, HS6).
      await up.compose('exec', '-T', 'home-ws-1-network', 'ip', 'route', 'del', '172.16.20.0/24')
      await up.compose('exec', '-T', 'home-ws-1', 'door', 'login', 'carol', 'correct-horse-carol')
      expect(await up.compose('exec', '-T', 'home-ws-1', 'door', 'status')).toContain('no home site')
    },
    testMs,
  )
})

/** `true`, or where somebody still is: bound to one of `lost`, or to nothing where nothing is lost. */
async function placesOf(
  doors: LabDoors,
  sessions: ReadonlyMap<string, string>,
  lost: readonly string[],
): Promise<true | string> {
  for (const [agent, id] of sessions) {
    const { sessions: now } = await doors.agent(agent)
    const found = now.find(({ session }) => session === id)
    if (found === undefined) return `${agent} has lost its session`
    const at = found.binding?.appliance
    if (at === undefined ? lost.length === 0 || found.moving : lost.includes(at))
      return `${agent} is at ${at ?? 'nothing'}`
  }
  return true
}

async function isInStep(doors: LabDoors, appliance: string): Promise<true | string> {
  const { body } = await doors.of(appliance).call('GET', '/status')
  const { state, peers } = body as { state: string; peers: readonly { connected: boolean; inStep: boolean }[] }
  return (state === 'serving' && peers.every(({ connected, inStep }) => connected && inStep)) || JSON.stringify(body)
}

/** Passes for which somebody gave a password. */
async function logins(doors: LabDoors): Promise<number> {
  const decisions = await Promise.all(
    tourPeople.map(async ([agent]) => (await doors.of(agent).call('GET', `/agents/${agent}/decisions`)).body),
  )
  return (decisions.flat() as { purpose: string }[]).filter(({ purpose }) => ['login', 'unlock'].includes(purpose))
    .length
}
