/** `failover-lab compose LAB`: the enterprise as a compose file, or as a Swarm stack, on standard output. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { composeFile } from '../compose/compose-file.ts'
import { defaultFirstPort, layoutOf } from '../compose/layout.ts'
import { secretsOf } from '../compose/setup.ts'
import { dataCenterLabel, stackOf } from '../compose/stack.ts'
import { loadLab } from '../lab-file.ts'
import { exitCodes } from '../outcome.ts'
import { cacheFolder } from '../run-folder.ts'
import { readVersions } from '../versions.ts'

export type ComposeCommand = {
  readonly project: string
  readonly context: string
  readonly firstPort?: number | undefined
  readonly timeScale?: number | undefined
  /** Folder for the secrets of a stack. */
  readonly stack?: string | undefined
}

export async function composeCommand(lab: string, options: ComposeCommand): Promise<number> {
  const { stack } = options
  process.stdout.write(stack === undefined ? composeText(lab, options) : await stackText(lab, options.timeScale, stack))
  return exitCodes.pass
}

/** The whole stack file; what its secrets hold is written into `folder`, for its owner alone. */
export async function stackText(lab: string, timeScale: number | undefined, folder: string): Promise<string> {
  const { name, enterprise } = loadLab(lab, timeScale)
  const layout = layoutOf(enterprise)
  const { secrets } = await secretsOf(layout, cacheFolder)
  const labels = new Set(layout.appliances.map(({ appliance }) => `${dataCenterLabel(appliance)}=true`))
  const { text, files } = stackOf(layout, secrets, {
    image: imageName(),
    folder: resolve(folder),
    head: [
      `${enterprise.topology.enterprise}, printed by: failover-lab compose ${name} --stack ${folder}`,
      `Nodes need the label of the data centers whose appliances they run: ${[...labels].join(', ')}`,
    ],
  })
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  for (const file of files) writeFileSync(join(folder, file.name), file.content, { mode: 0o600 })
  return text
}

function imageName(): string {
  return `failover-lab:${readVersions()['failover-lab']}`
}

/** The whole file, as the command prints it. */
export function composeText(lab: string, options: ComposeCommand): string {
  const { project, context, timeScale, firstPort = defaultFirstPort } = options
  const { name, text, enterprise } = loadLab(lab, timeScale)
  const layout = layoutOf(enterprise, { firstPort })
  const addresses =
    layout.addresses === 'real'
      ? ['Agents read the interfaces and routes of their containers.']
      : ['Agents are told their addresses; no container can have them:', ...layout.reasons.map((one) => `  ${one}`)]
  return composeFile(layout, {
    project,
    image: imageName(),
    context,
    files: {
      kind: 'setup',
      enterpriseFile: text,
      flags: [
        ...(firstPort === defaultFirstPort ? [] : ['--first-port', String(firstPort)]),
        ...(timeScale === undefined ? [] : ['--time-scale', String(timeScale)]),
      ],
    },
    head: [`${enterprise.topology.enterprise}, printed by: failover-lab compose ${name}`, ...addresses],
  })
}
