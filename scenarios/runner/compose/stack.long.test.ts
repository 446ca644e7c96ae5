/**
 * The Swarm stack of the default lab on a swarm of one node, which is made and left again here. Skipped by name where no
 * engine answers, or where the machine is in a swarm already.
 */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type AgentStatus } from '#shared/decision.ts'
import { stackText } from '../commands/compose.ts'
import { loadLab } from '../lab-file.ts'
import { TestFolder } from '../testing/cli.ts'
import { docker, isWithoutEngine, seen } from '../testing/engine.ts'
import { readVersions } from '../versions.ts'
import { layoutOf } from './layout.ts'

const buildMs = 400_000
const testMs = 300_000
const runsWithinMs = 120_000
const boundWithinMs = 45_000
const stack = `failover-lab-test-${process.pid}`

function isInSwarm(): boolean {
  return (
    execFileSync('docker', ['info', '--format', '{{.Swarm.LocalNodeState}}'], { encoding: 'utf8' }).trim() !==
    'inactive'
  )
}

const skipped = (await isWithoutEngine()) || (process.env['REQUIRE_ENGINE'] !== '1' && isInSwarm())

/** The container of a replica on this node. */
async function container(service: string, slot = 1): Promise<string> {
  const filter = `label=com.docker.swarm.service.name=${stack}_${service}`
  const names = (await docker('ps', '--filter', filter, '--format', '{{.Names}}')).split('\n')
  const name = names.find((one) => one.startsWith(`${stack}_${service}.${slot}.`))
  if (name === undefined) throw new Error(`${service}.${slot} does not run`)
  return name
}

/** Replicas by workstation, as `stack.ts` numbers them. */
const replicas = {
  'dal-ws-1': ['agents-dallas', 1],
  'dal-ws-2': ['agents-dallas', 2],
  'dal-ws-3': ['agents-dallas', 3],
  'chi-ws-1': ['agents-chicago', 1],
  'gap-ws-1': ['agents-no-site', 1],
} as const
type Workstation = keyof typeof replicas

async function door(agent: Workstation, ...parameters: readonly string[]): Promise<string> {
  const [service, slot] = replicas[agent]
  return await docker('exec', await container(service, slot), 'door', ...parameters)
}

async function statusOf(agent: Workstation): Promise<AgentStatus> {
  return JSON.parse(await door(agent, 'call', 'GET', `/agents/${agent}/status`)) as AgentStatus
}

async function signIn(agent: Workstation, user: string): Promise<string> {
  return (JSON.parse(await door(agent, 'login', user, `correct-horse-${user}`)) as { session: string }).session
}

async function isBound(agent: Workstation, session: string, appliances: readonly string[]): Promise<true | string> {
  const found = (await statusOf(agent)).sessions.find((one) => one.session === session)
  const at = found?.binding?.appliance ?? 'nothing'
  return (found?.state === 'active' && appliances.includes(at)) || `${agent}: ${found?.state ?? 'no session'} at ${at}`
}

/** Silences every link into Dallas and out of it, or heals it, over Toxiproxy's API, which no network outside can reach. */
async function dallasIs(state: 'dark' | 'back'): Promise<void> {
  const { enterprise } = loadLab('dallas-chicago', undefined)
  const inDallas = (id: string): boolean =>
    enterprise.topology.appliances.some((appliance) => appliance.id === id && appliance.site === 'dallas')
  const cut = layoutOf(enterprise)
    .links.filter(({ name }) =>
      name.kind === 'agents' ? inDallas(name.to) : inDallas(name.from) !== inDallas(name.to),
    )
    .map(({ proxy }) => proxy)
  const script = `for (const proxy of ${JSON.stringify(cut)}) for (const stream of ['upstream', 'downstream']) {
    const url = 'http://toxiproxy:8474/proxies/' + proxy + '/toxics'
    const toxic = { name: 'dark-' + stream, type: 'timeout', stream, toxicity: 1, attributes: { timeout: 0 } }
    const answer = ${state === 'dark'}
      ? await fetch(url, { method: 'POST', body: JSON.stringify(toxic) })
      : await fetch(url + '/' + toxic.name, { method: 'DELETE' })
    if (!answer.ok) throw new Error(url + ': ' + answer.status + ' ' + (await answer.text()))
  }`
  await docker('exec', await container('chi1-yourco-com'), 'node', '--input-type=module', '--eval', script)
}

