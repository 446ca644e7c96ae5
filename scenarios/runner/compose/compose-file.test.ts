import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { composeText } from '../commands/compose.ts'
import { loadLab } from '../lab-file.ts'
import { composeFile, type ComposeOptions } from './compose-file.ts'
import { layoutOf } from './layout.ts'

type Service = {
  readonly command: readonly string[]
  readonly networks?: Readonly<Record<string, { readonly ipv4_address: string }>>
  readonly volumes?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>
  readonly ports?: readonly string[]
  readonly network_mode?: string
  readonly cap_add?: readonly string[]
  readonly restart: string
}
type File = {
  readonly services: Readonly<Record<string, Service>>
  readonly networks: Readonly<Record<string, { readonly internal?: boolean }>>
  readonly volumes: Readonly<Record<string, unknown>>
  readonly configs?: { readonly enterprise: { readonly content: string } }
}

const layout = layoutOf(loadLab('dallas-chicago', undefined).enterprise)
const options: ComposeOptions = {
  project: 'p',
  image: 'i',
  context: '.',
  head: ['one'],
  files: { kind: 'setup', enterpriseFile: 'costs: $5 $${X}', flags: [] },
}
const read = (some: Partial<ComposeOptions>): File => parse(composeFile(layout, { ...options, ...some })) as File
const service = (file: File, name: string): Service => {
  const found = file.services[name]
  if (found === undefined) throw new Error(`no service ${name}`)
  return found
}

test('the file at the top of the project is what the command prints for the default lab', () => {
  const kept = readFileSync(new URL('../../../docker-compose.yml', import.meta.url), 'utf8')
  expect(kept).toBe(composeText('dallas-chicago', { project: 'failover-lab', context: '.' }))
})

test('the enterprise file comes out of the compose file as it went in', () => {
  // Compose reads $$ as one dollar.
  expect(read({}).configs?.enterprise.content.replaceAll('$$', '$')).toBe('costs: $5 $${X}')
  expect(read({}).configs?.enterprise.content.replaceAll('$$', '')).not.toContain('$')
})

test('hosts of the enterprise are on internal networks alone, and ports lead in from loopback alone', () => {
  const file = read({})
  const open = Object.entries(file.networks).flatMap(([name, { internal }]) => (internal === true ? [] : [name]))
  expect(open).toEqual(['doors'])
  const behind = Object.entries(file.services).filter(([, { networks }]) => networks?.['doors'] !== undefined)
  expect(behind.map(([name]) => name)).toEqual(['lab'])
  const ports = Object.values(file.services).flatMap((one) => one.ports ?? [])
  expect(ports).toHaveLength(1 + 3 + 6 + 4)
  expect(ports.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([])
})

test('agents wait for appliances, appliances for Toxiproxy, all for their configurations', () => {
  const file = read({})
  expect(service(file, 'dal-ws-1').depends_on).toMatchObject({
    setup: { condition: 'service_completed_successfully' },
    'chi1.yourco.com': { condition: 'service_healthy' },
  })
  expect(service(file, 'dal1.yourco.com').depends_on).toMatchObject({ toxiproxy: { condition: 'service_healthy' } })
  const lasting = Object.entries(file.services).filter(([name]) => name !== 'setup')
  expect(lasting.filter(([, one]) => one.depends_on?.['setup'] === undefined)).toEqual([])
})

test('a service finds its own configuration and no other; databases and workstations keep data', () => {
  const file = read({})
  expect(service(file, 'dal1.yourco.com').volumes).toEqual([
    'config-dal1.yourco.com:/config:ro',
    'data-dal1.yourco.com:/data',
  ])
  expect(service(file, 'dal2.yourco.com').volumes).toEqual(['config-dal2.yourco.com:/config:ro'])
  expect(service(file, 'dal-ws-1').volumes).toEqual(['config-dal-ws-1:/config:ro', 'data-dal-ws-1:/data'])
  const named = Object.values(file.services)
    .flatMap(({ volumes }) => volumes ?? [])
    .map((volume) => volume.split(':')[0])
  expect(named.filter((name) => !Object.keys(file.volumes).includes(name ?? ''))).toEqual([])
})

test('no service has a secret in its environment', () => {
  expect(Object.values(read({}).services).filter(({ environment }) => environment !== undefined)).toEqual([])
})

test('with files of the host nothing is set up, and the sockets of single agents are tapped', () => {
  const file = read({ files: { kind: 'bind', folder: '/run/lab', user: '7:8' }, context: null })
  expect(file.services['setup']).toBeUndefined()
  expect(file.configs).toBeUndefined()
  const agent = service(file, 'dal-ws-1')
  expect(agent.volumes).toEqual(['/run/lab/dal-ws-1:/config:ro', 'data-dal-ws-1:/data', '/run/lab/taps:/taps'])
  expect(agent.environment).toEqual({ FAILOVER_LAB_TAP: '/taps/dal-ws-1.sockets.ndjson' })
  expect(agent.command.slice(0, 3)).toEqual(['--import', '/app/socket-tap.js', '/app/agent.js'])
  expect(agent).toMatchObject({ user: '7:8' })
})

test('a workstation with routes lives in a network that has them, and cannot change it itself', () => {
  const { enterprise } = loadLab('dallas-chicago', undefined)
  const [first] = enterprise.workstations
  if (first === undefined) throw new Error('the lab has workstations')
  const vpn = { ...first, network: { addresses: ['192.168.7.9'], routes: ['172.16.8.0/24'] } }
  const routed = layoutOf({ ...enterprise, workstations: [vpn] })
  const file = parse(composeFile(routed, options)) as File
  const holder = service(file, 'dal-ws-1-network')
  expect(holder.command).toEqual(['172.16.8.0/24 via 192.168.7.253'])
  expect(holder.networks).toEqual({ 'no-site-1': { ipv4_address: '192.168.7.9' } })
  expect(holder.cap_add).toEqual(['NET_ADMIN'])
  const agent = service(file, 'dal-ws-1')
  expect(agent.network_mode).toBe('service:dal-ws-1-network')
  expect(agent.cap_add).toBeUndefined()
})
