/**
 * One lab of containers as a compose project: its files in the run's folder, its containers created and not yet started,
 * and a sweeper that takes all of it down.
 */
import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { composeFile, configuredServices, dataFolder, networkHoldersOf } from '../../compose/compose-file.ts'
import { type Layout } from '../../compose/layout.ts'
import { LabFailed, messageOf } from '../../outcome.ts'
import { writePrivate } from '../programs.ts'
import { docker } from './docker.ts'
import { type LabImages } from './image.ts'
import { type Sweeper, standBy } from './sweeper.ts'

export type ProjectOptions = {
  readonly layout: Layout
  /** The run's folder; an absolute path. */
  readonly folder: string
  readonly images: LabImages
  /** Aborted: what is under way is given up. */
  readonly signal: AbortSignal
}

export interface Project {
  readonly name: string
  readonly image: string
  /** `UID:GID` of every process in a container. */
  readonly user: string
  /** Has a folder for each service, which is `/config` there. */
  readonly folder: string
  /** Its compose files. */
  readonly files: readonly [string, string]
  containerOf(service: string): string
  logOf(name: string): string
  tapOf(service: string): string
  /** What is `/data` in a service. */
  dataOf(service: string): string
  /** Makes the folders of a service. */
  prepare(service: string): void
  /** Puts a file into the `/config` of a service: `make` writes it. */
  give(service: string, name: string, make: (file: string) => void): void
  /** The same with JSON. */
  write(service: string, name: string, content: unknown): void
  /** Creates the containers of the compose files, and of another one that comes later. */
  create(laterFile?: string): Promise<void>
}

const createWithinMs = 180_000
const fileMode = 0o600
const folderMode = 0o700

/** Writes the compose file and creates containers and networks. From here on `undo` takes them down. */
export async function openProject(options: ProjectOptions, undo: AsyncDisposableStack): Promise<Project> {
  const { layout, folder, images, signal } = options
  const image = images.lab
  const project = projectIn(folder, image, signal)
  const { name } = project
  for (const service of configuredServices(layout)) project.prepare(service)
  const [main, overrides] = project.files
  const head = ['One run of failover-lab, which starts and ends the containers itself.']
  const files = { kind: 'bind', folder: project.folder, user: project.user } as const
  writeFileSync(main, composeFile(layout, { project: name, image, context: null, files, head }))
  writeFileSync(overrides, stringify(overridesOf(layout, project, images)))
  const sweeper: Sweeper = await standBy(name, project.files, join(folder, 'sweeper.log'))
  undo.defer(async () => await sweeper.sweep())
  await project.create().catch((error: unknown) => {
    if (signal.aborted) throw error
    throw new LabFailed(
      `the containers of the lab could not be created: ${messageOf(error)}\nThe networks and ports of a lab are fixed, so that only one can be up on a machine: \`failover-lab down\` ends one that was started with \`up\`, \`docker compose ls --all\` names others.`,
    )
  })
  return project
}

function projectIn(folder: string, image: string, signal: AbortSignal): Project {
  const name = `failover-lab-${process.pid}`
  const base = join(folder, 'compose')
  const owner = ownerOf()
  const files = [join(base, 'docker-compose.yml'), join(base, 'world.yml')] as const
  const own = (file: string, mode: number): void => {
    chmodSync(file, mode)
    chownSync(file, owner.uid, owner.gid)
  }
  const ownFolder = (...path: readonly string[]): void => {
    mkdirSync(join(base, ...path), { recursive: true })
    own(join(base, ...path), folderMode)
  }
  const give: Project['give'] = (service, file, make) => {
    const path = join(base, service, file)
    make(path)
    own(path, fileMode)
  }
  ownFolder()
  ownFolder('taps')
  ownFolder('data')
  return {
    name,
    image,
    user: `${owner.uid}:${owner.gid}`,
    folder: base,
    files,
    containerOf: (service) => `${name}-${service}-1`,
    logOf: (process) => join(folder, `${process}.log`),
    tapOf: (service) => join(base, 'taps', `${service}.sockets.ndjson`),
    dataOf: (service) => join(base, 'data', service),
    prepare(service) {
      ownFolder(service)
      ownFolder('data', service)
    },
    give,
    write: (service, file, content) => give(service, file, (path) => writePrivate(path, content)),
    async create(laterFile) {
      const given = [...files, ...(laterFile === undefined ? [] : [laterFile])].flatMap((file) => ['--file', file])
      const create = ['compose', '--project-name', name, ...given, 'up', '--no-start', '--no-recreate']
      await docker(create, createWithinMs, signal)
    },
  }
}

/** The lab decides itself when a process ends and comes back; it asks for health more often than the engine does. */
function overridesOf(layout: Layout, project: Project, images: LabImages) {
  const services = [...layout.appliances, ...layout.agents].map(({ service }) => {
    const volumes = [`${project.dataOf(service)}:${dataFolder}`]
    return [service, { ...byHand, volumes }] as const
  })
  const others = [layout.toxiproxy, layout.lab].map(({ service }) => [service, byHand] as const)
  const holders = networkHoldersOf(layout).map((service) => [service, { ...byHand, image: images.network }] as const)
  return { services: Object.fromEntries([...services, ...others, ...holders]) }
}

const byHand = { restart: 'no', healthcheck: { disable: true } } as const

/** Containers have no root of their own: under root they run as the image's own user. */
function ownerOf(): { readonly uid: number; readonly gid: number } {
  const [uid, gid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0]
  return uid === 0 ? { uid: 1000, gid: 1000 } : { uid, gid }
}