describe.skipIf(skipped)('a stack on a swarm of one node', () => {
  beforeAll(async () => {
    await docker('build', '--network', 'host', '-t', `failover-lab:${readVersions()['failover-lab']}`, '.')
    await docker('swarm', 'init', '--advertise-addr', '127.0.0.1', '--listen-addr', '127.0.0.1:2377')
    const node = await docker('node', 'ls', '--quiet')
    const labels = ['dallas', 'chicago'].flatMap((place) => ['--label-add', `data-center.${place}=true`])
    await docker('node', 'update', ...labels, node)
  }, buildMs)

  afterAll(async () => {
    await docker('swarm', 'leave', '--force')
    const filter = `label=com.docker.stack.namespace=${stack}`
    await seen('the containers of the stack are gone', boundWithinMs, async () => {
      const left = await docker('ps', '--all', '--filter', filter, '--format', '{{.Names}}')
      return left === '' || left
    })
    const volumes = (await docker('volume', 'ls', '--quiet', '--filter', filter)).split('\n').filter(Boolean)
    if (volumes.length > 0) await docker('volume', 'rm', ...volumes)
    await docker('network', 'rm', 'docker_gwbridge')
  }, testMs)

  test(
    '[HS1, HS6, SP1, LO1, FB1, FB2, FB3] it serves what happens in dallas-dark',
    async () => {
      using folder = new TestFolder()
      const file = join(folder.path, 'stack.yml')
      writeFileSync(file, await stackText('dallas-chicago', undefined, join(folder.path, 'secrets')))
      await docker('stack', 'deploy', '--resolve-image', 'never', '--compose-file', file, stack)
      await seen('all tasks run', runsWithinMs, async () => {
        const replicated = (await docker('stack', 'services', stack, '--format', '{{.Replicas}}')).split('\n')
        return replicated.every((text) => text.split('/')[0] === text.split('/')[1]) || replicated.join(' ')
      })
      for (const agent of Object.keys(replicas) as Workstation[]) {
        await seen(`${agent} is online`, boundWithinMs, async () => (await statusOf(agent)).online || 'offline')
      }

      const alice = await signIn('dal-ws-1', 'alice')
      const bob = await signIn('dal-ws-2', 'bob')
      const carol = await signIn('chi-ws-1', 'carol')
      const dave = await signIn('gap-ws-1', 'dave')
      expect(await isBound('dal-ws-1', alice, ['dal1', 'dal2'])).toBe(true)
      expect(await isBound('dal-ws-2', bob, ['dal1', 'dal2'])).toBe(true)
      expect(await isBound('chi-ws-1', carol, ['chi1'])).toBe(true)
      expect(await isBound('gap-ws-1', dave, ['chi1'])).toBe(true)

      await dallasIs('dark')
      await seen('alice is in Chicago', boundWithinMs, async () => await isBound('dal-ws-1', alice, ['chi1']))
      await seen('bob is in Chicago', boundWithinMs, async () => await isBound('dal-ws-2', bob, ['chi1']))
      const erin = await signIn('dal-ws-3', 'erin')
      expect(await isBound('dal-ws-3', erin, ['chi1'])).toBe(true)

      await dallasIs('back')
      const dal1 = await container('dal1-yourco-com')
      await seen('the databases are in step', boundWithinMs, async () => {
        const body = await docker('exec', dal1, 'door', 'call', 'GET', '/status')
        const { state, peers } = JSON.parse(body) as { state: string; peers: { connected: boolean; inStep: boolean }[] }
        return (state === 'serving' && peers.every((peer) => peer.connected && peer.inStep)) || body
      })
      const frank = await signIn('dal-ws-1', 'frank')
      expect(await isBound('dal-ws-1', frank, ['dal1', 'dal2'])).toBe(true)
      expect(await isBound('dal-ws-1', alice, ['chi1'])).toBe(true)
      await door('dal-ws-1', 'call', 'POST', `/agents/dal-ws-1/sessions/${alice}/lock`, '{}')
      await door(
        'dal-ws-1',
        'call',
        'POST',
        `/agents/dal-ws-1/sessions/${alice}/unlock`,
        '{"password":"correct-horse-alice"}',
      )
      await seen('alice is home', boundWithinMs, async () => await isBound('dal-ws-1', alice, ['dal1', 'dal2']))
      expect(await isBound('dal-ws-2', bob, ['chi1'])).toBe(true)
    },
    testMs,
  )
})
