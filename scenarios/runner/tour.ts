/**
 * The tour: a guided minute in the guide's own enterprise. It is a scenario like any other (it is judged by the same
 * checkers), with more words: where every agent is, and why, before and after each fault.
 */
import { type Enterprise } from '#shared/topology/model.ts'
import { formatRange } from '#shared/address.ts'
import { type HistoryEvent } from './history.ts'
import { type Output } from './output.ts'
import { type Agent, type Lab, type Scenario, type Session } from './scenario.ts'
import { sessionPlace } from './timeline.ts'

/** The tour tells its story itself; of the history it shows what happens to appliances and nothing else. */
export function shownInTour(event: HistoryEvent): boolean {
  return event.type === 'appliance.not-serving' || event.type === 'told'
}

/** Who signs in where, in the lab `dallas-chicago`. */
export const tourPeople = [
  ['dal-ws-1', 'alice'],
  ['dal-ws-2', 'bob'],
  ['dal-ws-3', 'carol'],
  ['chi-ws-1', 'dave'],
  ['chi-ws-2', 'erin'],
  ['gap-ws-1', 'frank'],
] as const

/** The tour over the lab `dallas-chicago`, told to `output`. `pause` gives a reader time after each chapter. */
export function tourScenario(enterprise: Enterprise, output: Output, pause: () => Promise<void>): Scenario {
  return {
    name: 'tour',
    lab: 'dallas-chicago',
    story: 'people sign in, an appliance is lost, a site goes dark, and everybody works on',
    rules: ['HS1', 'HS6', 'SP1', 'LO1', 'LO3', 'FB1', 'FB2', 'FB3'],
    async play(lab) {
      output.line(enterpriseTable(enterprise))
      const tour = new Tour(lab, output)
      for (const chapter of ['signIn', 'loseAppliance', 'loseSite', 'goHome'] as const) {
        await tour[chapter]()
        await pause()
      }
      tour.summarize()
    },
  }
}

/** Sites, ranges, appliances and failover sites, as the guide's table has them. */
function enterpriseTable({ topology, workstations, fleets }: Enterprise): string {
  const rows = topology.sites.map(({ id, name, ranges, failover }) => [
    name,
    ranges.map(formatRange).join(', '),
    topology.appliances
      .filter(({ site }) => site === id)
      .map((appliance) => `${appliance.id} (${appliance.role})`)
      .join(', '),
    topology.sites.find((site) => site.id === failover.primary)?.name ?? 'none',
  ])
  const { timeScale } = topology.settings
  const inFleets = fleets.reduce((sum, { count }) => sum + count, 0)
  const scale = `${workstations.length} workstations, ${inFleets} more in fleets. Policy time runs ${timeScale} times as fast as real time.`
  return `${table([['Site', 'Address ranges', 'Appliances', 'Failover site'], ...rows])}\n\n  ${scale}`
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows
    .map(
      (row) =>
        `  ${row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join('   ')
          .trimEnd()}`,
    )
    .join('\n')
}

type Loss = { readonly what: string; readonly ms: number; readonly moved: number }

class Tour {
  readonly #lab: Lab
  readonly #output: Output
  readonly #sessions: Session[] = []
  readonly #losses: Loss[] = []
  readonly #places = new Map<Session, string>()

  constructor(lab: Lab, output: Output) {
    this.#lab = lab
    this.#output = output
  }

  async signIn(): Promise<void> {
    this.#chapter(
      '1',
      'Six people sign in. Each agent finds its home site by its address, and one appliance there by chance.',
    )
    const sessions = await Promise.all(
      tourPeople.map(async ([agent, user]) => await this.#lab.agent(agent).signIn(user)),
    )
    this.#sessions.push(...sessions)
    for (const session of sessions) await this.#lab.until(session).isBound({ state: 'active' })
    this.#showAgents()
  }

