/** The `sites` section: ranges (ST2, ST3), types (ST6) and failover references (ST5). */
import { SiteId } from '#shared/ids.ts'
import { type AddressRange, type FailoverSites, type Site } from '#shared/topology/model.ts'
import { FailoverFile, SiteFile } from '#shared/topology/file.schema.ts'
import { type Path, type Report, formatField } from '#shared/topology/problems.ts'
import { checkId, readAddressRange, reportDuplicates, reportUnknown } from '#shared/topology/reading.ts'
import { type Item, readItems, readShape } from '#shared/topology/shape.schema.ts'

/** Finds a site by its id or its name. */
export type SiteBook = {
  readonly find: (word: string) => SiteId | undefined
  readonly words: readonly string[]
  /** There are sites and every one could be read, so that a word that finds nothing is a mistake. */
  readonly complete: boolean
}

type Named = Item<SiteFile> & { readonly id: SiteId; readonly idPath: Path }

/** Without a list of sites (`undefined`, reported elsewhere) nothing is known about what they are. */
export function readSites(
  values: readonly unknown[] | undefined,
  report: Report,
): { readonly sites: readonly Site[]; readonly book: SiteBook } {
  const { items, complete } = readItems(SiteFile, values, ['sites'], report)
  const named = items.map((item) => identify(item, report))
  if (values?.length === 0) {
    report({ code: 'no-site', rule: 'ST1', path: ['sites'], text: 'the enterprise has no site', remedy: 'add a site' })
  }
  reportDuplicates(
    named.map(({ id, idPath }) => ({ name: id, path: idPath })),
    'site-id',
    'ST9',
    report,
  )
  checkNames(named, report)
  const book = siteBook(named, complete && named.length > 0)
  return { sites: named.map((site) => readSite(site, book, report)), book }
}

/** Sites may be referred to by name, and a report that says *North* must mean one of them. */
function checkNames(named: readonly Named[], report: Report): void {
  const distinct = new Map(named.map((site) => [site.id, site]))
  const names = [...distinct.values()].map(({ value, path }) => ({ name: value.name, path: [...path, 'name'] }))
  reportDuplicates(names, 'site-name', 'ST1', report)
}

/** The id is the name in kebab-case unless one is stated: a later change of the name must not change it (ST9). */
function identify(item: Item<SiteFile>, report: Report): Named {
  const { id, name } = item.value
  if (id !== undefined) {
    checkId(id, [...item.path, 'id'], report)
    return { ...item, id: SiteId(id), idPath: [...item.path, 'id'] }
  }
  const fromName = kebabCase(name)
  const namePath = [...item.path, 'name']
  if (fromName === '') {
    const text = `no id can be made of the name of ${formatField(item.path)}`
    report({ code: 'site-without-id', rule: 'ST9', path: namePath, text, remedy: 'add id: and a short word' })
  }
  return { ...item, id: SiteId(fromName), idPath: namePath }
}

function kebabCase(name: string): string {
  return name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/gu, '-')
    .replaceAll(/^-|-$/gu, '')
}

function siteBook(named: readonly Named[], complete: boolean): SiteBook {
  const byId = new Map<string, SiteId>(named.map(({ id }) => [id, id]))
  const byName = new Map(named.map(({ id, value }) => [value.name, id]))
  return { find: (word) => byId.get(word) ?? byName.get(word), words: [...byId.keys()], complete }
}

function readSite({ value, path, id }: Named, book: SiteBook, report: Report): Site {
  if (Object.hasOwn(value, 'externalServers')) {
    const text = `${formatField(path)}.externalServers is planned and not in this version`
    const finding = { code: 'external-servers-planned', rule: 'EX1', path: [...path, 'externalServers'] }
    report({ ...finding, at: 'key', text, remedy: 'remove it' })
  }
  const type = value.type ?? 'active'
  const written = value.ranges ?? []
  if (type === 'hot-standby' && written.length > 0) {
    const text = `the hot-standby site ${id} has ranges, but it is nobody's home site`
    const remedy = 'remove the ranges, or make it an active site'
    report({ code: 'hot-standby-with-ranges', rule: 'ST6', path: [...path, 'ranges'], text, remedy })
  }
  const ranges = written
    .map((text, index) => readAddressRange(text, [...path, 'ranges', index], report))
    .filter((range): range is AddressRange => range !== null)
  return { id, name: value.name, type, ranges, failover: readFailover(value, path, id, book, report) }
}

function readFailover(site: SiteFile, path: Path, id: SiteId, book: SiteBook, report: Report): FailoverSites {
  const here = [...path, 'failover']
  if (site.failover === undefined || site.failover === 'disabled') return {}
  if (typeof site.failover === 'string') {
    const text = `${formatField(here)} is neither disabled nor a mapping`
    const remedy = 'write failover: disabled, or failover: { primary: SITE }'
    report({ code: 'failover-malformed', rule: 'ST5', path: here, text, remedy })
    return {}
  }
  const failover = readShape(FailoverFile, site.failover, here, report)
  if (failover === null) return {}
  const primary = readReference(failover.primary, [...here, 'primary'], id, book, report)
  const secondary = readReference(failover.secondary, [...here, 'secondary'], id, book, report)
  if (failover.primary === undefined && failover.secondary !== undefined) {
    const text = `site ${id} has a secondary failover site and no primary one`
    const finding = { code: 'failover-secondary-without-primary', rule: 'ST5', path: [...here, 'secondary'] }
    report({ ...finding, text, remedy: `write primary: ${failover.secondary}` })
  }
  if (primary === undefined) return {}
  if (primary === secondary) {
    const text = `site ${id} names ${primary} as primary and as secondary failover site`
    const finding = { code: 'failover-primary-is-secondary', rule: 'ST5', path: [...here, 'secondary'] }
    report({ ...finding, text, remedy: 'remove the secondary, or name another site' })
  }
  return secondary === undefined ? { primary } : { primary, secondary }
}

function readReference(
  word: string | undefined,
  path: Path,
  from: SiteId,
  book: SiteBook,
  report: Report,
): SiteId | undefined {
  if (word === undefined) return undefined
  const site = book.find(word)
  if (site === undefined && book.complete) {
    const finding = { code: 'failover-to-unknown-site', rule: 'ST5', path, text: `there is no site "${word}"` }
    reportUnknown(
      finding,
      word,
      book.words.filter((known) => known !== from),
      report,
    )
  }
  if (site === from) {
    const text = `site ${from} fails over to itself`
    report({
      code: 'failover-to-self',
      rule: 'ST5',
      path,
      text,
      remedy: 'name another site, or write failover: disabled',
    })
  }
  return site
}
