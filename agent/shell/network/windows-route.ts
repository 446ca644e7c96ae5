/**
 * Routes of Windows: `Get-NetRoute` as JSON, or `route print`, whose words are in the user's language and whose columns
 * are not.
 */
import { isIPv4 } from 'node:net'
import { Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { type Route } from '#shared/network.ts'
import { type Result, fail, ok } from '#shared/result.ts'
import { type Interfaces, classifiedRoute } from './interfaces.ts'

const NetRoute = Type.Object({ DestinationPrefix: Type.String(), InterfaceAlias: Type.Optional(Type.String()) })
const NetRoutes = Compile(Type.Union([Type.Array(NetRoute), NetRoute]))

/** Run with PowerShell. */
export const getNetRoute = 'Get-NetRoute | Select-Object DestinationPrefix,InterfaceAlias | ConvertTo-Json -Compress'

/** The routes that PowerShell printed, or what is wrong with the text. A single route is printed without its list. */
export function parseNetRoutes(text: string, interfaces: Interfaces): Result<Route[], string> {
  const value = parseJson(text)
  if (!NetRoutes.Check(value)) return fail('not the output of Get-NetRoute')
  const routes = Array.isArray(value) ? value : [value]
  return ok(routes.flatMap((route) => classifiedRoute(route.DestinationPrefix, route.InterfaceAlias, interfaces)))
}

/** The active routes of both families; the permanent ones are among them where they are in force. */
export function parseRoutePrint(text: string, interfaces: Interfaces): Route[] {
  return text.split(/\r?\n/u).flatMap((line) => {
    const destination = ipv4Destination(line) ?? ipv6Destination(line)
    return destination === undefined ? [] : classifiedRoute(destination, undefined, interfaces)
  })
}

/** Destination, mask, gateway (which may be words), interface, metric. A permanent route has no interface. */
function ipv4Destination(line: string): string | undefined {
  const [, network = '', mask = '', , device = ''] =
    /^\s*([\d.]+)\s+([\d.]+)\s+(\S.*?)\s+([\d.]+)\s+\d+\s*$/u.exec(line) ?? []
  if (![network, mask, device].every(isIPv4)) return undefined
  const ones = mask.split('.').map((octet) => Number(octet).toString(2).replaceAll('0', '').length)
  return `${network}/${ones.reduce((sum, count) => sum + count, 0)}`
}

/** Interface, metric, destination; the gateway may stand on the next line. */
function ipv6Destination(line: string): string | undefined {
  return /^\s*\d+\s+\d+\s+([\da-f:]+\/\d+)(?:\s|$)/u.exec(line)?.[1]
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