  async loseAppliance(): Promise<void> {
    const [first] = this.#sessions
    const lost = first?.binding?.appliance
    if (lost === undefined) return
    this.#chapter(
      '2',
      `${lost}, which serves ${first?.user ?? 'somebody'}, is lost. The rest of its site takes over; nobody logs in again.`,
    )
    const served = this.#servedBy([lost])
    const appliance = this.#lab.appliance(lost)
    await this.#measure(`loss of ${lost}`, served, async () => {
      await appliance.kill()
      for (const session of served) await this.#lab.until(session).isBound({ notTo: [lost], state: 'active' })
    })
    this.#showAgents()
    await appliance.restart()
    for (const id of ['dal1', 'chi1']) await this.#lab.until(this.#lab.appliance(id)).isInStep()
    this.#output.line(
      `\n  ${lost} is started again and has caught up. Nobody moves back: a running session stays where it is.`,
    )
  }

  async loseSite(): Promise<void> {
    this.#chapter('3', 'All of Dallas goes dark: its network swallows everything. Its people go on in Chicago.')
    const dallas = this.#lab.site('dallas')
    const served = this.#servedBy(dallas.appliances.map(({ id }) => id))
    const dark = await this.#measure('Dallas dark', served, async () => {
      const fault = await dallas.dark('silence')
      for (const session of served) await this.#lab.until(session).isBound({ site: 'chicago', state: 'active' })
      return fault
    })
    this.#showAgents()
    await dark.heal()
    for (const id of ['dal1', 'chi1']) await this.#lab.until(this.#lab.appliance(id)).isInStep()
    await this.#lab.until(this.#lab.appliance('dal2')).serves()
    this.#output.line('\n  Dallas is back. Its appliances have caught up, and still nobody moves by itself.')
  }

  async goHome(): Promise<void> {
    this.#chapter('4', 'People lock and unlock, as they do all day. That returns their sessions home.')
    const away = this.#sessions.filter(({ binding }) => binding?.stage === 'primary')
    for (const session of away) {
      await session.lock()
      await session.unlock()
      await this.#lab.until(session).isBound({ stage: 'home', state: 'active' })
    }
    this.#showAgents()
  }

  summarize(): void {
    const kept = this.#sessions.filter(({ binding }) => binding !== null).length
    const paused = this.#sessions.filter((session) => placeOf(session)?.state !== 'active').length
    const lines = [
      `Sessions kept: ${kept} of ${this.#sessions.length}. Logins needed because of a fault: ${this.#sessions.length - kept + paused}.`,
      ...this.#losses.map(
        ({ what, ms, moved }) =>
          `Time to recover, ${what}: ${(ms / 1000).toFixed(2)} s for ${moved} ${moved === 1 ? 'session' : 'sessions'}.`,
      ),
    ]
    this.#chapter('5', lines.join('\n     '))
    this.#output.line(
      [
        '  What to try next:',
        '    npm run lab -- why dal-ws-1           every decision of that agent, in words',
        '    npm run lab -- list                   the scenarios, with the rules that they show',
        '    npm run lab -- run example-1          the guide’s Example 1, judged',
        '    npm run lab -- up dallas-chicago      a lab of your own to break',
        '    npm run lab -- lint YOUR-FILE.yaml    advice on your own enterprise',
      ].join('\n'),
    )
  }

  #chapter(number: string, text: string): void {
    this.#output.line(`\n${number}.   ${text}\n`)
  }

  #servedBy(appliances: readonly string[]): readonly Session[] {
    return this.#sessions.filter(({ binding }) => binding !== null && appliances.includes(binding.appliance))
  }

  async #measure<Value>(what: string, moved: readonly Session[], act: () => Promise<Value>): Promise<Value> {
    const beganMs = performance.now()
    const value = await act()
    this.#losses.push({ what, ms: performance.now() - beganMs, moved: moved.length })
    return value
  }

  /** Every agent: who is signed in, the appliance before and now, and the reason of the decision that chose it. */
  #showAgents(): void {
    for (const session of this.#sessions) {
      const place = placeOf(session)
      const is = place === undefined ? 'not there' : sessionPlace(place)
      const was = this.#places.get(session) ?? is
      this.#places.set(session, is)
      const where = was === is ? is : `${was.replace(/ of .*/u, '')} → ${is}`
      this.#output.line(`  ${session.agent.id.padEnd(10)}${session.user.padEnd(8)}${where}`)
      this.#output.line(`                    ${reasonOf(session.agent, session)}`)
    }
  }
}

function placeOf(session: Session) {
  return session.agent.status?.sessions.find((one) => one.session === session.id)
}

/** The last decision that found this session an appliance. */
function reasonOf(agent: Agent, session: Session): string {
  const decision = agent.decisions.findLast(
    ({ outcome, sessions }) => outcome === 'found' && sessions.some((id) => id === session.id),
  )
  return decision === undefined ? 'no decision yet' : `${decision.reason} [${decision.rules.join(' ')}]`
}
