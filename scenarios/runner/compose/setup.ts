/**
 * The work of the service `setup`: writes what every container of a lab reads at start into its volume, once. Run again
 * it changes nothing, so that a lab that is started a second time keeps its certificates, tokens and data.
 */
import { createHash, X509Certificate } from 'node:crypto'
import { chownSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { labPki } from '#shared/pki/cache.ts'
import { newSeed } from '../arguments.ts'
import { loadLab } from '../lab-file.ts'
import { WrongUsage } from '../outcome.ts'
import { doorToken } from '../world/programs.ts'
import { verifiersOf } from '../world/verifiers.ts'
import { volumesOf } from './compose-file.ts'
import { configFiles, type LabSecrets } from './config-files.ts'
import { type Layout, layoutOf } from './layout.ts'

export type SetupOptions = {
  /** The enterprise file. */
  readonly lab: string
  readonly firstPort: number
  readonly timeScale: number | undefined
  /** Has the mounted volumes, each in a folder of its name. */
  readonly volumes: string
  /** Certificates are made here. */
  readonly scratch: string
  /** Who owns what is written; `undefined`: the caller. */
  readonly owner: number | undefined
}

const dayMs = 24 * 60 * 60 * 1000
const stampFile = 'made.json'
const modes = { folder: 0o755, secret: 0o400, proxies: 0o444 } as const

/** Writes all, or nothing where the volumes hold this very lab with certificates for another day. Tells which. */
export async function setUp(options: SetupOptions): Promise<string> {
  const { enterprise, text } = loadLab(options.lab, options.timeScale)
  if (enterprise.topology.settings.enrolment === 'demanded') {
    throw new WrongUsage(
      `${options.lab}: /settings/enrolment is demanded, but containers that start by themselves have nobody to hand out tokens; write enrolment: off, or run a scenario with --world compose`,
    )
  }
  const layout = layoutOf(enterprise, { firstPort: options.firstPort })
  const digest = createHash('sha256')
    .update(JSON.stringify([text, options.firstPort, options.timeScale ?? null]))
    .digest('hex')
  const stamp = join(options.volumes, `config-${layout.lab.service}`, stampFile)
  if (isMade(stamp, digest)) return 'the volumes hold this lab already'

  for (const volume of volumesOf(layout)) ownFolder(join(options.volumes, volume), options.owner)
  const { secrets, validTo } = await secretsOf(layout, options.scratch)
  for (const { service, name, content } of configFiles(layout, secrets)) {
    const mode = service === layout.toxiproxy.service ? modes.proxies : modes.secret
    writeOwned(join(options.volumes, `config-${service}`, name), content, mode, options.owner)
  }
  // Last: a lab that was written in part is written again.
  writeOwned(stamp, JSON.stringify({ digest, validTo }), modes.secret, options.owner)
  return `${layout.appliances.length} appliances and ${layout.agents.length} agent processes are set up, addresses ${layout.addresses}`
}

/** Fresh tokens, and certificates that are kept in `scratch`. `validTo`: the day on which the first of them ends. */
export async function secretsOf(layout: Layout, scratch: string): Promise<{ secrets: LabSecrets; validTo: string }> {
  const { enterprise } = layout
  const { appliances, enterprise: name } = enterprise.topology
  const [pki, people] = await Promise.all([labPki(join(scratch, 'pki'), name, appliances), verifiersOf(enterprise)])
  const read = (file: string): string => readFileSync(file, 'utf8')
  const tokens = new Map<string, string>()
  const secrets: LabSecrets = {
    seed: newSeed(),
    people,
    authority: read(pki.caFile),
    identityOf(id) {
      const { certificateFile, keyFile } = pki.of(id)
      return { certificate: read(certificateFile), key: read(keyFile) }
    },
    tokenOf(service) {
      const token = tokens.get(service) ?? doorToken()
      tokens.set(service, token)
      return token
    },
  }
  const ends = appliances.map(({ id }) => new X509Certificate(read(pki.of(id).certificateFile)).validToDate)
  const first = ends.toSorted((a, b) => a.getTime() - b.getTime())[0]
  return { secrets, validTo: (first ?? new Date()).toISOString() }
}

function isMade(stamp: string, digest: string): boolean {
  if (!existsSync(stamp)) return false
  const made = JSON.parse(readFileSync(stamp, 'utf8')) as { digest: string; validTo: string }
  return made.digest === digest && Date.parse(made.validTo) > Date.now() + dayMs
}

function ownFolder(folder: string, owner: number | undefined): void {
  mkdirSync(folder, { recursive: true, mode: modes.folder })
  if (owner !== undefined) chownSync(folder, owner, owner)
}

function writeOwned(file: string, content: string, mode: number, owner: number | undefined): void {
  // A file that its owner may only read is replaced.
  rmSync(file, { force: true })
  writeFileSync(file, content, { mode })
  if (owner !== undefined) chownSync(file, owner, owner)
}
