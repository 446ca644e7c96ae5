/** The `appliances` section: hosts and ports, roles (ST7, GN1), affinity locks (SV1), no failover rules (ST10). */
import { ApplianceId, SiteId } from '#shared/ids.ts'
import { type Appliance, type Generation, type Role } from '#shared/topology/model.ts'
import { ApplianceFile } from '#shared/topology/file.schema.ts'
import { type Path, type Report, formatField } from '#shared/topology/problems.ts'
import { checkId, readAddress, reportDuplicates, reportUnknown } from '#shared/topology/reading.ts'
import { type SiteBook } from '#shared/topology/read-sites.ts'
import { type Item, readItems } from '#shared/topology/shape.schema.ts'
import { defaultPort, formatServer, looksLikeAddress, parseHost } from '#shared/topology/server.ts'

/** G4: more are refused (ST7). */
const databasesMax = 2

export type Appliances = { readonly appliances: readonly Appliance[]; readonly complete: boolean }

type Placed = { readonly appliance: Appliance; readonly item: Item<ApplianceFile>; readonly idPath: Path }

/** Without a list of appliances (`undefined`, reported elsewhere) nothing is known about what they are. */
export function readAppliances(
  values: readonly unknown[] | undefined,
  generation: Generation,
  book: SiteBook,
  report: Report,
): Appliances {
  const { items, complete } = readItems(ApplianceFile, values, ['appliances'], report)
  if (values?.length === 0) {
    const text = 'the enterprise has no appliance'
    report({ code: 'no-appliance', rule: 'ST1', path: ['appliances'], text, remedy: 'add an appliance' })
  }
  const roles = rolesOf(items, generation)
  const placed = items.map((item, index) => readAppliance(item, roles[index] ?? 'service', book, report))
  checkNames(placed, report)
  checkRoles(placed, generation, complete, report)
  for (const one of placed) checkAffinity(one, placed, complete, report)
  return { appliances: placed.map(({ appliance }) => appliance), complete: complete && values !== undefined }
}

/**
 * ST7: a stated role counts; where the file states none, the first two appliances are databases. Once any role is
 * stated, an appliance without one is a service. In G3 every appliance is a database (GN1).
 */
function rolesOf(items: readonly Item<ApplianceFile>[], generation: Generation): readonly Role[] {
  if (generation === 'G3') return items.map(() => 'database')
  const stated = items.some(({ value }) => value.role !== undefined)
  return items.map(({ value }, index) => {
    if (stated) return value.role ?? 'service'
    return index < databasesMax ? 'database' : 'service'
  })
}

function readAppliance(item: Item<ApplianceFile>, role: Role, book: SiteBook, report: Report): Placed {
  const { value, path } = item
  if (Object.hasOwn(value, 'failover')) {
    const text = `${formatField(path)} has a failover rule of its own, but failover rules belong to sites`
    const finding = { code: 'failover-on-appliance', rule: 'ST10', path: [...path, 'failover'] }
    report({ ...finding, at: 'key', text, remedy: 'move it to the site of this appliance' })
  }
  const host = readHost(value, path, report)
  const idPath = [...path, value.id === undefined ? 'host' : 'id']
  if (value.id !== undefined) checkId(value.id, idPath, report)
  const id = value.id ?? (looksLikeAddress(host) ? host : (host.split('.')[0] ?? host))
  const address = readApplianceAddress(value, host, path, report)
  const appliance: Appliance = {
    id: ApplianceId(id),
    site: readSiteOf(value, path, book, report),
    role,
    host,
    port: value.port ?? defaultPort,
    ...(address === null ? {} : { address }),
    ...(value.dataCenter === undefined ? {} : { dataCenter: value.dataCenter }),
    ...(value.capacity === undefined ? {} : { capacity: value.capacity }),
    ...(value.affinityLock === undefined ? {} : { affinityLock: ApplianceId(value.affinityLock) }),
  }
  return { appliance, item, idPath }
}

