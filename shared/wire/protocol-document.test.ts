import { readFileSync } from 'node:fs'
import { type TObject, type TSchema, type TUnion } from 'typebox'
import { describe, expect, it } from 'vitest'
import { AgentMessageSchema, ApplianceMessageSchema } from './agent-link.schema.ts'
import { answersToAgent, answersToAsk } from './answers.ts'
import { closeCodes } from './close-codes.ts'
import { wireLimits } from './limits.ts'
import { PeerMessageSchema } from './peer-link.schema.ts'

const document = readFileSync(new URL('../../docs/PROTOCOL.md', import.meta.url), 'utf8')
const spec = readFileSync(new URL('../../docs/SPEC.md', import.meta.url), 'utf8')

/** Cells of the first table under `heading`, a row a line; none where a table does not follow before the next heading. */
function rowsUnder(heading: string): readonly (readonly string[])[] {
  const section = document.split(`\n${heading}\n`)[1]?.split(/\n#+ /u)[0] ?? ''
  const lines = section.split('\n').filter((line) => line.startsWith('|'))
  return lines.slice(2).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll('`', '')),
  )
}

/** Name of each member of a union, by the field that tells them apart, with its other fields as the document writes them. */
function fieldsOf(union: TUnion<TObject[]>, tag: string): Record<string, string> {
  return Object.fromEntries(
    union.anyOf.map((member) => {
      const { [tag]: literal, ...fields } = member.properties
      const required = new Set<string>(member.required)
      const written = Object.keys(fields).map((field) => (required.has(field) ? field : `${field}?`))
      return [constantOf(literal), written.join(', ')]
    }),
  )
}

function constantOf(schema: TSchema | undefined): string {
  if (schema === undefined || !('const' in schema)) throw new Error('not a literal')
  return String(schema.const)
}

/** The schema of that field of a message between appliances. */
function innerUnion(type: string, field: string): TUnion<TObject[]> {
  const message = PeerMessageSchema.anyOf.find(({ properties }) => constantOf(properties.type) === type)
  return (message?.properties as Record<string, TSchema> | undefined)?.[field] as TUnion<TObject[]>
}

/** Where each union is written down, and in which columns its fields and rules are. */
const tables = [
  ['### From an agent', AgentMessageSchema, 'type', 1],
  ['### To an agent', ApplianceMessageSchema, 'type', 1],
  ['### Between appliances', PeerMessageSchema, 'type', 2],
  ['#### Asks', innerUnion('asked', 'ask'), 'op', 1],
  ['#### Answers', innerUnion('answered', 'answer'), 'outcome', 1],
] as const

describe('docs/PROTOCOL.md', () => {
  it.each(tables)('lists every message with its fields, and no other: %s', (heading, union, tag, column) => {
    const listed = Object.fromEntries(rowsUnder(heading).map((cells) => [cells[0], cells[column]]))
    expect(listed).toEqual(fieldsOf(union as unknown as TUnion<TObject[]>, tag))
  })

  it.each(tables)('gives each message the rules that it is for: %s', (heading) => {
    for (const [name, ...cells] of rowsUnder(heading)) {
      const rules = cells.at(-1)?.split(', ') ?? []
      const unknown = rules.filter((rule) => !spec.includes(`\n- ${rule} (`))
      expect({ name, unknown }).toEqual({ name, unknown: [] })
    }
  })

  it.each([
    ['### From an agent', answersToAgent, 2],
    ['#### Asks', answersToAsk, 2],
  ] as const)('names the answers that are believed: %s', (heading, answers, column) => {
    const rows = rowsUnder(heading).filter(([name]) => name !== 'hello')
    expect(Object.fromEntries(rows.map((cells) => [cells[0], cells[column]?.split(', ').toSorted()]))).toEqual(
      Object.fromEntries(Object.entries(answers).map(([name, types]) => [name, types.toSorted()])),
    )
  })

  it('prints every limit with its value, and no other', () => {
    const printed = Object.fromEntries(rowsUnder('## Limits').map(([name, value]) => [name, Number(value)]))
    expect(printed).toEqual(wireLimits)
  })

  it('prints every close code with its name, and no other', () => {
    const printed = Object.fromEntries(rowsUnder('## Close codes').map(([code, name]) => [name, Number(code)]))
    expect(printed).toEqual(closeCodes)
  })
})
