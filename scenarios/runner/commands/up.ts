/** `failover-lab up LAB`: starts a lab and keeps it until Ctrl-C or `failover-lab down`. */
import { join, resolve } from 'node:path'
import { newSeed } from '../arguments.ts'
import { recordHistory } from '../history-recorder.ts'
import { aborted, type Interrupts } from '../interrupts.ts'
import { loadLab } from '../lab-file.ts'
import { exitCodes } from '../outcome.ts'
import { type Output, outputTo } from '../output.ts'
import { writeInputs } from '../run.ts'
import { cacheFolder, defaultRunsFolder, makeRunFolder } from '../run-folder.ts'
import { timeline } from '../timeline.ts'
import { announceLab } from '../up-state.ts'
import { readVersions } from '../versions.ts'
import { wallMs } from '../wall-clock.ts'
import { type WorldKind } from '../world/home.ts'
import { openWorld, type World } from '../world/world.ts'
import { writePrivate } from '../world/programs.ts'

export type UpCommand = {
  readonly seed?: string | undefined
  readonly timeScale?: number | undefined
  readonly world?: WorldKind | undefined
  readonly json?: true | undefined
  readonly runs?: string | undefined
}

export async function upCommand(lab: string, options: UpCommand, interrupts: Interrupts): Promise<number> {
  const file = loadLab(lab, options.timeScale)
  const seed = options.seed ?? newSeed()
  const output = outputTo(options.json === true ? process.stderr : process.stdout)
  const folder = makeRunFolder(options.runs ?? defaultRunsFolder, `up-${file.name}`, seed)
  writeInputs(folder, file, seed, readVersions())
  await using left = new AsyncDisposableStack()
  const recorder = recordHistory(join(folder, 'history.ndjson'))
  left.defer(async () => await recorder.close())
  const scale = { beganAt: wallMs(), timeScale: file.enterprise.topology.settings.timeScale }
  const linesOf = timeline(scale)
  recorder.listen((event) => {
    for (const line of linesOf(event)) output.line(line)
  })
  const { enterprise } = file
  const { signal } = interrupts
  const { world: kind = 'processes' } = options
  const world = await openWorld({ kind, enterprise, seed, folder, cacheFolder, extraEndpoints: [], recorder, signal })
  left.defer(async () => await world.close())
  left.use(await announceLab(lab, folder))
  tellDoors(world, folder, output, options.json === true)
  // A child that dies is a failure of the lab; otherwise it stays until it is told to go.
  await Promise.race([
    aborted(signal),
    world.view.failed.catch((error: unknown) => (signal.aborted ? undefined : Promise.reject(error))),
  ])
  return exitCodes.pass
}

function tellDoors(world: World, folder: string, output: Output, json: boolean): void {
  const appliances = [...world.appliances.values()].map(({ appliance, door }) => ({
    name: appliance.id,
    port: door.port,
    token: door.token,
  }))
  const agents = [...world.agents.values()].map(({ name, door }) => ({ name, port: door.port, token: door.token }))
  const file = join(folder, 'doors.json')
  writePrivate(file, { appliances, agents })
  if (json)
    process.stdout.write(
      `${JSON.stringify({ folder, doors: file, appliances: appliances.length, agents: agents.length })}\n`,
    )
  const [agent] = agents
  output.line(
    `\nThe lab is up: ${appliances.length} appliances, ${agents.length} agent processes. Control doors and tokens: ${file}`,
  )
  if (agent !== undefined) {
    // A terminal may be somebody's log, so the line reads the token where it is kept (SC2).
    const token = `$(node -p "require('${resolve(file)}').agents[0].token")`
    output.line(`  curl -H "Authorization: Bearer ${token}" http://127.0.0.1:${agent.port}/agents`)
    output.line(`  failover-lab why ${agent.name}`)
  }
  output.line('  Ctrl-C, or failover-lab down in another terminal, ends it.\n')
}
