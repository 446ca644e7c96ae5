import { X509Certificate } from 'node:crypto'
import { mkdtemp, readFile, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ApplianceId } from '#shared/ids.ts'
import { createAuthority, issue } from '#shared/pki/authority.ts'
import { labPki } from '#shared/pki/cache.ts'

const chicago = { id: ApplianceId('chicago/1'), host: 'chicago-1.hospital.example', address: '10.1.0.11' }
const dallas = { id: ApplianceId('dallas-1'), host: '10.2.0.11' }
const appliances = [chicago, dallas]

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'pki-'))
})
afterAll(() => rm(folder, { recursive: true }))

async function certificate(file: string): Promise<X509Certificate> {
  return new X509Certificate(await readFile(file))
}

describe('authority', () => {
  test('a certificate carries the names given, both uses, and a chain to its authority', async () => {
    const authority = await createAuthority('Hospital')
    const identity = await issue(authority, {
      commonName: 'a',
      names: ['a.example'],
      addresses: ['10.0.0.1', 'fd00::1'],
    })
    const issued = new X509Certificate(identity.certificatePem)
    const issuer = new X509Certificate(authority.certificatePem)
    expect(issued.subjectAltName).toBe('DNS:a.example, IP Address:10.0.0.1, IP Address:FD00:0:0:0:0:0:0:1')
    expect(issued.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2'])
    expect(issued.ca).toBe(false)
    expect(issuer.ca).toBe(true)
    expect(issued.checkIssued(issuer) && issued.verify(issuer.publicKey)).toBe(true)
    expect(issued.serialNumber).toMatch(/^4[0-9A-F]{31}$/u)
    const days = (issued.validToDate.getTime() - Date.now()) / 86_400_000
    expect(days).toBeGreaterThan(6.9)
    expect(days).toBeLessThan(7.1)
  })
})

describe('certificates of a lab', () => {
  test('each appliance has its host and address and nothing else; keys are for their owner alone', async () => {
    const pki = await labPki(path.join(folder, 'names'), 'Hospital', appliances)
    const named = await certificate(pki.of(chicago.id).certificateFile)
    expect(named.subjectAltName).toBe('DNS:chicago-1.hospital.example, IP Address:10.1.0.11')
    expect((await certificate(pki.of(dallas.id).certificateFile)).subjectAltName).toBe('IP Address:10.2.0.11')
    expect((await stat(pki.of(chicago.id).keyFile)).mode & 0o777).toBe(0o600)
    expect(() => pki.of(ApplianceId('boston-1'))).toThrow('appliances of the lab')
  })

  test('a sound set is kept, and other names make another', async () => {
    const at = path.join(folder, 'kept')
    const first = await labPki(at, 'Hospital', appliances)
    const made = await readFile(first.caFile, 'utf8')
    expect(await readFile((await labPki(at, 'Hospital', appliances)).caFile, 'utf8')).toBe(made)
    const renamed = await labPki(at, 'Hospital', [{ ...chicago, host: 'chicago-2.hospital.example' }, dallas])
    expect((await certificate(renamed.of(chicago.id).certificateFile)).subjectAltName).toContain('chicago-2')
    expect(await readFile(first.caFile, 'utf8')).toBe(made)
  })

  test('a damaged set, or one with a foreign key, is made anew', async () => {
    const at = path.join(folder, 'damaged')
    const pki = await labPki(at, 'Hospital', appliances)
    const files = pki.of(dallas.id)
    await writeFile(files.certificateFile, 'not a certificate')
    await labPki(at, 'Hospital', appliances)
    expect((await certificate(files.certificateFile)).subject).toBe('CN=dallas-1')
    const foreign = await readFile(pki.of(chicago.id).keyFile)
    await writeFile(files.keyFile, foreign)
    await labPki(at, 'Hospital', appliances)
    expect(await readFile(files.keyFile)).not.toEqual(foreign)
    expect(await readdir(at)).toHaveLength(1)
  })

  test('two runs that make the set at once end with one sound set', async () => {
    const at = path.join(folder, 'raced')
    await Promise.all([labPki(at, 'Hospital', appliances), labPki(at, 'Hospital', appliances)])
    expect(await readdir(at)).toHaveLength(1)
  })

  test('what old runs left is removed, and nothing that is not ours', async () => {
    const at = path.join(folder, 'old')
    const old = await labPki(at, 'Former', appliances)
    await writeFile(path.join(at, 'README'), 'mine')
    const weekAgo = Date.now() / 1000 - 8 * 86_400
    await utimes(path.dirname(old.caFile), weekAgo, weekAgo)
    await utimes(path.join(at, 'README'), weekAgo, weekAgo)
    const pki = await labPki(at, 'Hospital', appliances)
    expect((await readdir(at)).sort((a, b) => a.localeCompare(b))).toEqual(
      [path.basename(path.dirname(pki.caFile)), 'README'].sort((a, b) => a.localeCompare(b)),
    )
  })
})
