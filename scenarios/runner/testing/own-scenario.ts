/** Scenarios that a test writes for itself. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type TestFolder } from './cli.ts'

const vocabulary = fileURLToPath(new URL('../scenario.ts', import.meta.url))

/** Writes a scenario over `lab` with the body `play`, and returns its file. */
export function writeScenario(folder: TestFolder, lab: string, play: string): string {
  const file = join(folder.path, 'own.ts')
  writeFileSync(
    file,
    `import { defineScenario } from ${JSON.stringify(vocabulary)}\n` +
      `export const scenario = defineScenario({ name: 'own', lab: ${JSON.stringify(lab)}, story: 'of a test', rules: [],\n` +
      `  async play(lab) { ${play} } })\n`,
  )
  return file
}
