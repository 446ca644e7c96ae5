/**
 * A layout as a compose file (Compose v2.23 or newer). Either the file stands alone, and its service `setup` writes all
 * configurations into volumes before anything else starts; or they are in a folder of the host already.
 */
import { stringify } from 'yaml'
import { tapVariable } from '../world/socket-tap.ts'
import { type Layout, type LayoutAgents, type LayoutAppliance } from './layout.ts'
import { type Attachment } from './places.ts'

export type ComposeOptions = {
  /** Name of the compose project. */
  readonly project: string
  readonly image: string
  /** Folder of the Dockerfile, as seen from the compose file; `null`: the image is there. */
  readonly context: string | null
  readonly files: SetupFiles | BoundFiles
  /** Lines of the comment at the head. */
  readonly head: readonly string[]
}

/** `setup` reads the enterprise file from the compose file, with these flags. */
export type SetupFiles = { readonly kind: 'setup'; readonly enterpriseFile: string; readonly flags: readonly string[] }

/**
 * `folder/SERVICE/` on the host is `/config` of that service; containers run as `user` (`UID:GID`), who must be able to
 * read it. The sockets of single agents are tapped into `folder/taps/SERVICE.sockets.ndjson`.
 */
export type BoundFiles = { readonly kind: 'bind'; readonly folder: string; readonly user: string }

export const toxiproxyImage = 'ghcr.io/shopify/toxiproxy:2.12.0'
/** Where a service finds what was written for it. */
export const configFolder = '/config'
/** Where a database keeps its records and a workstation its cache. */
export const dataFolder = '/data'
const enterprisePath = '/enterprise.yaml'

type Service = Readonly<Record<string, unknown>>
type Limits = { readonly memory: string; readonly cpus: string; readonly pids: number }

const limits = {
  appliance: { memory: '384M', cpus: '1.0', pids: 64 },
  agents: { memory: '256M', cpus: '0.5', pids: 64 },
  lab: { memory: '256M', cpus: '0.5', pids: 64 },
  toxiproxy: { memory: '128M', cpus: '1.0', pids: 64 },
  setup: { memory: '512M', cpus: '2.0', pids: 64 },
} as const satisfies Record<string, Limits>

/** The text of the file. */
export function composeFile(layout: Layout, options: ComposeOptions): string {
  const { files, project } = options
  const composed = {
    name: project,
    services: {
      ...(files.kind === 'setup' ? { setup: setupService(layout, options, files) } : {}),
      [layout.toxiproxy.service]: toxiproxyService(layout, options),
      [layout.lab.service]: labService(layout, options),
      ...Object.fromEntries(layout.appliances.map((one) => [one.service, applianceService(one, layout, options)])),
      ...Object.fromEntries(layout.agents.flatMap((one) => agentServices(one, layout, options))),
    },
    networks: Object.fromEntries(
      layout.networks.map(({ name, subnet, gateway, internal }) => [
        name,
        {
          // Doors are for this machine: nothing behind them dials out.
          ...(internal ? { internal } : { driver_opts: { 'com.docker.network.bridge.enable_ip_masquerade': 'false' } }),
          ipam: { config: [{ subnet, gateway }] },
        },
      ]),
    ),
    ...(files.kind === 'setup'
      ? {
          volumes: Object.fromEntries(volumesOf(layout).map((name) => [name, {}])),
          // A dollar begins a variable in a compose file.
          configs: { enterprise: { content: files.enterpriseFile.replaceAll('$', '$$$$') } },
        }
      : { volumes: Object.fromEntries(dataVolumes(layout).map((name) => [name, {}])) }),
  }
  const head = options.head.map((line) => `# ${line}\n`).join('')
  return `${head}${stringify(composed, { aliasDuplicateObjects: false, lineWidth: 120, version: '1.1' })}`
}

/** The services that hold a network with routes for an agent. */
export function networkHoldersOf({ agents }: Layout): string[] {
  return agents.filter(({ routes }) => routes.length > 0).map(({ service }) => holderOf(service))
}

function holderOf(service: string): string {
  return `${service}-network`
}

/** Every service that finds something in its own `/config`. */
export function configuredServices({ toxiproxy, lab, appliances, agents }: Layout): string[] {
  return [toxiproxy, lab, ...appliances, ...agents].map(({ service }) => service)
}

function dataVolumes({ appliances, agents }: Layout): string[] {
  const databases = appliances.filter(({ appliance }) => appliance.role === 'database')
  return [...databases, ...agents.filter(({ isFleet }) => !isFleet)].map(({ service }) => `data-${service}`)
}

/** The volumes that `setup` fills and prepares. */
export function volumesOf(layout: Layout): string[] {
  return [...configuredServices(layout).map((service) => `config-${service}`), ...dataVolumes(layout)]
}

/** As root with two capabilities, because a new volume belongs to root and its reader must not. */
function setupService(layout: Layout, options: ComposeOptions, { flags }: SetupFiles): Service {
  return {
    image: options.image,
    ...(options.context === null ? {} : { build: options.context }),
    command: ['/app/setup.js', '--lab', enterprisePath, ...flags],
    configs: [{ source: 'enterprise', target: enterprisePath }],
    user: '0:0',
    network_mode: 'none',
    volumes: volumesOf(layout).map((name) => `${name}:/volumes/${name}`),
    tmpfs: ['/tmp'],
    restart: 'no',
    healthcheck: { disable: true },
    ...hardened(limits.setup),
    cap_add: ['CHOWN', 'DAC_OVERRIDE'],
  }
}

