/**
 * `failover-lab why AGENT|SESSION`: the decision records of an agent or a session, in words (SP9), and when its sessions were
 * paused, why, and who answered (CH3).
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Decision } from '#shared/decision.ts'
import { suggest } from '#shared/topology/nearest.ts'
import { type HistoryEvent } from '../history.ts'
import { type Pause, pausesOf, pauseText } from '../pauses.ts'
import { exitCodes, WrongUsage } from '../outcome.ts'
import { defaultRunsFolder, runFolders } from '../run-folder.ts'
import { decisionText } from '../timeline.ts'
import { announcedLabs, isRunning } from '../up-state.ts'

export type WhyCommand = {
  readonly run?: string | undefined
  readonly runs?: string | undefined
  readonly json?: true | undefined
}

/** Of a long run the rest would only fill the memory. */
const told: ReadonlySet<HistoryEvent['type']> = new Set([
  'pass.ended',
  'status',
  'agent.started',
  'agent.stopped',
] as const)

/** The start of a session's id is enough when it is this long. */
const sessionPrefixMin = 6

export async function whyCommand(who: string, options: WhyCommand): Promise<number> {
  const folder = options.run ?? (await newestFolder(options.runs ?? defaultRunsFolder))
  const events = readEvents(folder)
  const decisions = events.flatMap((event) => (event.type === 'pass.ended' ? [event.decision] : []))
  const isMeant = (session: string): boolean =>
    session === who || (who.length >= sessionPrefixMin && session.startsWith(who))
  const meant = decisions.filter(({ agent, sessions }) => agent === who || sessions.some(isMeant))
  const pauses = pausesOf(events).filter(({ agent, session }) => agent === who || isMeant(session))
  if (meant.length === 0 && pauses.length === 0) {
    const known = [...new Set(decisions.flatMap(({ agent, sessions }) => [agent, ...sessions]))]
    throw new WrongUsage(
      `no decision of "${who}" in ${folder}; ${known.length === 0 ? 'it has none at all' : suggest(who, known)}`,
    )
  }
  if (options.json === true) process.stdout.write(`${JSON.stringify({ folder, decisions: meant, pauses }, null, 2)}\n`)
  else process.stdout.write(`${folder}\n\n${inOrder(meant, pauses).join('\n\n')}\n`)
  return exitCodes.pass
}

/** As they happened: what a pass decided comes before the pause that it led to. */
function inOrder(decisions: readonly Decision[], pauses: readonly Pause[]): readonly string[] {
  const decided = decisions.map((decision) => ({ at: decision.endedAtMs, text: decisionText(decision) }))
  const paused = pauses.map((pause) => ({ at: pause.from, text: pauseText(pause) }))
  return [...decided, ...paused].toSorted((a, b) => a.at - b.at).map(({ text }) => text)
}

/** The folder of a lab that is up, else of the newest run. */
async function newestFolder(runs: string): Promise<string> {
  const labs = announcedLabs()
  const running = await Promise.all(labs.map(isRunning))
  const live = labs.findLast((_, index) => running[index])
  const folder = live?.folder ?? runFolders(runs).findLast((run) => existsSync(historyIn(run)))
  if (folder === undefined) throw new WrongUsage(`there is no run in ${runs} yet; start with: failover-lab run all`)
  return folder
}

function historyIn(folder: string): string {
  return join(folder, 'history.ndjson')
}

function readEvents(folder: string): readonly HistoryEvent[] {
  const file = historyIn(folder)
  if (!existsSync(file)) throw new WrongUsage(`${folder} holds no history.ndjson`)
  // The last line of a lab that runs may be half written.
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1)
  return lines.flatMap((line) => {
    const event = JSON.parse(line) as HistoryEvent
    return told.has(event.type) ? [event] : []
  })
}
