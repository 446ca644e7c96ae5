import { describe, expect, it } from 'vitest'
import { applyMutant, type Mutant, parseMutant } from './mutant.ts'

const mutant: Mutant = {
  name: 'loud',
  why: 'shouts',
  rule: 'SP3',
  checker: 'no-endpoint-twice',
  scenario: 'tour',
  seed: 'one',
  file: 'greeting.ts',
  find: 'hello',
  replace: 'HELLO',
}

describe('a mutant file', () => {
  it('has nine fields', () => expect(parseMutant(JSON.stringify(mutant))).toEqual(mutant))
  it.each([
    ['a list', '- a', 'a mutant is a mapping'],
    ['a missing field', 'name: loud', '"why" is missing or no text'],
    ['one field too many', JSON.stringify({ ...mutant, note: 'x' }), '"note" is no field of a mutant'],
  ])('is refused for %s', (_, text, problem) => expect(() => parseMutant(text)).toThrow(problem))
})

describe('a patch', () => {
  it('replaces its text, literally', () => {
    expect(applyMutant({ ...mutant, replace: '$& $1' }, "say('hello')")).toBe("say('$& $1')")
  })
  it.each([
    ['never', 'goodbye', 'its text stands 0 times in greeting.ts'],
    ['twice', 'hello hello', 'its text stands 2 times in greeting.ts'],
  ])('is refused where its text stands %s', (_, source, problem) => {
    expect(() => applyMutant(mutant, source)).toThrow(problem)
  })
})
