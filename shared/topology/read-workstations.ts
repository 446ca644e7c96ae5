/** The sections `workstations` and `fleets`: what agents are told at installation, and where they stand (BT1, BT2, HS2). */
import { compileRange, parseRouteDestination, rangeSize } from '#shared/address.ts'
import { AgentId } from '#shared/ids.ts'
import { type AgentProfile, agentProfiles } from '#shared/profile.ts'
import { type ComputerPolicy } from '#shared/policy/policy.ts'
import { type DeclaredNetwork, type Fleet, type Workstation } from '#shared/topology/model.ts'
import {
  type EnterpriseFile,
  type WorkstationFile,
  FleetFile,
  WorkstationFile as WorkstationShape,
} from '#shared/topology/file.schema.ts'
import { suggest } from '#shared/topology/nearest.ts'
import { type Path, type Report, formatField } from '#shared/topology/problems.ts'
import { type Policies, generatedDigits } from '#shared/topology/read-people.ts'
import {
  checkId,
  readAddress,
  readAddressRange,
  readServer,
  reportDuplicates,
  reportUnknown,
} from '#shared/topology/reading.ts'
import { readItems } from '#shared/topology/shape.schema.ts'

export function readWorkstations(
  file: Partial<EnterpriseFile>,
  policies: Policies<ComputerPolicy>,
  report: Report,
): readonly Workstation[] {
  const { items } = readItems(WorkstationShape, file.workstations, ['workstations'], report)
  const named = items.map(({ value, path }) => ({ name: value.id, path: [...path, 'id'] }))
  for (const { name, path } of named) checkId(name, path, report)
  reportDuplicates(named, 'workstation-id', null, report)
  return items.map(({ value, path }) => {
    checkComputerPolicy(value.computerPolicy, policies, path, report)
    const altServers = readAltServers(value, path, report)
    return {
      id: AgentId(value.id),
      network: readNetwork(value, path, report),
      primServer: readServer(value.primServer, [...path, 'primServer'], report),
      altServers,
      profile: readProfile(value.profile, path, report),
      ...(value.computerPolicy === undefined ? {} : { computerPolicy: value.computerPolicy }),
    }
  })
}

/** Fleets, with names and addresses enough for every agent of theirs. */
export function readFleets(
  file: Partial<EnterpriseFile>,
  workstations: readonly Workstation[],
  report: Report,
): readonly Fleet[] {
  const { items } = readItems(FleetFile, file.fleets, ['fleets'], report)
  const named = items.map(({ value, path }) => ({ name: value.id, path: [...path, 'id'] }))
  for (const { name, path } of named) checkId(name, path, report)
  reportDuplicates(named, 'fleet-id', null, report)
  const fleets: Fleet[] = []
  for (const { value, path } of items) {
    const { id, count } = value
    checkAgentNames(id, count, workstations, path, report)
    const primServer = readServer(value.primServer, [...path, 'primServer'], report)
    const altServers = readAltServers(value, path, report)
    const addresses = readAddressRange(value.addresses, [...path, 'addresses'], report)
    if (addresses === null) continue
    const size = rangeSize(compileRange(addresses))
    if (size < BigInt(count)) {
      const text = `fleet ${id} has ${count} agents and ${size} addresses`
      const finding = { code: 'fleet-larger-than-addresses', rule: null, path: [...path, 'count'] }
      report({ ...finding, text, remedy: `write a count of at most ${size}, or a larger range` })
    }
    fleets.push({ id, count, addresses, primServer, altServers, profile: readProfile(value.profile, path, report) })
  }
  return fleets
}

function readProfile(word: string | undefined, path: Path, report: Report): AgentProfile {
  const known = agentProfiles.find((profile) => profile === (word ?? 'windows'))
  if (known !== undefined) return known
  const text = `there is no agent profile "${word}"`
  const remedy = suggest(word ?? '', agentProfiles)
  report({ code: 'unknown-profile', rule: 'FB4', path: [...path, 'profile'], text, remedy })
  return 'windows'
}

function readAltServers(
  { altServers }: { readonly altServers?: readonly string[] },
  path: Path,
  report: Report,
): readonly string[] {
  return (altServers ?? []).map((text, index) => readServer(text, [...path, 'altServers', index], report))
}

/** The agent's name at `index` (from 0) of a fleet: `ward-0001` on. */
export function fleetAgentId(fleet: string, index: number): AgentId {
  return AgentId(`${fleet}-${String(index + 1).padStart(generatedDigits, '0')}`)
}

function checkAgentNames(
  fleet: string,
  count: number,
  workstations: readonly Workstation[],
  path: Path,
  report: Report,
): void {
  const taken = workstations.find(({ id }) => {
    const number = id.startsWith(`${fleet}-`) ? Number(id.slice(fleet.length + 1)) : Number.NaN
    return number >= 1 && number <= count && fleetAgentId(fleet, number - 1) === id
  })
  if (taken === undefined) return
  const text = `the workstation ${taken.id} has the name of an agent of fleet ${fleet}`
  const finding = { code: 'fleet-agent-is-workstation', rule: null, path: [...path, 'id'] }
  report({ ...finding, text, remedy: 'rename one of them' })
}

function checkComputerPolicy(
  word: string | undefined,
  { policies, complete }: Policies<ComputerPolicy>,
  path: Path,
  report: Report,
): void {
  const known = policies.map((policy) => policy.id)
  if (word === undefined || !complete || known.includes(word)) return
  const finding = { code: 'unknown-computer-policy', rule: 'CH5', path: [...path, 'computerPolicy'] }
  reportUnknown({ ...finding, text: `there is no computer policy "${word}"` }, word, known, report)
}

/** Declared addresses and routes; none of either means that the agent reads its own machine. */
function readNetwork(value: WorkstationFile, path: Path, report: Report): DeclaredNetwork | undefined {
  const { address, addresses = [], routes } = value
  if (address !== undefined && value.addresses !== undefined) {
    const text = `${formatField(path)} has both address and addresses`
    const finding = { code: 'address-and-addresses', rule: 'HS1', path: [...path, 'address'], at: 'key' as const }
    report({ ...finding, text, remedy: 'put all of them into addresses, in system order' })
  }
  if (address === undefined && value.addresses === undefined && routes === undefined) return undefined
  const first = address === undefined ? [] : [readAddress(address, [...path, 'address'], report)]
  const more = addresses.map((text, index) => readAddress(text, [...path, 'addresses', index], report))
  return {
    addresses: [...first, ...more].filter((text): text is string => text !== null),
    routes: (routes ?? []).map((text, index) => readRoute(text, [...path, 'routes', index], report)),
  }
}

function readRoute(text: string, path: Path, report: Report): string {
  const destination = parseRouteDestination(text.trim())
  if (!destination.ok) {
    const remedy = 'write ADDRESS/LENGTH, such as 207.46.100.255/32'
    report({ code: 'invalid-route', rule: 'HS2', path, text: `${formatField(path)}: ${destination.error}`, remedy })
  }
  return text.trim()
}
