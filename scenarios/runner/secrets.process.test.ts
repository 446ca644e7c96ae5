/** Every secret that a run uses, looked for in everything that it puts out. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { readLab } from './lab-file.ts'
import { pathWithoutToxiproxy, runCli, TestFolder } from './testing/cli.ts'

/** Inputs of a run: a copy of the lab and the configurations that its processes were given. */
const isInput = (file: string): boolean => file === 'lab.yaml' || file.endsWith('.config.json')

/** Tokens, of doors and of enrolments, and verifiers of the processes' configurations. */
function secretsOf(configuration: string): string[] {
  const {
    control,
    people = [],
    agents = [],
  } = JSON.parse(configuration) as {
    control: { token: string }
    people?: { verifier: string }[]
    agents?: { enrolmentToken: string }[]
  }
  return [
    control.token,
    ...people.map(({ verifier }) => verifier),
    ...agents.map(({ enrolmentToken }) => enrolmentToken),
  ]
}

it('no password, token or verifier of a run is in its output, its logs, its history or its verdict', async () => {
  using folder = new TestFolder()
  const environment = { PATH: await pathWithoutToxiproxy() }
  const ended = await runCli(folder, ['run', 'challenges', '--json', '--runs', folder.runs], environment)
  if (ended.code !== 0) throw new Error(`the run ended with ${ended.code}: ${ended.stderr}`)
  const [run] = readdirSync(folder.runs).map((name) => join(folder.runs, name))
  const files = readdirSync(run as string, { withFileTypes: true, recursive: true }).filter((entry) => entry.isFile())
  const read = files.map(({ name, parentPath }) => ({ name, text: readFileSync(join(parentPath, name), 'utf8') }))
  const lab = readLab('challenges')
  const passwords = lab.ok ? lab.value.enterprise.people.map(({ password }) => password) : []
  const configurations = read.filter(({ name }) => name.endsWith('.config.json')).map(({ text }) => text)
  const secrets = new Set([...passwords, 'wrong-horse-alma', ...configurations.flatMap(secretsOf)])
  // Four people, the verifiers of four, eight doors, four agents: fewer would mean that the test looks in the wrong place.
  expect(secrets.size).toBeGreaterThanOrEqual(4 + 1 + 4 + 8 + 4)
  expect([...secrets].every((secret) => typeof secret === 'string' && secret.length > 5)).toBe(true)
  const outputs = [
    { name: 'standard output', text: ended.stdout },
    { name: 'standard error', text: ended.stderr },
    ...read.filter(({ name }) => !isInput(name)),
  ]
  expect(outputs.length).toBeGreaterThan(10)
  const leaks = outputs.flatMap(({ name, text }) =>
    [...secrets].filter((secret) => text.includes(secret)).map(() => name),
  )
  expect(leaks).toEqual([])
})
