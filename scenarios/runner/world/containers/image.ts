/** The image of the lab's programs, built from this very working copy, so that what runs is what stands here. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { LabFailed } from '../../outcome.ts'
import { projectRoot } from '../../run-folder.ts'
import { readVersions } from '../../versions.ts'
import { docker } from './docker.ts'

const buildWithinMs = 600_000
const inspectWithinMs = 15_000

/** Names an image that is there already; nothing is built then. */
const imageVariable = 'FAILOVER_LAB_IMAGE'

export type LabImages = {
  readonly lab: string
  /** Of containers that hold a network with routes; `null` where no agent has any. */
  readonly network: string | null
}

/** Builds what has changed, and returns what the engine calls it; `needsNetwork`: some agent has routes. */
export async function labImages(needsNetwork: boolean, signal?: AbortSignal): Promise<LabImages> {
  const given = process.env[imageVariable]
  if (given !== undefined) return { lab: given, network: needsNetwork ? `${given}-network` : null }
  if (!existsSync(join(projectRoot, 'Dockerfile'))) {
    throw new LabFailed(
      `--world compose builds its image, and ${projectRoot} has no Dockerfile: use a working copy of the project, or name an image in ${imageVariable}`,
    )
  }
  const tag = `failover-lab:${readVersions()['failover-lab']}`
  const lab = await build(tag, [], signal)
  const file = join(projectRoot, 'containers', 'network.Dockerfile')
  return { lab, network: needsNetwork ? await build(`${tag}-network`, ['--file', file], signal) : null }
}

async function build(tag: string, flags: readonly string[], signal: AbortSignal | undefined): Promise<string> {
  const parameters = ['build', '--network', 'host', '--quiet', '--tag', tag, ...flags, projectRoot]
  await docker(parameters, buildWithinMs, signal)
  // By its id: another working copy may give its own image the same name meanwhile.
  return (await docker(['image', 'inspect', '--format', '{{.Id}}', tag], inspectWithinMs)).trim()
}
