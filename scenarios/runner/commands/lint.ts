/** `failover-lab lint LAB`: what is wrong with an enterprise file, and what is unwise. */
import { formatProblem } from '#shared/topology/problems.ts'
import { readLab } from '../lab-file.ts'
import { exitCodes } from '../outcome.ts'

/** Exit code 1 for a file that cannot be used, 3 for advice alone. */
export function lintCommand(lab: string, options: { readonly json?: true | undefined }): number {
  const read = readLab(lab)
  const problems = read.ok ? read.value.advice : read.error
  const exitCode = read.ok ? (problems.length === 0 ? exitCodes.pass : exitCodes.warnings) : exitCodes.broken
  if (options.json === true) process.stdout.write(`${JSON.stringify({ lab, problems, exitCode }, null, 2)}\n`)
  else
    process.stdout.write(
      problems.length === 0 ? `${lab}: nothing to say\n` : `${problems.map(formatProblem).join('\n')}\n`,
    )
  return exitCode
}
