/** `ip -j addr` and `ip -j -4|-6 route show table all` of iproute2: JSON, and the only source that says each route's type. */
import { Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { type Adapter, type Route } from '#shared/network.ts'
import { type Result, fail, ok } from '#shared/result.ts'
import { countedAddress } from './interfaces.ts'

const Addresses = Compile(
  Type.Array(
    Type.Object({
      ifname: Type.String(),
      flags: Type.Optional(Type.Array(Type.String())),
      addr_info: Type.Array(Type.Object({ local: Type.Optional(Type.String()) })),
    }),
  ),
)
const Routes = Compile(
  Type.Array(
    Type.Object({ dst: Type.String(), dev: Type.Optional(Type.String()), type: Type.Optional(Type.String()) }),
  ),
)

/** The whole address space and the length of a single address, by family. */
const whole = { 4: '0.0.0.0/0', 6: '::/0' } as const
const bits = { 4: 32, 6: 128 } as const

const kinds: Readonly<Record<string, Route['kind']>> = {
  unicast: 'unicast',
  local: 'local',
  anycast: 'local',
  broadcast: 'broadcast',
  multicast: 'multicast',
}

/** The adapters in the system's order, or what is wrong with the text. */
export function parseIpAddresses(text: string): Result<Adapter[], string> {
  const value = parseJson(text)
  if (!Addresses.Check(value)) return fail('not the output of `ip -j addr`')
  return ok(
    value.flatMap(({ ifname, flags, addr_info }) => {
      // A bridge without hosts, a pulled plug: its address reaches nobody, and no other source lists it.
      if (flags?.includes('NO-CARRIER') === true) return []
      const addresses = addr_info.flatMap(({ local }) => (local === undefined ? [] : (countedAddress(local) ?? [])))
      return addresses.length === 0 ? [] : [{ name: ifname, addresses }]
    }),
  )
}

/** The routes of one family, or what is wrong with the text. */
export function parseIpRoutes(text: string, family: 4 | 6): Result<Route[], string> {
  const value = parseJson(text)
  if (!Routes.Check(value)) return fail('not the output of `ip -j route`')
  return ok(
    value.map(({ dst, dev, type = 'unicast' }) => ({
      destination: destinationOf(dst, family),
      // Blackholes and the like lead nowhere.
      kind: kinds[type] ?? 'other',
      ...(dev === undefined ? {} : { device: dev }),
    })),
  )
}

function destinationOf(text: string, family: 4 | 6): string {
  if (text === 'default') return whole[family]
  return text.includes('/') ? text : `${text}/${bits[family]}`
}

function parseJson(text: string): unknown {
  try {
    // No route at all is no output at all.
    return text.trim() === '' ? [] : JSON.parse(text)
  } catch {
    return undefined
  }
}
