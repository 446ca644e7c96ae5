/**
 * The certificates of a lab, kept between runs: an authority and a certificate for each appliance, which carries the
 * host and address of that appliance and nothing else. One set is one folder, named for what it certifies, and appears
 * by one rename: whoever reads it finds all of it, and two runs that make it at once share what the first one made. The
 * authority's key signs the set and is never written.
 */
import { X509Certificate, createHash, createPrivateKey, randomBytes } from 'node:crypto'
import { mkdir, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import path from 'node:path'
import { assert } from '#shared/assert.ts'
import { type ApplianceId } from '#shared/ids.ts'
import { type Subject, createAuthority, identityDays, issue } from '#shared/pki/authority.ts'

export type CertifiedAppliance = {
  readonly id: ApplianceId
  readonly host: string
  readonly address?: string | undefined
}

export type LabPki = {
  readonly caFile: string
  /** The files of one appliance of the lab; another id is a defect. */
  of(id: ApplianceId): IdentityFiles
}

export type IdentityFiles = { readonly certificateFile: string; readonly keyFile: string }

const dayMs = 24 * 60 * 60 * 1000
/** A set that expires within a day is made anew, so that no run outlives it. */
const leftMinMs = dayMs

/** The set for these appliances in `folder`, made anew where there is none, or one that is damaged or expires soon. */
export async function labPki(
  folder: string,
  enterprise: string,
  appliances: readonly CertifiedAppliance[],
): Promise<LabPki> {
  await mkdir(folder, { recursive: true })
  const described = appliances.map(({ id, host, address }) => [id, host, address ?? null])
  const name = createHash('sha256')
    .update(JSON.stringify([enterprise, described]))
    .digest('hex')
    .slice(0, 16)
  const set = setIn(path.join(folder, name), appliances)
  if (await isSound(set, appliances)) return set

  await removeOld(folder)
  const making = path.join(folder, `making-${randomBytes(8).toString('hex')}`)
  await make(setIn(making, appliances), making, enterprise, appliances)
  await rename(path.join(folder, name), `${making}-old`).catch(ignoreMissing)
  // Refused when another run has put its set there in between; then that one serves.
  await rename(making, path.join(folder, name)).catch(() => rm(making, { recursive: true }))
  await rm(`${making}-old`, { recursive: true, force: true })
  assert(await isSound(set, appliances), 'a set of certificates that was just made is sound')
  return set
}

function setIn(folder: string, appliances: readonly CertifiedAppliance[]): LabPki {
  return {
    caFile: path.join(folder, 'authority.pem'),
    of(id) {
      const index = appliances.findIndex((appliance) => appliance.id === id)
      assert(index >= 0, 'certificates are asked for appliances of the lab')
      // Numbered too: an id may hold what a file name must not.
      const file = path.join(folder, `${index + 1}-${id.replaceAll(/[^\w.-]/gu, '_').slice(0, 60)}`)
      return { certificateFile: `${file}.pem`, keyFile: `${file}.key.pem` }
    },
  }
}

async function make(
  set: LabPki,
  folder: string,
  enterprise: string,
  appliances: readonly CertifiedAppliance[],
): Promise<void> {
  await mkdir(folder, { mode: 0o700 })
  const authority = await createAuthority(enterprise)
  await writeFile(set.caFile, authority.certificatePem)
  await Promise.all(
    appliances.map(async (appliance) => {
      const identity = await issue(authority, subjectOf(appliance))
      const files = set.of(appliance.id)
      await writeFile(files.keyFile, identity.keyPem, { mode: 0o600 })
      await writeFile(files.certificateFile, identity.certificatePem)
    }),
  )
}

function subjectOf({ id, host, address }: CertifiedAppliance): Subject {
  const carried = [...new Set(address === undefined ? [host] : [host, address])]
  return {
    commonName: id,
    names: carried.filter((name) => isIP(name) === 0),
    addresses: carried.filter((name) => isIP(name) !== 0),
  }
}

/** Whether every certificate of the set can be read, comes from its authority, has its key, and lasts long enough. */
async function isSound(set: LabPki, appliances: readonly CertifiedAppliance[]): Promise<boolean> {
  try {
    const authority = new X509Certificate(await readFile(set.caFile))
    const sound = await Promise.all(
      appliances.map(async ({ id }) => {
        const files = set.of(id)
        const certificate = new X509Certificate(await readFile(files.certificateFile))
        const key = createPrivateKey(await readFile(files.keyFile))
        return lasts(certificate) && certificate.verify(authority.publicKey) && certificate.checkPrivateKey(key)
      }),
    )
    return lasts(authority) && sound.every(Boolean)
  } catch {
    return false
  }
}

function lasts(certificate: X509Certificate): boolean {
  return certificate.validToDate.getTime() - Date.now() > leftMinMs
}

/** Sets of labs as they once were, and what a killed run left half made. */
async function removeOld(folder: string): Promise<void> {
  for (const entry of await readdir(folder)) {
    const file = path.join(folder, entry)
    const changed = await stat(file).catch(ignoreMissing)
    const old = changed !== undefined && Date.now() - changed.mtimeMs > identityDays * dayMs
    if (old && /^(?:making-)?[0-9a-f]{16}(?:-old)?$/u.test(entry)) await rm(file, { recursive: true, force: true })
  }
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error
}
