/** `failover-lab list`: the scenarios and the labs that come with the project. */
import { labNames } from '../lab-file.ts'
import { exitCodes } from '../outcome.ts'
import { loadScenario, scenarioNames } from '../scenario-files.ts'

export async function listCommand(options: { readonly json?: true | undefined }): Promise<number> {
  const loaded = await Promise.all(scenarioNames().map(loadScenario))
  const scenarios = loaded.map(({ name, story, lab, rules }) => ({ name, story, lab, rules }))
  const labs = labNames()
  if (options.json === true) {
    process.stdout.write(`${JSON.stringify({ scenarios, labs }, null, 2)}\n`)
    return exitCodes.pass
  }
  const lines = scenarios.map(
    ({ name, story, lab, rules }) => `  ${name}\n      ${story}\n      lab ${lab}, rules ${rules.join(' ')}`,
  )
  process.stdout.write(`Scenarios (failover-lab run NAME)\n\n${lines.join('\n\n')}\n\n`)
  process.stdout.write(
    `Labs (failover-lab up NAME, failover-lab lint NAME)\n\n${labs.map((name) => `  ${name}`).join('\n')}\n`,
  )
  return exitCodes.pass
}
