/**
 * Who needs a place on a network: every appliance and every process of agents, with the address that the enterprise file
 * gives it. A fleet whose addresses lie in several blocks becomes a process for each.
 */
import { addressAt, compileRange, rangesTouch } from '#shared/address.ts'
import { AgentId, type SiteId } from '#shared/ids.ts'
import { type Appliance, type Enterprise, type Fleet } from '#shared/topology/model.ts'
import { type AgentGroup, groupOfFleet, groupOfWorkstation } from '../world/agent-groups.ts'
import { linkSiteOf } from '../world/link-site.ts'
import { type Block, canBeGiven } from './blocks.ts'

export type Resident = {
  /** Its own among all residents. */
  readonly key: string
  /** The site whose networks it belongs to; `null`: none. */
  readonly site: SiteId | null
  /** As the file states it; `undefined`: any will do. */
  readonly address: string | undefined
} & ({ readonly appliance: Appliance } | { readonly group: AgentGroup; readonly routes: readonly string[] })

/** Of one whole enterprise. `siteBlocks` are the blocks at whose edges fleets are divided. */
export function residentsOf(enterprise: Enterprise, siteBlocks: readonly Block[]): Resident[] {
  const { topology, workstations, fleets } = enterprise
  return [
    ...topology.appliances.map((appliance) => ({
      key: `appliance ${appliance.id}`,
      site: appliance.site,
      address: applianceAddress(appliance),
      appliance,
    })),
    ...workstations.map((workstation) => {
      const group = groupOfWorkstation(topology, workstation)
      const { addresses, routes } = workstation.network ?? { addresses: [], routes: [] }
      return { key: `workstation ${workstation.id}`, site: group.through, address: addresses[0], group, routes }
    }),
    ...fleets.flatMap((fleet) => fleetResidents(enterprise, fleet, siteBlocks)),
  ]
}

/** The address of an appliance, if the file states one: beside its name, or as its name. */
function applianceAddress({ host, address }: Appliance): string | undefined {
  return address ?? (/^[\d.]+$|:/u.test(host) ? host : undefined)
}

function fleetResidents({ topology }: Enterprise, fleet: Fleet, siteBlocks: readonly Block[]): Resident[] {
  const whole = groupOfFleet(topology, fleet)
  const range = compileRange(fleet.addresses)
  const touched = siteBlocks.filter((block) => rangesTouch(block, range))
  const pieces = new Map<Block | undefined, AgentGroup['agents']>()
  for (const [index, agent] of whole.agents.entries()) {
    const { value } = addressAt(range, index)
    const block = touched.find(({ first, last }) => first <= value && value <= last)
    pieces.set(block, [...(pieces.get(block) ?? []), agent])
  }
  return [...pieces].map(([block, agents], index) => {
    const addresses = agents.flatMap(({ network }) => network?.addresses ?? [])
    const site = linkSiteOf(topology, { addresses: addresses.slice(0, 1), routes: [] })
    const name = pieces.size === 1 ? fleet.id : `${fleet.id}-${index + 1}`
    const linkSites = agents.map(({ id }) => [AgentId(id), site] as const)
    return {
      key: `fleet ${name}`,
      site,
      address: hostAddress(addresses, block),
      group: { ...whole, name, agents, through: site, linkSites },
      routes: [],
    }
  })
}

/** The first that a host of `block` can have; a fleet's agents share one machine, so any of them will do. */
function hostAddress(addresses: readonly string[], block: Block | undefined): string | undefined {
  if (block === undefined) return addresses[0]
  return addresses.find((text) => canBeGiven(block, text)) ?? addresses[0]
}