function readHost(value: ApplianceFile, path: Path, report: Report): string {
  const host = parseHost(value.host)
  if (host.ok) return host.value
  const here = [...path, 'host']
  const remedy = 'write a DNS name such as dal1.yourco.com, or an address'
  const rule = looksLikeAddress(value.host) ? 'ST3' : null
  report({ code: 'invalid-host', rule, path: here, text: `${formatField(here)}: ${host.error}`, remedy })
  return value.host
}

function readApplianceAddress(value: ApplianceFile, host: string, path: Path, report: Report): string | null {
  if (value.address === undefined) return looksLikeAddress(host) ? host : null
  const here = [...path, 'address']
  const address = readAddress(value.address, here, report)
  if (address !== null && looksLikeAddress(host) && address !== host) {
    const text = `the host of ${formatField(path)} is an address already, ${host}, and not this one`
    report({
      code: 'address-contradicts-host',
      rule: null,
      path: here,
      text,
      remedy: 'remove the address, or write a DNS name as host',
    })
  }
  return address
}

function readSiteOf(value: ApplianceFile, path: Path, book: SiteBook, report: Report): SiteId {
  const site = book.find(value.site)
  if (site === undefined && book.complete) {
    const finding = { code: 'appliance-of-unknown-site', rule: 'ST1', path: [...path, 'site'] }
    reportUnknown({ ...finding, text: `there is no site "${value.site}"` }, value.site, book.words, report)
  }
  return site ?? SiteId(value.site)
}

/** One id and one endpoint for each: an agent tells appliances apart by what it dials (SP3). */
function checkNames(placed: readonly Placed[], report: Report): void {
  const ids = placed.map(({ appliance, idPath }) => ({ name: appliance.id, path: idPath }))
  reportDuplicates(ids, 'appliance-id', null, report)
  const dialled = placed.map(({ appliance, item }) => {
    const { host, address, port } = appliance
    const key = item.value.address === undefined ? 'host' : 'address'
    return { name: formatServer({ host: address ?? host, port }), path: [...item.path, key] }
  })
  reportDuplicates(dialled, 'endpoint', 'SP3', report)
}

function checkRoles(placed: readonly Placed[], generation: Generation, complete: boolean, report: Report): void {
  if (generation === 'G3') {
    for (const { item } of placed.filter(({ item }) => item.value.role === 'service')) {
      const text = 'in G3 every appliance is a database'
      const remedy = 'remove the role, or write generation: G4'
      report({ code: 'service-in-g3', rule: 'GN1', path: [...item.path, 'role'], text, remedy })
    }
    return
  }
  const databases = placed.filter(({ appliance }) => appliance.role === 'database')
  for (const { item, appliance } of databases.slice(databasesMax)) {
    const text = `${appliance.id} is a third database, and a G4 enterprise has at most ${databasesMax}`
    const finding = { code: 'third-database', rule: 'ST7', path: [...item.path, 'role'] }
    report({ ...finding, text, remedy: 'write role: service' })
  }
  if (databases.length === 0 && placed.length > 0 && complete) {
    const text = 'no appliance is a database'
    report({
      code: 'no-database',
      rule: 'ST7',
      path: ['appliances'],
      text,
      remedy: 'write role: database at one or two appliances',
    })
  }
}

/** SV1: a service appliance may be locked to one database; a database has no affinity. */
function checkAffinity(one: Placed, placed: readonly Placed[], complete: boolean, report: Report): void {
  const { appliance, item } = one
  const path = [...item.path, 'affinityLock']
  if (appliance.affinityLock === undefined) return
  if (appliance.role === 'database') {
    const text = `${appliance.id} is a database and works through no other`
    report({ code: 'affinity-lock-on-database', rule: 'SV1', path, text, remedy: 'remove it, or write role: service' })
    return
  }
  const databases = placed.filter((other) => other.appliance.role === 'database').map((other) => other.appliance.id)
  if (!complete || databases.includes(appliance.affinityLock)) return
  const finding = { code: 'affinity-lock-names-no-database', rule: 'SV1', path }
  const text = `there is no database "${appliance.affinityLock}"`
  reportUnknown({ ...finding, text }, appliance.affinityLock, databases, report)
}
