import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Survey, surveyImports } from './imports.ts'

/** A small house with one breach a row: rule, file that breaks it, the import. */
const breaches: readonly (readonly [rule: string, file: string, line: string])[] = [
  ['no-cycle', 'shared/cycle.ts', `import '#shared/zigzag.ts'`],
  ['resolves', 'shared/lost.ts', `import './nowhere.ts'`],
  ['shared-only-itself', 'shared/upward.ts', `import '../agent/core/own.ts'`],
  ['shared-libraries-in-adapters', 'shared/library.ts', `import 'yaml'`],
  ['shared-libraries-in-adapters', 'shared/disk.ts', `import 'node:fs'`],
  ['shared-adapter-address', 'shared/address.ts', `import 'yaml'`],
  ['shared-adapter-random', 'shared/random.ts', `import 'node:crypto'`],
  ['shared-adapter-topology-file', 'shared/topology/file.ts', `import 'typebox'`],
  ['shared-adapter-schema', 'shared/wire/x.schema.ts', `import 'yaml'`],
  ['shared-adapter-door', 'shared/door/door.ts', `import 'node:http'`],
  ['shared-adapter-pki', 'shared/pki/keys.ts', `import 'yaml'`],
  ['core-only-own-and-shared', 'agent/core/node.ts', `import 'node:path'`],
  ['core-only-own-and-shared', 'agent/core/library.ts', `import 'yaml'`],
  ['core-only-own-and-shared', 'appliance/core/outward.ts', `import '../shell/own.ts'`],
  [
    'core-schema-types-only',
    'agent/core/wire.ts',
    `import { x } from '#shared/wire/good.schema.ts'\nexport const y = x`,
  ],
  [
    'agent-not-appliance',
    'agent/shell/over.ts',
    `import { type X } from '../../appliance/core/own.ts'\nexport type Y = X`,
  ],
  ['appliance-not-agent', 'appliance/shell/over.ts', `import '../../agent/core/own.ts'`],
  ['shell-own-core-and-shared', 'agent/shell/up.ts', `import '../config.ts'`],
  ['program-own-and-shared', 'agent/config.ts', `import '../scenarios/runner/own.ts'`],
  ['main-is-never-imported', 'scenarios/runner/spawn.ts', `import '../../agent/main.ts'`],
  ['scenario-only-its-vocabulary', 'scenarios/one.ts', `import './runner/own.ts'`],
  ['scenario-only-its-vocabulary', 'scenarios/two.ts', `import 'node:fs'`],
  ['runner-no-shell', 'scenarios/runner/deep/reach.ts', `import '../../../agent/shell/own.ts'`],
  ['checker-no-core', 'scenarios/runner/checkers/inside.ts', `import '../../../agent/core/own.ts'`],
  ['museum-stands-alone', 'scenarios/museum/hook.ts', `import '../runner/own.ts'`],
  ['ci-stands-alone', '.ci/tool.ts', `import '../shared/plain.ts'`],
  ['no-development-library', 'agent/shell/dev.ts', `import 'vitest'`],
]

const allowed: readonly (readonly [file: string, line: string])[] = [
  ['shared/zigzag.ts', `import '#shared/cycle.ts'`],
  ['shared/plain.ts', `import './assert.ts'`],
  ['shared/assert.ts', 'export const a = 1'],
  ['shared/wire/plain.ts', 'export const x = 1\nexport type X = 1'],
  ['shared/wire/good.schema.ts', `import 'typebox'\nexport const x = 1\nexport type X = 1`],
  ['shared/door/good.ts', `import 'node:crypto'`],
  ['shared/pki/good.ts', `import 'node:crypto'\nimport 'node:fs/promises'`],
  ['shared/free.test.ts', `import 'vitest'\nimport '../agent/core/own.ts'`],
  [
    'agent/core/own.ts',
    `import { type X } from '#shared/wire/good.schema.ts'\nimport '#shared/wire/plain.ts'\nimport '#shared/plain.ts'\nexport type Y = X`,
  ],
  ['appliance/core/own.ts', 'export type X = 1'],
  ['agent/shell/own.ts', `import '../core/own.ts'\nimport 'node:fs'\nimport 'yaml'`],
  ['appliance/shell/own.ts', 'export const a = 1'],
  ['agent/main.ts', `import './shell/own.ts'`],
  ['scenarios/runner/scenario.ts', 'export const a = 1'],
  ['scenarios/runner/own.ts', `import '../../agent/core/own.ts'\nimport '#shared/plain.ts'`],
  ['scenarios/good.ts', `import './runner/scenario.ts'`],
]

const libraries = { yaml: 'dependencies', typebox: 'dependencies', vitest: 'devDependencies' } as const
let house: string
let survey: Survey

beforeAll(async () => {
  house = await mkdtemp(path.join(tmpdir(), 'house-'))
  const put = async (file: string, text: string): Promise<void> => {
    await mkdir(path.dirname(path.join(house, file)), { recursive: true })
    await writeFile(path.join(house, file), text)
  }
  const named = (kind: string) =>
    Object.entries(libraries)
      .filter(([, at]) => at === kind)
      .map(([name]) => [name, '1.0.0'])
  const manifest = {
    type: 'module',
    imports: { '#shared/*': './shared/*' },
    dependencies: Object.fromEntries(named('dependencies')),
    devDependencies: Object.fromEntries(named('devDependencies')),
  }
  await put('package.json', JSON.stringify(manifest))
  for (const name of Object.keys(libraries)) {
    await put(`node_modules/${name}/package.json`, JSON.stringify({ name, version: '1.0.0', main: 'index.js' }))
    await put(`node_modules/${name}/index.js`, '')
  }
  for (const [file, text] of [...allowed, ...breaches.map(([, file, line]) => [file, line] as const)]) {
    await put(file, `${text}\n`)
  }
  survey = await surveyImports(house)
})

afterAll(() => rm(house, { recursive: true, force: true }))

describe('the import table', () => {
  it.each(breaches)('%s finds %s', (rule, file) => {
    expect(survey.violations.filter((one) => one.from === file).map((one) => one.rule)).toContain(rule)
  })

  it('finds nothing where nothing is wrong', () => {
    const innocent = new Set(allowed.map(([file]) => file).filter((file) => file !== 'shared/zigzag.ts'))
    expect(survey.violations.filter((one) => innocent.has(one.from))).toEqual([])
  })

  it('has a planted breach for every rule', () => {
    const rules = (createRequire(import.meta.url)('../.dependency-cruiser.cjs') as { forbidden: { name: string }[] })
      .forbidden
    expect(new Set(breaches.map(([rule]) => rule))).toEqual(new Set(rules.map((rule) => rule.name)))
  })

  it('counts modules and imports of #shared/', () => {
    expect(survey.modules).toBe(allowed.length + breaches.length)
    expect(survey.sharedImports).toBe(7)
  })
})
