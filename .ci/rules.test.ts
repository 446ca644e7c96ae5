import { describe, expect, it } from 'vitest'
import { citationsOf, matrixOf, plannedIds, ruleIds } from './rules.ts'

const spec = '## 3. Sites\n\n- AA1 (EAM) One.\n- AA2 (ours) Two.\n- BB1 (pub) Three, see AA1 (not a rule line).\n'
const planned = '| rule | what |\n|---|---|\n| BB1 | later |\n'
const cite = (rule: string) => ({ rule, file: 'x.test.ts', title: `[${rule}] does` })
const rulesIn = (source: string): readonly string[] => citationsOf('x.test.ts', source).map((one) => one.rule)

describe('the pages', () => {
  it('names a rule by its line and not by a mention', () => expect(ruleIds(spec)).toEqual(['AA1', 'AA2', 'BB1']))
  it('names planned rules by the first cell of a row', () => expect(plannedIds(planned)).toEqual(['BB1']))
})

describe('citations', () => {
  it.each([
    ['a title', `it('[AA1] does', () => {})`, ['AA1']],
    ['two rules in one bracket', `test('[AA1, BB1] does', () => {})`, ['AA1', 'BB1']],
    ['a bracket in the middle', `it('does [AA1] so', () => {})`, ['AA1']],
    ['a describe', `describe('[AA2] all of it', () => {})`, ['AA2']],
    ['a template', 'it(`[AA1] ${name} does`, () => {})', ['AA1']],
    ['the rows of a table', `it.each([['[AA1] one', 1], ['[AA2] two', 2]])('%s', () => {})`, ['AA1', 'AA2']],
    ['the title of a table', `it.each(rows)('[AA1] %s', () => {})`, ['AA1']],
    ['a property', `it.prop([fc.nat()])('[AA2] holds', () => {})`, ['AA2']],
    ['no comment', `// it('[AA1] does')\nit('does', () => {})`, []],
    ['no skipped test', `it.skip('[AA1] does', () => {})`, []],
    ['nothing in a skipped describe', `describe.skip('x', () => { it('[AA1] does', () => {}) })`, []],
    ['no array that looks like one', `it('does', () => { expect([AA1]).toBe(1) })`, []],
  ])('counts %s', (_, source, rules) => expect(rulesIn(source)).toEqual(rules))
})

describe('the matrix', () => {
  it.each([
    ['nothing when every claimed rule has a test', spec, planned, ['AA1', 'AA2'], []],
    ['a claimed rule without a test', spec, planned, ['AA1'], ['AA2 is claimed and no test title cites it']],
    ['nothing for a planned rule cited early', spec, planned, ['AA1', 'AA2', 'BB1'], []],
    ['a citation of no rule', spec, planned, ['AA1', 'AA2', 'ZZ9'], ['x.test.ts: "[ZZ9] does" cites ZZ9, no rule']],
    [
      'an unknown planned row',
      spec,
      `${planned}| ZZ9 | x |\n`,
      ['AA1', 'AA2'],
      ['docs/PLANNED.md: ZZ9 is no rule of docs/SPEC.md'],
    ],
    ['a repeated planned row', spec, `${planned}| BB1 | x |\n`, ['AA1', 'AA2'], ['docs/PLANNED.md: BB1 stands twice']],
    ['a page without rules', '', '', [], ['docs/SPEC.md: no rule found']],
  ])('reports %s', (_, page, rows, cited, problems) => {
    expect(matrixOf(page, rows, cited.map(cite)).problems).toEqual(problems)
  })
})
