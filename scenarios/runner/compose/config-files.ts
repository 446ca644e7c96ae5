/**
 * Everything that the containers of a lab read at start: configurations, certificates, the proxies of Toxiproxy and the
 * list of doors. Pure: who writes it (the service `setup`, or a runner on the host) makes the secrets.
 */
import { assert } from '#shared/assert.ts'
import { type AgentConfig, type ApplianceConfig } from '#shared/config.schema.ts'
import { type ApplianceId } from '#shared/ids.ts'
import { policiesOf } from '../world/configs.ts'
import { configFolder, configuredServices, dataFolder } from './compose-file.ts'
import { type Layout, type LayoutAgents, type LayoutAppliance, type LayoutDoor } from './layout.ts'

export type ConfigFile = {
  /** Whose `/config` it is in. */
  readonly service: string
  readonly name: string
  readonly content: string
}

export type LabSecrets = {
  readonly seed: string
  /** Of the databases; verifiers, no passwords. */
  readonly people: ApplianceConfig['people']
  /** PEM. */
  readonly authority: string
  readonly identityOf: (appliance: ApplianceId) => { readonly certificate: string; readonly key: string }
  /** Bearer token of the control door of a service. */
  readonly tokenOf: (service: string) => string
}

/** What the container `lab` reads. */
export type LabConfig = {
  readonly enterprise: string
  readonly timeScale: number
  /** Whether it prints what happens; otherwise it forwards the doors and needs no token. */
  readonly tells: boolean
  readonly appliances: readonly LabDoor[]
  readonly agents: readonly LabDoor[]
  readonly toxiproxy: LayoutDoor
}
/** `name` is an appliance's id, or the service of an agent process; `token` opens the door on any of its addresses. */
export type LabDoor = LayoutDoor & { readonly service: string; readonly name: string; readonly token: string }

const names = {
  config: 'config.json',
  authority: 'authority.pem',
  certificate: 'certificate.pem',
  key: 'key.pem',
  toxiproxy: 'toxiproxy.json',
} as const

/** The files of every service; those of one service hold no secret of another, but for the lab's own container. */
export function configFiles(layout: Layout, secrets: LabSecrets): ConfigFile[] {
  const json = (service: string, name: string, content: unknown): ConfigFile => ({
    service,
    name,
    content: `${JSON.stringify(content, null, 2)}\n`,
  })
  const files = [
    json(layout.toxiproxy.service, names.toxiproxy, proxiesOf(layout)),
    json(layout.lab.service, names.config, labConfig(layout, secrets)),
    ...layout.appliances.flatMap((one) => [
      json(one.service, names.config, applianceConfig(one, layout, secrets)),
      ...identityFiles(one, secrets),
    ]),
    ...layout.agents.flatMap((one) => [
      json(one.service, names.config, agentConfig(one, layout, secrets)),
      { service: one.service, name: names.authority, content: secrets.authority },
    ]),
  ]
  assert(
    configuredServices(layout).every((service) => files.some((file) => file.service === service)),
    'every service that mounts its files has some',
  )
  return files
}

function identityFiles({ service, appliance }: LayoutAppliance, secrets: LabSecrets): ConfigFile[] {
  const { certificate, key } = secrets.identityOf(appliance.id)
  return [
    { service, name: names.authority, content: secrets.authority },
    { service, name: names.certificate, content: certificate },
    { service, name: names.key, content: key },
  ]
}

/** As Toxiproxy's `-config` reads them. */
function proxiesOf({ links }: Layout) {
  return links.map(({ proxy, port, upstream }) => ({
    name: proxy,
    listen: `0.0.0.0:${port}`,
    upstream: `${upstream.host}:${upstream.port}`,
    enabled: true,
  }))
}

function labConfig({ enterprise, appliances, agents, toxiproxy }: Layout, { tokenOf }: LabSecrets): LabConfig {
  const doorOf = (service: string, name: string, door: LayoutDoor): LabDoor => ({
    service,
    name,
    ...door,
    token: tokenOf(service),
  })
  return {
    enterprise: enterprise.topology.enterprise,
    timeScale: enterprise.topology.settings.timeScale,
    tells: true,
    appliances: appliances.map(({ service, appliance, door }) => doorOf(service, appliance.id, door)),
    agents: agents.map(({ service, door }) => doorOf(service, service, door)),
    toxiproxy: toxiproxy.api,
  }
}

function applianceConfig(
  { service, appliance, listenPort, door, connectTo }: LayoutAppliance,
  { enterprise }: Layout,
  { seed, people, tokenOf }: LabSecrets,
): ApplianceConfig {
  const isDatabase = appliance.role === 'database'
  return {
    seed,
    id: appliance.id,
    listen: { host: '0.0.0.0', port: listenPort },
    control: { host: door.host, port: door.port, token: tokenOf(service) },
    caFile: `${configFolder}/${names.authority}`,
    certificateFile: `${configFolder}/${names.certificate}`,
    keyFile: `${configFolder}/${names.key}`,
    connectTo: [...connectTo],
    topology: enterprise.topology,
    people: isDatabase ? people : [],
    policies: policiesOf(enterprise),
    ...(isDatabase ? { storeFile: `${dataFolder}/${appliance.id}.store` } : {}),
  }
}

function agentConfig(
  { service, agents, isFleet, door, connectTo }: LayoutAgents,
  { enterprise, resolve }: Layout,
  { seed, tokenOf }: LabSecrets,
): AgentConfig {
  return {
    seed,
    control: { host: door.host, port: door.port, token: tokenOf(service) },
    caFile: `${configFolder}/${names.authority}`,
    // As in a lab of processes: a fleet keeps everything in memory.
    ...(isFleet ? {} : { cacheFolder: dataFolder }),
    offlineHashCost: isFleet ? 'minimum' : enterprise.hashCost,
    connectTo: [...connectTo],
    resolve: { ...resolve },
    settings: enterprise.topology.settings,
    agents,
  }
}
