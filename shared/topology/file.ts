/**
 * Reads an enterprise file (docs/ENTERPRISE-FILE.md): the one adapter of `yaml`. It tells every mistake it can find,
 * each at its line and column, and refuses input that is too large, too deep or too entangled before walking it.
 */
import {
  type Document,
  type ErrorCode,
  type Node,
  LineCounter,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  parseDocument,
  visit,
} from 'yaml'
import { type Result, fail, ok } from '#shared/result.ts'
import { advise } from '#shared/topology/advice.ts'
import { type Enterprise } from '#shared/topology/model.ts'
import { type Finding, type Path, type Problem, formatField } from '#shared/topology/problems.ts'
import { readEnterprise } from '#shared/topology/read-enterprise.ts'

const fileBytesMax = 1024 * 1024
/** The deepest thing that a file can say, a site's failover site, is 5 deep. */
const nestingMax = 16
const aliasesMax = 100
const foundLengthMax = 60
/** More would be read by nobody. */
const problemsMax = 1_000

export type EnterpriseFileRead = { readonly enterprise: Enterprise; readonly advice: readonly Problem[] }

/** The enterprise with the advice of ST4 and ST8, or all problems in order of line. `fileName` is for the messages. */
export function parseEnterprise(text: string, fileName: string): Result<EnterpriseFileRead, readonly Problem[]> {
  const source = readSource(text, fileName)
  if (!source.ok) return source
  const { value, problemOf } = source.value
  const findings: Finding[] = []
  const enterprise = readEnterprise(value, (finding) => {
    if (findings.length < problemsMax) findings.push(finding)
  })
  if (enterprise === null || findings.length > 0)
    return fail(inOrder(findings.map((finding) => problemOf(finding, 'error'))))
  const advice = advise(enterprise).map((finding) => problemOf(finding, 'warning'))
  return ok({ enterprise, advice: inOrder(advice) })
}

function inOrder(problems: readonly Problem[]): readonly Problem[] {
  return problems.toSorted((a, b) => a.line - b.line || a.column - b.column)
}

type Source = {
  readonly value: unknown
  readonly problemOf: (finding: Finding, severity: Problem['severity']) => Problem
}

/** YAML to plain values, with the way back from a path to its place. */
function readSource(text: string, file: string): Result<Source, readonly Problem[]> {
  const lines = new LineCounter()
  const problemAt = (offset: number, found: string, rest: Pick<Problem, 'code' | 'text' | 'remedy'>): Problem => {
    const { line, col } = offset < 0 ? { line: 1, col: 1 } : lines.linePos(offset)
    return {
      rule: null,
      severity: 'error',
      file,
      line: Math.max(1, line),
      column: Math.max(1, col),
      field: 'file',
      found,
      ...rest,
    }
  }
  const bytes = new TextEncoder().encode(text).length
  if (bytes > fileBytesMax) return fail([problemAt(-1, `${bytes} bytes`, tooLarge)])
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'error' })
  const mistakes = [...document.errors, ...document.warnings]
  const [first] = mistakes
  if (first !== undefined) {
    // Without its end, a structure brings many errors in its train, all at the same place.
    const shown = first.code === 'RESOURCE_EXHAUSTION' ? [first] : mistakes
    return fail(
      shown.map(({ pos, code, message }) => problemAt(pos[0], lineAt(text, pos[0]), syntaxProblem(code, message))),
    )
  }
  if (document.contents === null || isEmpty(document.contents)) return fail([problemAt(-1, 'nothing', emptyFile)])
  const entangled = findEntangled(document)
  if (entangled !== null)
    return fail([problemAt(entangled.start, lineAt(text, entangled.start, entangled.end), entangled.problem)])
  const value: unknown = document.toJS({ maxAliasCount: -1 })
  const problemOf: Source['problemOf'] = (finding, severity) => {
    const { offset, found } = locate(document, text, finding)
    const { code, rule, text: sentence, remedy, path } = finding
    return { ...problemAt(offset, found, { code, text: sentence, remedy }), rule, severity, field: formatField(path) }
  }
  return ok({ value, problemOf })
}

const tooLarge = {
  code: 'file-too-large',
  text: `the file has more than ${fileBytesMax} bytes`,
  remedy: 'use fleets and generatedPeople',
}
const emptyFile = { code: 'empty-file', text: 'the file says nothing', remedy: 'start with enterprise: NAME' }
const tooDeep = {
  code: 'nested-too-deep',
  text: `values are nested deeper than ${nestingMax}`,
  remedy: 'write them flat',
}
const tooManyAliases = {
  code: 'too-many-aliases',
  text: `the file has more than ${aliasesMax} aliases`,
  remedy: 'write the values out',
}
const unknownAlias = {
  code: 'unknown-alias',
  text: 'an alias has no anchor before it',
  remedy: 'add the anchor, or put the text in quotes',
}
const nestedAlias = {
  code: 'alias-in-alias',
  text: 'an anchored value holds another alias',
  remedy: 'write the inner value out',
}

