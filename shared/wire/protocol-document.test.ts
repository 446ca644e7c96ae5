import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { closeCodes } from './close-codes.ts'
import { wireLimits } from './limits.ts'

const document = readFileSync(new URL('../../docs/PROTOCOL.md', import.meta.url), 'utf8')

/** Cells of the table under `heading`, a row a line. */
function rowsUnder(heading: string): readonly (readonly string[])[] {
  const section = document.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? ''
  const lines = section.split('\n').filter((line) => line.startsWith('|'))
  return lines.slice(2).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll('`', '')),
  )
}

describe('docs/PROTOCOL.md', () => {
  it('prints every limit with its value, and no other', () => {
    const printed = Object.fromEntries(rowsUnder('Limits').map(([name, value]) => [name, Number(value)]))
    expect(printed).toEqual(wireLimits)
  })

  it('prints every close code with its name, and no other', () => {
    const printed = Object.fromEntries(rowsUnder('Close codes').map(([code, name]) => [name, Number(code)]))
    expect(printed).toEqual(closeCodes)
  })
})