function toxiproxyService({ toxiproxy }: Layout, options: ComposeOptions): Service {
  const { service, networks } = toxiproxy
  return {
    image: toxiproxyImage,
    command: ['-host=0.0.0.0', `-config=${configFolder}/toxiproxy.json`],
    ...started(options, {}),
    networks: attached(networks),
    volumes: [configVolume(service, options)],
    healthcheck: { test: ['CMD', '/toxiproxy-cli', 'list'], ...healthTimes },
    ...lasting(limits.toxiproxy),
    read_only: true,
  }
}

/** It has no start order: it tells how the others come. */
function labService({ lab, appliances, agents, toxiproxy }: Layout, options: ComposeOptions): Service {
  const doors = [toxiproxy.api, ...[...appliances, ...agents].map(({ door }) => door)]
  return {
    ...program(options, ['/app/lab.js', '--config', `${configFolder}/config.json`]),
    ...started(options, {}),
    networks: attached(lab.networks),
    ports: doors.map(({ published }) => `127.0.0.1:${published}:${published}`),
    volumes: [configVolume(lab.service, options)],
    ...lasting(limits.lab),
    read_only: true,
  }
}

function applianceService({ service, appliance, networks }: LayoutAppliance, layout: Layout, options: ComposeOptions) {
  const data = appliance.role === 'database' ? [`data-${service}:${dataFolder}`] : []
  return {
    ...program(options, ['/app/appliance.js', '--config', `${configFolder}/config.json`]),
    ...started(options, { [layout.toxiproxy.service]: 'service_healthy' }),
    networks: attached(networks),
    volumes: [configVolume(service, options), ...data],
    ...lasting(limits.appliance),
    read_only: true,
  }
}

function agentServices(agents: LayoutAgents, layout: Layout, options: ComposeOptions): [name: string, Service][] {
  const { service, isFleet, networks, routes } = agents
  const holder = holderOf(service)
  const after = Object.fromEntries(layout.appliances.map((one) => [one.service, 'service_healthy']))
  const tap = options.files.kind === 'bind' && agents.agents.length === 1 ? tapOf(service, options.files) : undefined
  const run = ['/app/agent.js', '--config', `${configFolder}/config.json`]
  const agent = {
    ...program(options, [...(tap === undefined ? [] : ['--import', '/app/socket-tap.js']), ...run]),
    ...(tap === undefined ? {} : { environment: tap.environment }),
    ...started(options, routes.length === 0 ? after : { ...after, [holder]: 'service_healthy' }),
    ...(routes.length === 0 ? { networks: attached(networks) } : { network_mode: `service:${holder}` }),
    volumes: [
      configVolume(service, options),
      ...(isFleet ? [] : [`data-${service}:${dataFolder}`]),
      ...(tap === undefined ? [] : [tap.volume]),
    ],
    ...lasting(limits.agents),
    read_only: true,
  }
  return routes.length === 0
    ? [[service, agent]]
    : [
        [holder, networkHolder(agents, options)],
        [service, agent],
      ]
}

/** A network with routes of its own, as a VPN client makes it; the agent lives in it and cannot change it. */
function networkHolder({ networks, routes, via }: LayoutAgents, options: ComposeOptions): Service {
  return {
    image: `${options.image}-network`,
    ...(options.context === null
      ? {}
      : { build: { context: options.context, dockerfile: 'scenarios/runner/compose/image/network.Dockerfile' } }),
    command: routes.map((route) => `${route} via ${via}`),
    networks: attached(networks),
    ...lasting(limits.agents),
    cap_add: ['NET_ADMIN'],
    read_only: true,
  }
}

function tapOf(service: string, { folder }: BoundFiles) {
  return {
    environment: { [tapVariable]: `/taps/${service}.sockets.ndjson` },
    volume: `${folder}/taps:/taps`,
  }
}

function program({ image, files }: ComposeOptions, command: readonly string[]): Service {
  return {
    image,
    command,
    ...(files.kind === 'bind' ? { user: files.user } : {}),
    healthcheck: { test: ['CMD', 'door', 'health'], ...healthTimes },
  }
}

/** An engine of 20.10 has no other interval for the start, so one serves both: soon enough, and cheap for a dozen. */
const healthTimes = { interval: '4s', timeout: '5s', retries: 5, start_period: '20s' } as const

function started({ files }: ComposeOptions, after: Readonly<Record<string, string>>): Service {
  const all = { ...(files.kind === 'setup' ? { setup: 'service_completed_successfully' } : {}), ...after }
  const conditions = Object.entries(all).map(([service, condition]) => [service, { condition }] as const)
  return conditions.length === 0 ? {} : { depends_on: Object.fromEntries(conditions) }
}

function attached(networks: readonly Attachment[]): Service {
  return Object.fromEntries(networks.map(({ network, address }) => [network, { ipv4_address: address }]))
}

function configVolume(service: string, { files }: ComposeOptions): string {
  const source = files.kind === 'setup' ? `config-${service}` : `${files.folder}/${service}`
  return `${source}:${configFolder}:ro`
}

function lasting(limit: Limits): Service {
  return { init: true, restart: 'unless-stopped', stop_grace_period: '5s', ...hardened(limit) }
}

function hardened(limit: Limits): Service {
  return {
    cap_drop: ['ALL'],
    security_opt: ['no-new-privileges:true'],
    deploy: { resources: { limits: limit } },
    logging: { driver: 'json-file', options: { 'max-size': '10m', 'max-file': '3' } },
  }
}
