import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { checkers } from '../runner/checkers/all.ts'
import { applyMutant, parseMutant } from './mutant.ts'

const root = path.resolve(import.meta.dirname, '../..')
const files = readdirSync(import.meta.dirname).filter((file) => file.endsWith('.yaml'))
const mutants = files.map((file) => ({
  file,
  mutant: parseMutant(readFileSync(path.join(import.meta.dirname, file), 'utf8')),
}))

describe('the museum', () => {
  it.each(mutants)('$file fits the source it patches', ({ file, mutant }) => {
    expect(file).toBe(`${mutant.name}.yaml`)
    expect(() => applyMutant(mutant, readFileSync(path.join(root, mutant.file), 'utf8'))).not.toThrow()
  })

  it('has a mutant for every checker, of one of its rules', () => {
    const shown = mutants.map(({ mutant }) => `${mutant.checker}: ${mutant.rule}`)
    const unshown = checkers.filter(({ name, rules }) => !rules.some((rule) => shown.includes(`${name}: ${rule}`)))
    expect(unshown.map(({ name }) => name)).toEqual([])
  })
})
