/**
 * What the agents of a killed appliance feel: from their loss to being served again by the other one of their site, with
 * no fabric in between, beside a bare TLS WebSocket reconnect storm of as many with the same first jitter and the same cap
 * on dials; then the same behind each fabric. Nobody watches during the storm: it is read afterwards from the decisions
 * of the agents.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type CommandAnswer } from '../../../agent/core/events.ts'
import { type AgentStatus, type Decision } from '#shared/decision.ts'
import { type Fabric } from '../fabric/fabric.ts'
import { findToxiproxy, openFabric } from '../fabric/open-fabric.ts'
import { LabFailed } from '../outcome.ts'
import { freePorts } from '../ports.ts'
import { wallMs } from '../wall-clock.ts'
import { bareStorm } from './bare-storm.ts'
import { benchPassword } from './bench-enterprise.ts'
import { type BenchOptions, judge, type Measured, repeat } from './bench.ts'
import { type DirectLab, type LabFleet, openDirectLab } from './direct-lab.ts'
import { inParallel } from './in-parallel.ts'
import { rounded, spread, type Spread, spreadText } from './spread.ts'
import { storeIn } from './store-facts.ts'
import { until } from './until.ts'

type Between = 'nothing' | Fabric['kind']

export type Storm = {
  readonly agents: number
  readonly between: Between
  /** Sessions that are served by the other appliance afterwards, without a login and not paused. */
  readonly resumed: number
  /** From an agent's own loss to its session being served again. */
  readonly resumedMs: Spread
  /** From the kill to that. */
  readonly sinceKillMs: Spread
  /** Candidates that did not answer in time. */
  readonly timeouts: number
  /** Passes that ended with nothing or busy. */
  readonly failedPasses: number
  /** Two storms, one before, one after: each connection from its own close event to the other server's first message. */
  readonly bareMs: Spread
  /** p99 of `resumedMs` over p99 of `bareMs`. */
  readonly ratio: number
}

export type FailoverRun = { readonly store: string; readonly storms: readonly Storm[] }

const signInsInFlight = 32
const doorsInFlight = 16
const resumedWithinMs = 120_000
const onlineWithinMs = 120_000

export async function failover(options: BenchOptions): Promise<Measured<FailoverRun>> {
  const sizes = options.quick ? [20] : options.full ? [1_000, 5_000] : [1_000]
  const fabrics: Between[] = ['nothing', 'relay']
  if ((await findToxiproxy(process.env)) === undefined) options.say('no toxiproxy-server on PATH: the relay alone')
  else fabrics.push('toxiproxy')
  const cases = sizes.flatMap((agents) => fabrics.map((between) => ({ agents, between })))
  const runs = await repeat(options, async (run) => {
    const stores: string[] = []
    const storms: Storm[] = []
    for (const { agents, between } of cases) {
      const { storm, store } = await measure(options, agents, between, `${run}-${agents}-${between}`)
      storms.push(storm)
      stores.push(store)
    }
    return { store: stores[0] ?? 'unknown', storms }
  })
  const direct = (agents: number): readonly Storm[] =>
    runs.flatMap(({ storms }) => storms.filter((storm) => storm.agents === agents && storm.between === 'nothing'))
  const targets = sizes.flatMap((agents) => [
    judge(
      `p99 of ${agents} agents, loss to resumed, over the bare storm`,
      'at most',
      1.5,
      direct(agents).map(({ ratio }) => ratio),
    ),
    judge(
      `share of ${agents} agents that are back`,
      'at least',
      1,
      direct(agents).map(({ resumed }) => resumed / agents),
    ),
    judge(
      `timeouts of ${agents} agents`,
      'at most',
      0,
      direct(agents).map(({ timeouts }) => timeouts),
    ),
  ])
  const notes = [
    'all agents are one process and on one appliance; each has one session; normal wire settings, minimum hash cost',
    'the surviving database is alone afterwards, so that it acknowledges `one`',
    'a decision tells in whole ms; the bare storm is measured without a fabric in every case',
  ]
  return { store: runs[0]?.store ?? 'unknown', runs, targets, notes, text: runs.flatMap(textOf) }
}

async function measure(options: BenchOptions, agents: number, between: Between, name: string) {
  const { seed, signal, say } = options
  const folder = join(options.folder, `failover-${name}`)
  mkdirSync(folder)
  await using undo = new AsyncDisposableStack()
  const fabric = between === 'nothing' ? undefined : undo.use(await fabricOf(between, seed, folder))
  const fleets = [agents]
  const lab = undo.use(await openDirectLab({ seed, hashCost: 'minimum', fleets, folder, fabric, signal }))
  // Before and after, since a machine is never the same twice.
  say('the bare storm')
  const bareBefore = await bareReconnects(lab, agents)
  say(`${agents} agents come online, through ${between}`)
  const fleet = await allOnFirst(lab, agents, signal)
  say('the appliance is killed')
  const [victim, survivor] = lab.databases
  const killedAt = wallMs()
  await victim.kill()
  const waiting = { what: `${agents} sessions are resumed`, everyMs: 100, withinMs: resumedWithinMs, signal }
  await until(waiting, async () => (await survivor.metric('appliance_resumes_total{outcome="resumed"}')) >= agents)
  const told = await readStorm(fleet, survivor.appliance.id, killedAt)
  const store = storeIn(folder)
  await undo.disposeAsync()
  say('the bare storm again')
  const bareMs = spread([...bareBefore, ...(await bareReconnects(lab, agents))])
  const storm: Storm = { agents, between, ...told, bareMs, ratio: rounded(told.resumedMs.p99 / bareMs.p99) }
  return { storm, store }
}

