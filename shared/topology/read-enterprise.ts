/** Puts the sections of an enterprise file together; what concerns several of them is checked here. */
import { type Settings, normalSettings } from '#shared/policy/settings.ts'
import { enterpriseTimeScaleBound } from '#shared/topology/enterprise-time-scale.ts'
import { EnterpriseFile, SettingsFile } from '#shared/topology/file.schema.ts'
import { type Enterprise } from '#shared/topology/model.ts'
import { type Report } from '#shared/topology/problems.ts'
import { readAppliances } from '#shared/topology/read-appliances.ts'
import { readComputerPolicies, readPeople, readUserPolicies } from '#shared/topology/read-people.ts'
import { readSettings } from '#shared/topology/read-settings.ts'
import { readSites } from '#shared/topology/read-sites.ts'
import { readFleets, readWorkstations } from '#shared/topology/read-workstations.ts'
import { readShape } from '#shared/topology/shape.schema.ts'

/** The enterprise of epoch 1, or `null`. It is only good when nothing was reported. */
export function readEnterprise(value: unknown, report: Report): Enterprise | null {
  const file: Sections | null = readShape(EnterpriseFile, value, [], report) ?? readableSections(value)
  if (file === null) return null
  const generation = file.generation ?? 'G4'
  const settings = readSettingsSection(file.settings, report)
  const { sites, book } = readSites(file.sites, report)
  const { appliances, complete } = readAppliances(file.appliances, generation, book, report)
  const userPolicies = readUserPolicies(file.userPolicies, report)
  const computerPolicies = readComputerPolicies(file.computerPolicies, report)
  const people = readPeople(file, userPolicies, report)
  const workstations = readWorkstations(file, computerPolicies, report)
  const enterprise: Enterprise = {
    topology: { epoch: 1, enterprise: file.enterprise ?? '', generation, sites, appliances, settings },
    userPolicies: userPolicies.policies,
    computerPolicies: computerPolicies.policies,
    people,
    workstations,
    fleets: readFleets(file, workstations, report),
    hashCost: file.hashCost ?? 'product',
  }
  // Without some of the appliances the bound would come out too high and the message would lie.
  if (complete && book.complete) checkTimeScale(enterprise, report)
  return enterprise
}

type Sections = Partial<EnterpriseFile>

/** Of a file whose top does not fit, the lists that do: one mistake there must not hide those below. */
function readableSections(value: unknown): Sections | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
  const readable = Object.entries(value).filter(([key, section]) => {
    const name = key as keyof EnterpriseFile
    if (name === 'generation') return section === 'G3' || section === 'G4'
    return Array.isArray(section) || name === 'settings' || name === 'generatedPeople'
  })
  return Object.fromEntries(readable)
}

function readSettingsSection(raw: unknown, report: Report): Settings {
  if (raw === undefined) return normalSettings
  const file = readShape(SettingsFile, raw, ['settings'], report)
  return file === null ? normalSettings : readSettings(file, ['settings'], report)
}

/**
 * SPEC.md section 2. At a scale of 1 or below nothing is hurried: an enterprise whose timeouts are that long is slow in
 * truth, and gets advice instead (`failover-outlasts-limit`).
 */
function checkTimeScale(enterprise: Enterprise, report: Report): void {
  const { settings } = enterprise.topology
  const bound = enterpriseTimeScaleBound(enterprise)
  if (settings.timeScale <= 1 || settings.timeScale < bound.reachedAt) return
  const below = (Math.floor(bound.reachedAt * 10) / 10).toFixed(1)
  report({
    code: 'time-scale-too-high',
    rule: null,
    path: ['settings', 'timeScale'],
    text: `at a timeScale of ${settings.timeScale} a failover may outlast the ${bound.limitedBy}: ${bound.text}`,
    remedy: `write a timeScale below ${below}`,
  })
}
