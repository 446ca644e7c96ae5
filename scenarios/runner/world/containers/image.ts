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

/** Builds it where something has changed, and returns what the engine calls it. */
export async function labImage(): Promise<string> {
  const given = process.env[imageVariable]
  if (given !== undefined) return given
  if (!existsSync(join(projectRoot, 'Dockerfile'))) {
    throw new LabFailed(
      `--world compose builds its image, and ${projectRoot} has no Dockerfile: use a working copy of the project, or name an image in ${imageVariable}`,
    )
  }
  const tag = `failover-lab:${readVersions()['failover-lab']}`
  await docker(['build', '--network', 'host', '--quiet', '--tag', tag, projectRoot], buildWithinMs)
  // By its id: another working copy may give its own image the same name meanwhile.
  return (await docker(['image', 'inspect', '--format', '{{.Id}}', tag], inspectWithinMs)).trim()
}