function syntaxProblem(code: ErrorCode, message: string): Pick<Problem, 'code' | 'text' | 'remedy'> {
  switch (code) {
    case 'DUPLICATE_KEY':
      return { code: 'duplicate-key', text: 'a mapping has the same key twice', remedy: 'remove one of the two' }
    case 'RESOURCE_EXHAUSTION':
      return tooDeep
    case 'TAG_RESOLVE_FAILED':
      return {
        code: 'unknown-tag',
        text: 'a value that begins with ! is a YAML tag',
        remedy: 'put the text in quotes',
      }
    case 'MULTIPLE_DOCS':
      return {
        code: 'several-documents',
        text: 'the file holds more than one document',
        remedy: 'make two files of it',
      }
    default:
      return { code: 'yaml-syntax', text: `YAML: ${message}`, remedy: 'mend the YAML' }
  }
}

function isEmpty(node: Node): boolean {
  return isScalar(node) && node.value === null
}

type Entangled = { readonly start: number; readonly end: number; readonly problem: typeof tooDeep }

/** What makes a document costly or endless to walk: depth, aliases without end, aliases inside what they stand for. */
function findEntangled(document: Document): Entangled | null {
  let aliases = 0
  let result: Entangled | null = null
  const stop = (node: Node, problem: typeof tooDeep): symbol => {
    const [start, end] = node.range ?? [0, 0]
    result = { start, end, problem }
    return visit.BREAK
  }
  visit(document, {
    Node: (_key, node, parents) => {
      const collections = parents.filter((parent) => isMap(parent) || isSeq(parent)).length
      if (collections > nestingMax) return stop(node, tooDeep)
      if (!isAlias(node)) return undefined
      aliases += 1
      if (aliases > aliasesMax) return stop(node, tooManyAliases)
      if (node.resolve(document) === undefined) return stop(node, unknownAlias)
      const anchored = parents.some((parent) => (isMap(parent) || isSeq(parent)) && parent.anchor !== undefined)
      return anchored ? stop(node, nestedAlias) : undefined
    },
  })
  return result
}

/** Where a finding stands. A path that leads nowhere (a missing key) ends at the last thing there is. */
function locate(document: Document, text: string, finding: Finding): { offset: number; found: string } {
  let node: unknown = document.contents
  for (const [depth, part] of finding.path.entries()) {
    if (isAlias(node)) node = node.resolve(document)
    const last = depth === finding.path.length - 1
    const pair = isMap(node)
      ? node.items.find(({ key }) => isScalar(key) && String(key.value) === String(part))
      : undefined
    if (last && pair !== undefined && finding.at === 'key') return { offset: startOf(pair.key), found: String(part) }
    if (last && pair !== undefined && isAbsent(pair.value)) return { offset: startOf(pair.key), found: 'nothing' }
    const next = isSeq(node) ? node.items[Number(part)] : pair?.value
    if (next === undefined) return { offset: startOf(node), found: 'nothing' }
    node = next
  }
  if (finding.code === 'missing-key') return { offset: startOf(node), found: keysOf(node) }
  return { offset: startOf(node), found: isSecret(finding.path) ? 'a secret' : describe(node, text) }
}

/** A key with nothing written after it. */
function isAbsent(value: unknown): boolean {
  return value === null || (isScalar(value) && value.value === null && value.range?.[0] === value.range?.[1])
}

/** SC2: a message never shows a password. */
function isSecret(path: Path): boolean {
  return path.includes('password')
}

function startOf(node: unknown): number {
  return (node as Node | null)?.range?.[0] ?? 0
}

function describe(node: unknown, text: string): string {
  if (isMap(node)) return keysOf(node)
  if (isSeq(node)) return node.items.length === 0 ? 'an empty list' : `a list of ${node.items.length}`
  const [start, end] = (node as Node | null)?.range ?? [0, 0]
  return shorten(text.slice(start, end))
}

function keysOf(node: unknown): string {
  if (!isMap(node)) return 'nothing'
  return node.items.length === 0
    ? 'an empty mapping'
    : `the keys ${shorten(node.items.map(({ key }) => String(key)).join(', '))}`
}

/** The rest of a line; where it may hold a password, nothing of it. */
function lineAt(text: string, start: number, end = text.length): string {
  const line = text.slice(text.lastIndexOf('\n', start - 1) + 1).split('\n', 1)[0] ?? ''
  return /password/iu.test(line) ? 'a line with a password' : shorten(text.slice(start, end))
}

function shorten(text: string): string {
  const [line = ''] = text.trim().split('\n')
  if (line === '') return 'nothing'
  return line.length > foundLengthMax ? `${line.slice(0, foundLengthMax - 1)}…` : line
}
