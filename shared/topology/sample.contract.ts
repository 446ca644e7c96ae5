/** Small topologies for tests: `sites` in order, each with its appliances; hosts are `<appliance>.test`. */
import { type AddressRange, type Appliance, type Site, type Topology } from './model.ts'
import { parseRange } from '#shared/address.ts'
import { assert } from '#shared/assert.ts'
import { ApplianceId, SiteId } from '#shared/ids.ts'
import { type HostNetwork } from '#shared/network.ts'
import { normalSettings, type Settings } from '#shared/policy/settings.ts'

export type SampleSite = {
  readonly id: string
  readonly ranges?: readonly string[]
  readonly appliances: readonly string[]
  readonly primary?: string
  readonly secondary?: string
  readonly type?: Site['type']
}

export function sampleTopology(sites: readonly SampleSite[], epoch = 1, settings: Partial<Settings> = {}): Topology {
  return {
    epoch,
    enterprise: 'sample',
    generation: 'G4',
    sites: sites.map(sampleSite),
    appliances: sites.flatMap(({ id, appliances }) => appliances.map((name) => sampleAppliance(name, id))),
    settings: { ...normalSettings, ...settings },
  }
}

function sampleSite({ id, ranges = [], primary, secondary, type = 'active' }: SampleSite): Site {
  const failover =
    primary === undefined
      ? {}
      : { primary: SiteId(primary), ...(secondary === undefined ? {} : { secondary: SiteId(secondary) }) }
  return { id: SiteId(id), name: id, type, ranges: ranges.map(range), failover }
}

function sampleAppliance(name: string, site: string): Appliance {
  return { id: ApplianceId(name), site: SiteId(site), role: 'database', host: `${name}.test`, port: 443 }
}

function range(text: string): AddressRange {
  const parsed = parseRange(text)
  assert(parsed.ok, `a sample range is right: ${text}`)
  return parsed.value
}

/** A host with these addresses, one adapter each, and these unicast routes. */
export function sampleNetwork(addresses: readonly string[], routes: readonly string[] = []): HostNetwork {
  return {
    adapters: addresses.map((address, index) => ({ name: `eth${index}`, addresses: [address] })),
    routes: routes.map((destination) => ({ destination, kind: 'unicast' })),
  }
}
