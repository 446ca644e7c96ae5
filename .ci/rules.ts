/**
 * `npm run rules`: the matrix rule → tests. docs/SPEC.md names the rules, docs/PLANNED.md those that no code keeps yet; every
 * other rule is claimed and needs a test whose title cites it (`[SP3] tries no endpoint twice`).
 *
 * Fails on a claimed rule without a test, a citation of no rule of the page, and a planned row that names no rule or a
 * rule twice. A planned rule may be cited ahead of its time; the list shows it.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import ts from 'typescript'

export type Citation = { readonly rule: string; readonly file: string; readonly title: string }
export type Matrix = {
  readonly claimed: ReadonlyMap<string, readonly Citation[]>
  readonly planned: ReadonlyMap<string, readonly Citation[]>
  readonly problems: readonly string[]
}

const root = path.resolve(import.meta.dirname, '..')
/** `[SP3]`, `[SP3, LO1]`: what a title cites. */
const citation = /\[([A-Z]{2}\d+(?:, ?[A-Z]{2}\d+)*)\]/gu

/** Rule IDs in the order of the page: lines that begin `- ST1 (`. */
export function ruleIds(spec: string): readonly string[] {
  return [...spec.matchAll(/^- ([A-Z]{2}\d+) \(/gmu)].map((match) => match[1] ?? '')
}

/** First cells of the table rows that hold a rule ID, in order, repeats kept. */
export function plannedIds(page: string): readonly string[] {
  return [...page.matchAll(/^\| ([A-Z]{2}\d+) +\|/gmu)].map((match) => match[1] ?? '')
}

/**
 * Citations of one test file: of the titles of `it`, `test` and `describe`, whatever is called on them, and of the rows of
 * tables, which are the strings that begin with a citation. Comments do not count, nor what a `skip` or a `todo` holds.
 */
export function citationsOf(file: string, source: string): readonly Citation[] {
  const found = new Map<string, Citation>()
  const collect = (text: string): void => {
    for (const match of text.matchAll(citation)) {
      for (const rule of (match[1] ?? '').split(/, ?/u)) found.set(`${rule} ${text}`, { rule, file, title: text })
    }
  }
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node)) {
      const called = calledName(node)
      if (called.some((name) => name === 'skip' || name === 'todo')) return
      const title = node.arguments[0]
      if (isTestWord(called[0]) && title !== undefined) collect(textOf(title))
    }
    const text = textOf(node)
    if (text.startsWith('[')) collect(text)
    ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile(file, source, ts.ScriptTarget.Latest, true))
  return [...found.values()]
}

/** Sets the pages against the citations. */
export function matrixOf(spec: string, plannedPage: string, citations: readonly Citation[]): Matrix {
  const rules = ruleIds(spec)
  const known = new Set(rules)
  const rows = plannedIds(plannedPage)
  const planned = new Set(rows)
  const cited = (rule: string): readonly Citation[] => citations.filter((one) => one.rule === rule)
  const table = (wanted: boolean): ReadonlyMap<string, readonly Citation[]> =>
    new Map(rules.filter((rule) => planned.has(rule) === wanted).map((rule) => [rule, cited(rule)]))
  const claimed = table(false)
  const problems = [
    ...(rules.length === 0 ? ['docs/SPEC.md: no rule found'] : []),
    ...repeated(rules).map((rule) => `docs/SPEC.md: ${rule} stands twice`),
    ...repeated(rows).map((rule) => `docs/PLANNED.md: ${rule} stands twice`),
    ...[...planned]
      .filter((rule) => !known.has(rule))
      .map((rule) => `docs/PLANNED.md: ${rule} is no rule of docs/SPEC.md`),
    ...[...claimed]
      .filter(([, tests]) => tests.length === 0)
      .map(([rule]) => `${rule} is claimed and no test title cites it`),
    ...citations
      .filter((one) => !known.has(one.rule))
      .map((one) => `${one.file}: "${one.title}" cites ${one.rule}, no rule`),
  ]
  return { claimed, planned: table(true), problems }
}

function repeated(names: readonly string[]): readonly string[] {
  return names.filter((name, index) => names.indexOf(name) !== index)
}

function isTestWord(name: string | undefined): boolean {
  return name === 'it' || name === 'test' || name === 'describe'
}

/** `it.skip.each(table)('…')` → `['it', 'skip', 'each']`. */
function calledName(call: ts.CallExpression): readonly string[] {
  const names: string[] = []
  let at: ts.Expression = call.expression
  for (;;) {
    if (ts.isCallExpression(at)) at = at.expression
    else if (ts.isTaggedTemplateExpression(at)) at = at.tag
    else if (ts.isPropertyAccessExpression(at)) {
      names.unshift(at.name.text)
      at = at.expression
    } else break
  }
  return ts.isIdentifier(at) ? [at.text, ...names] : []
}

/** The text of a string or template; the holes of a template are shown as `…`. */
function textOf(node: ts.Node): string {
  if (ts.isStringLiteralLike(node)) return node.text
  if (!ts.isTemplateExpression(node)) return ''
  return node.head.text + node.templateSpans.map((span) => `…${span.literal.text}`).join('')
}

function print(matrix: Matrix): void {
  const line = ([rule, tests]: readonly [string, readonly Citation[]]): string => {
    const files = [...new Set(tests.map((test) => test.file))]
    return `${rule.padEnd(5)} ${String(tests.length).padStart(3)}  ${files.join(' ')}`
  }
  console.log('claimed rule, tests, files')
  for (const row of matrix.claimed) console.log(line(row))
  const early = [...matrix.planned].filter(([, tests]) => tests.length > 0)
  if (early.length > 0) console.log('\nplanned, cited already')
  for (const row of early) console.log(line(row))
  console.log(`\n${matrix.claimed.size} rules claimed, ${matrix.planned.size} planned (docs/PLANNED.md)`)
}

if (import.meta.main) {
  const read = (file: string): string => readFileSync(path.join(root, file), 'utf8')
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.test.ts'], {
    cwd: root,
  })
  const files = [...new Set(listed.toString().split('\n'))].filter(
    (file) => file !== '' && existsSync(path.join(root, file)),
  )
  const matrix = matrixOf(
    read('docs/SPEC.md'),
    read('docs/PLANNED.md'),
    files.flatMap((file) => citationsOf(file, read(file))),
  )
  print(matrix)
  for (const problem of matrix.problems) console.error(`rules: ${problem}`)
  if (matrix.problems.length > 0) process.exitCode = 1
}
