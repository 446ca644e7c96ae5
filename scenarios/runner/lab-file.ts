/** Finds and reads a lab: a name in `scenarios/labs`, or a path to an enterprise file of the user's own. */
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { fail, ok, type Result } from '#shared/result.ts'
import { enterpriseTimeScaleBound } from '#shared/topology/enterprise-time-scale.ts'
import { parseEnterprise } from '#shared/topology/file.ts'
import { type Enterprise } from '#shared/topology/model.ts'
import { formatProblem, type Problem } from '#shared/topology/problems.ts'
import { suggest } from '#shared/topology/nearest.ts'
import { WrongUsage } from './outcome.ts'

const labsFolder = fileURLToPath(new URL('../labs', import.meta.url))

export type LabFile = {
  readonly name: string
  readonly file: string
  readonly text: string
  readonly enterprise: Enterprise
  readonly advice: readonly Problem[]
}

const extension = '.yaml'

/** Names of the labs that come with the project, in order. */
export function labNames(): readonly string[] {
  return readdirSync(labsFolder)
    .filter((name) => name.endsWith(extension))
    .map((name) => basename(name, extension))
    .toSorted()
}

/** The file that `lab` names. */
function findLab(lab: string): string {
  const own = join(labsFolder, `${lab}${extension}`)
  if (/^[\w.-]+$/u.test(lab) && existsSync(own)) return own
  if (existsSync(lab)) return lab
  throw new WrongUsage(`there is no lab and no file "${lab}"; ${suggest(lab, labNames())}`)
}

/** The lab, or its problems. */
export function readLab(lab: string): Result<LabFile, readonly Problem[]> {
  const file = findLab(lab)
  const text = readFileSync(file, 'utf8')
  const parsed = parseEnterprise(text, file)
  if (!parsed.ok) return parsed
  return ok({ name: basename(file).replace(/\.ya?ml$/u, ''), file, text, ...parsed.value })
}

/** The lab at the time scale asked for. Problems of the file and a scale that it cannot bear are wrong usage. */
export function loadLab(lab: string, timeScale: number | undefined): LabFile {
  const read = readLab(lab)
  if (!read.ok) throw new WrongUsage(`${lab} cannot be used:\n${read.error.map(formatProblem).join('\n')}`)
  if (timeScale === undefined) return read.value
  const scaled = withTimeScale(read.value.enterprise, timeScale)
  if (!scaled.ok) throw new WrongUsage(scaled.error)
  return { ...read.value, enterprise: scaled.value }
}

function withTimeScale(enterprise: Enterprise, timeScale: number): Result<Enterprise, string> {
  const { topology } = enterprise
  const bound = enterpriseTimeScaleBound(enterprise)
  if (timeScale > 1 && timeScale >= bound.reachedAt) {
    return fail(
      `--time-scale ${timeScale} is too high for this lab, it must be below ${bound.reachedAt.toFixed(1)}: ${bound.text}`,
    )
  }
  return ok({ ...enterprise, topology: { ...topology, settings: { ...topology.settings, timeScale } } })
}
