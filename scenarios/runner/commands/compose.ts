/** `failover-lab compose LAB`: the enterprise as a compose file on standard output. */
import { composeFile } from '../compose/compose-file.ts'
import { defaultFirstPort, layoutOf } from '../compose/layout.ts'
import { loadLab } from '../lab-file.ts'
import { exitCodes } from '../outcome.ts'
import { readVersions } from '../versions.ts'

export type ComposeCommand = {
  readonly project: string
  readonly context: string
  readonly firstPort?: number | undefined
  readonly timeScale?: number | undefined
}

export function composeCommand(lab: string, options: ComposeCommand): number {
  process.stdout.write(composeText(lab, options))
  return exitCodes.pass
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
    image: `failover-lab:${readVersions()['failover-lab']}`,
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
