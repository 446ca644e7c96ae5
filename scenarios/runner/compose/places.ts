/** Names of the networks, and everybody's attachments to them. */
import { assert } from '#shared/assert.ts'
import { type SiteId } from '#shared/ids.ts'
import { type Block, blockText, highestFree, lowestFree } from './blocks.ts'
import { type Addressing } from './networks.ts'

export type LayoutNetwork = {
  readonly name: string
  readonly kind: 'site' | 'wan' | 'doors'
  /** Whose hosts are on it; `null`: hosts of no site, or no hosts. */
  readonly site: SiteId | null
  /** `ADDRESS/LENGTH` */
  readonly subnet: string
  /** The engine's own address; a default route may name it, and ends there where the network is internal. */
  readonly gateway: string
  readonly internal: boolean
}

export type Attachment = { readonly network: string; readonly address: string }

/** The wide area network: every appliance and Toxiproxy. */
export const wanName = 'wan'
const doorsName = 'doors'

export type Networks = {
  readonly sites: readonly LayoutNetwork[]
  readonly wan: LayoutNetwork
  readonly doors: LayoutNetwork
  readonly ofBlock: ReadonlyMap<string, LayoutNetwork>
}

/** The networks with their names, in order of their addresses. */
export function networksOf({ networks, own }: Addressing): Networks {
  const counts = new Map<SiteId | null, number>()
  const sites = networks.map(({ block, site, spare }): LayoutNetwork => {
    const number = (counts.get(site) ?? 0) + 1
    counts.set(site, number)
    const name = `${site ?? 'no-site'}-${number}`
    return { name, kind: 'site', site, subnet: blockText(block), gateway: spare[0], internal: true }
  })
  const shared = (name: string, kind: 'wan' | 'doors', block: Block): LayoutNetwork => {
    const [gateway] = highestFree(block, new Set(), 1) ?? []
    assert(gateway !== undefined, 'a /24 has a last address')
    return { name, kind, site: null, subnet: blockText(block), gateway, internal: kind !== 'doors' }
  }
  return {
    sites,
    wan: shared(wanName, 'wan', own(0)),
    doors: shared(doorsName, 'doors', own(255)),
    ofBlock: new Map(sites.map((network) => [network.subnet, network])),
  }
}

export type Places = {
  /** On its site's network first; appliances also on the wide area network. */
  readonly of: (key: string) => readonly [Attachment, ...Attachment[]]
  readonly toxiproxy: readonly Attachment[]
  readonly lab: readonly Attachment[]
  /** Toxiproxy's address on a network. */
  readonly toxiproxyAt: (network: string) => string
}

/** Everybody's addresses on all networks. */
export function placesOf({ residents, places, networks, own }: Addressing, nets: Networks): Places {
  const wanTaken = new Set([nets.wan.gateway])
  const onWan = (): Attachment => {
    const address = lowestFree(own(0), wanTaken, 1)
    assert(address !== undefined, 'a wide area network has room for every appliance')
    wanTaken.add(address)
    return { network: wanName, address }
  }
  const spare = (index: 1 | 2): Attachment[] =>
    networks.map((network) => ({
      network: nets.ofBlock.get(blockText(network.block))?.name ?? '',
      address: network.spare[index],
    }))
  const toxiproxy = [...spare(1), onWan()]
  const [labDoor] = highestFree(own(255), new Set([nets.doors.gateway]), 1) ?? []
  assert(labDoor !== undefined, 'the network of the doors has room for the lab')
  const attached = new Map(
    residents.map((resident) => {
      const place = places.get(resident.key)
      const network = place === undefined ? undefined : nets.ofBlock.get(blockText(place.block))
      assert(place !== undefined && network !== undefined, 'every resident has a place')
      const home: Attachment = { network: network.name, address: place.address }
      const all: readonly [Attachment, ...Attachment[]] = 'appliance' in resident ? [home, onWan()] : [home]
      return [resident.key, all]
    }),
  )
  return {
    of(key) {
      const found = attached.get(key)
      assert(found !== undefined, 'only residents have places')
      return found
    },
    toxiproxy,
    lab: [...spare(2), { network: doorsName, address: labDoor }],
    toxiproxyAt: (network) => toxiproxy.find((one) => one.network === network)?.address ?? '',
  }
}
