/**
 * The host's interfaces and routes as they are now, from whatever this system has. A source that is missing, too slow or
 * unreadable gives way to the next; when none is left the host has its addresses and no routes.
 */
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { endianness, networkInterfaces, platform } from 'node:os'
import { promisify } from 'node:util'
import { type HostNetwork } from '#shared/network.ts'
import { adaptersOf } from './interfaces.ts'
import { parseIpAddresses, parseIpRoutes } from './linux-ip.ts'
import { parseProcIpv6Routes, parseProcRoutes } from './linux-procfs.ts'
import { parseNetstat } from './macos-netstat.ts'
import { getNetRoute, parseNetRoutes, parseRoutePrint } from './windows-route.ts'

const run = promisify(execFile)

/** All sources of one reading together. */
const readingMsMax = 2000
/** PowerShell leaves time for `route print`. */
const powerShellMsMax = 1500
/** A table with every route of the internet stays below this. */
const outputBytesMax = 256 * 1024 * 1024

type Source = (deadline: AbortSignal) => Promise<HostNetwork | undefined>

/** Never fails and takes two seconds at most. */
export async function readHostNetwork(): Promise<HostNetwork> {
  const deadline = AbortSignal.timeout(readingMsMax)
  for (const source of sources()) {
    const network = await source(deadline).catch(() => undefined)
    if (network !== undefined) return network
  }
  return { adapters: adaptersOf(networkInterfaces()), routes: [] }
}

function sources(): readonly Source[] {
  switch (platform()) {
    case 'linux':
    case 'android':
      return [iproute, procfs]
    case 'darwin':
      return [netstat]
    case 'win32':
      return [powerShell, routePrint]
    default:
      return []
  }
}

async function iproute(deadline: AbortSignal): Promise<HostNetwork | undefined> {
  const [addresses, routes4, routes6] = await Promise.all([
    output('ip', ['-j', 'addr'], deadline),
    output('ip', ['-j', '-4', 'route', 'show', 'table', 'all'], deadline),
    output('ip', ['-j', '-6', 'route', 'show', 'table', 'all'], deadline),
  ])
  const adapters = parseIpAddresses(addresses)
  const [ipv4, ipv6] = [parseIpRoutes(routes4, 4), parseIpRoutes(routes6, 6)]
  if (!adapters.ok || !ipv4.ok || !ipv6.ok) return undefined
  return { adapters: adapters.value, routes: [...ipv4.value, ...ipv6.value] }
}

async function procfs(deadline: AbortSignal): Promise<HostNetwork> {
  const read = (file: string): Promise<string> => readFile(file, { encoding: 'utf8', signal: deadline })
  // A host without IPv6 has no such file.
  const [ipv4, ipv6] = await Promise.all([read('/proc/net/route'), read('/proc/net/ipv6_route').catch(() => '')])
  const interfaces = networkInterfaces()
  const routes4 = parseProcRoutes(ipv4, interfaces, endianness() === 'BE')
  return { adapters: adaptersOf(interfaces), routes: [...routes4, ...parseProcIpv6Routes(ipv6, interfaces)] }
}

async function netstat(deadline: AbortSignal): Promise<HostNetwork> {
  const interfaces = networkInterfaces()
  const text = await output('netstat', ['-rn'], deadline)
  return { adapters: adaptersOf(interfaces), routes: parseNetstat(text, interfaces) }
}

async function powerShell(deadline: AbortSignal): Promise<HostNetwork | undefined> {
  const interfaces = networkInterfaces()
  const command = ['-NoProfile', '-NonInteractive', '-Command', getNetRoute]
  const sooner = AbortSignal.any([deadline, AbortSignal.timeout(powerShellMsMax)])
  const routes = parseNetRoutes(await output('powershell.exe', command, sooner), interfaces)
  return routes.ok ? { adapters: adaptersOf(interfaces), routes: routes.value } : undefined
}

async function routePrint(deadline: AbortSignal): Promise<HostNetwork> {
  const interfaces = networkInterfaces()
  const text = await output('route', ['print'], deadline)
  return { adapters: adaptersOf(interfaces), routes: parseRoutePrint(text, interfaces) }
}

async function output(command: string, parameters: readonly string[], signal: AbortSignal): Promise<string> {
  const options = { signal, killSignal: 'SIGKILL', windowsHide: true, maxBuffer: outputBytesMax } as const
  const { stdout } = await run(command, parameters, options)
  return stdout
}