async function fabricOf(kind: Fabric['kind'], seed: string, logFolder: string): Promise<Fabric> {
  const [apiPort] = await freePorts(1)
  // The relay is what is used where nothing else is to be found.
  const environment = kind === 'relay' ? { ...process.env, TOXIPROXY_URL: '', PATH: '' } : process.env
  return await openFabric({ seed, apiPort: apiPort as number, prefix: `bench-${process.pid}`, logFolder, environment })
}

/** Every agent has a session at the first database, and both are in step. */
async function allOnFirst(lab: DirectLab, agents: number, signal: AbortSignal): Promise<LabFleet> {
  const [first, second] = lab.databases
  // Agents choose among the appliances of their site at random; the second one comes back when they have.
  await second.stop()
  const fleet = await lab.startFleet(0)
  const waiting = { what: `${agents} agents are online`, everyMs: 200, withinMs: onlineWithinMs, signal }
  await until(waiting, async () => {
    if ((await first.metric('appliance_links')) < agents) return false
    const { body } = await fleet.door.call('GET', '/agents')
    return (body as AgentStatus[]).every(({ online, passes }) => online && passes.length === 0)
  })
  const users = lab.enterprise.people.map(({ user }) => user)
  await inParallel(fleet.agents, signInsInFlight, async (agent, index) => {
    const login = { user: users[index % users.length], password: benchPassword }
    const { body } = await fleet.door.call('POST', `/agents/${agent}/login`, login)
    const answer = body as CommandAnswer
    if (answer.outcome !== 'accepted') throw new LabFailed(`${agent} could not sign in: ${JSON.stringify(answer)}`)
  })
  await second.start()
  await lab.inStep()
  return fleet
}

type Told = Pick<Storm, 'resumed' | 'resumedMs' | 'sinceKillMs' | 'timeouts' | 'failedPasses'>

async function readStorm(fleet: LabFleet, survivor: string, killedAt: number): Promise<Told> {
  const { body } = await fleet.door.call('GET', '/agents')
  const served = (body as AgentStatus[]).flatMap(({ sessions }) => sessions)
  const resumed = served.filter(({ binding, state }) => binding?.appliance === survivor && state === 'active').length
  const passes = (
    await inParallel(fleet.agents, doorsInFlight, async (agent) => {
      const answer = await fleet.door.call('GET', `/agents/${agent}/decisions`)
      return (answer.body as Decision[]).filter(({ endedAtMs }) => endedAtMs > killedAt)
    })
  ).filter((decisions) => decisions.length > 0)
  // Several passes where the first one found nothing: the loss is the beginning of the first.
  const times = passes.flatMap((decisions) => {
    const found = decisions.find(({ outcome, appliance }) => outcome === 'found' && appliance === survivor)
    const lostAt = decisions[0]?.beganAtMs
    return found === undefined || lostAt === undefined ? [] : [{ lostAt, backAt: found.endedAtMs }]
  })
  const all = passes.flat()
  return {
    resumed,
    resumedMs: spread(times.map(({ lostAt, backAt }) => backAt - lostAt)),
    sinceKillMs: spread(times.map(({ backAt }) => backAt - killedAt)),
    timeouts: all.flatMap(({ candidates }) => candidates).filter(({ outcome }) => outcome === 'timed-out').length,
    failedPasses: all.filter(({ outcome }) => outcome !== 'found').length,
  }
}

async function bareReconnects({ databases: [first] }: DirectLab, count: number): Promise<readonly number[]> {
  const [a, b] = (await freePorts(2)) as [number, number]
  return await bareStorm(count, [a, b], { ...first.files, host: first.appliance.host })
}

function textOf({ storms }: FailoverRun): readonly string[] {
  return storms.flatMap((storm) => [
    `${storm.agents} agents, ${storm.between} in between: ${storm.resumed} resumed, ${storm.timeouts} timeouts, ` +
      `${storm.failedPasses} passes failed`,
    `  loss to resumed ${spreadText(storm.resumedMs)}; from the kill ${spreadText(storm.sinceKillMs)}`,
    `  bare storm      ${spreadText(storm.bareMs)}; ratio of p99 ${storm.ratio}`,
  ])
}
