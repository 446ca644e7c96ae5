/** What the readers of all sections share: ids, references to them, addresses, servers. */
import { type RangeProblem, parseAddress, readRange } from '#shared/address.ts'
import { type AddressRange } from '#shared/topology/model.ts'
import { suggest } from '#shared/topology/nearest.ts'
import { type Path, type Report, formatField } from '#shared/topology/problems.ts'
import { formatServer, parseServer } from '#shared/topology/server.ts'

/** Tells of every second use of a name. `kind` is in the code: `duplicate-site-id`. */
export function reportDuplicates(
  named: readonly { readonly name: string; readonly path: Path }[],
  kind: string,
  rule: string | null,
  report: Report,
): void {
  const first = new Map<string, Path>()
  for (const { name, path } of named) {
    const earlier = first.get(name)
    if (earlier === undefined) {
      first.set(name, path)
      continue
    }
    const text = `"${name}" is already taken by ${formatField(earlier)}`
    report({ code: `duplicate-${kind}`, rule, path, text, remedy: 'give each its own' })
  }
}

/** Letters, digits, dot, hyphen and underscore: ids become file names, names of processes and words of a command line. */
export function checkId(id: string, path: Path, report: Report): void {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]*$/u.test(id)) return
  const text = `${formatField(path)} is no id`
  const remedy = 'write letters, digits, dots, hyphens and underscores, the first a letter or a digit'
  report({ code: 'invalid-id', rule: null, path, text, remedy })
}

/** A reference that found nothing. */
export function reportUnknown(
  finding: { code: string; rule: string | null; path: Path; text: string },
  word: string,
  known: readonly string[],
  report: Report,
): void {
  const remedy = known.length === 0 ? 'add it, or correct the reference' : suggest(word, known)
  report({ ...finding, remedy })
}

/** Canonical text, or `null` with a report (ST3). */
export function readAddress(text: string, path: Path, report: Report): string | null {
  const address = parseAddress(text)
  if (address.ok) return address.value.text
  report({
    code: 'invalid-address',
    rule: 'ST3',
    path,
    text: `${formatField(path)}: ${address.error}`,
    remedy: addressRemedy,
  })
  return null
}

const addressRemedy = 'write four numbers from 0 to 255 with dots between them, or an IPv6 address'

const rangeProblems: Readonly<Record<RangeProblem['kind'], { readonly code: string; readonly remedy: string }>> = {
  form: { code: 'range-malformed', remedy: 'write START-END, ADDRESS/LENGTH or one address' },
  address: { code: 'range-invalid-address', remedy: addressRemedy },
  order: { code: 'range-start-after-end', remedy: 'write the lower address first' },
  families: { code: 'range-mixed-families', remedy: 'write two ranges, one for IPv4 and one for IPv6' },
  prefix: { code: 'range-invalid-prefix', remedy: 'write the network address and its length, such as 172.16.8.0/24' },
}

/** The range, or `null` with a report (ST2, ST3). */
export function readAddressRange(text: string, path: Path, report: Report): AddressRange | null {
  const range = readRange(text)
  if (range.ok) return range.value
  const { code, remedy } = rangeProblems[range.error.kind]
  report({ code, rule: 'ST3', path, text: `${formatField(path)}: ${range.error.reason}`, remedy })
  return null
}

/** `host:port` in canonical form; a mistaken one is reported and stays as written. */
export function readServer(text: string, path: Path, report: Report): string {
  const server = parseServer(text)
  if (server.ok) return formatServer(server.value)
  const remedy = 'write HOST or HOST:PORT, the host a DNS name or an address'
  report({ code: 'invalid-server', rule: 'BT1', path, text: `${formatField(path)}: ${server.error}`, remedy })
  return text
}
