/**
 * A layout as a Swarm stack. A stack gives nobody a fixed address and starts nothing before anything else, so appliances
 * are found by name, agents are told the addresses that the enterprise file gives them, and everybody tries until the
 * others are there. Control doors stay on the loopback of their containers, since a swarm cannot publish on loopback
 * alone: `docker exec CONTAINER door` opens them.
 */
import { createHash } from 'node:crypto'
import { stringify } from 'yaml'
import { assert } from '#shared/assert.ts'
import { type AgentConfig } from '#shared/config.schema.ts'
import { type SiteId } from '#shared/ids.ts'
import { type Appliance } from '#shared/topology/model.ts'
import { groupOfFleet, groupOfWorkstation } from '../world/agent-groups.ts'
import { configFolder, dataFolder, toxiproxyImage } from './compose-file.ts'
import { type ConfigFile, configFiles, type LabSecrets } from './config-files.ts'
import { type Layout, type LayoutAgents } from './layout.ts'

export type StackOptions = {
  readonly image: string
  /** Absolute path of the folder with the files. */
  readonly folder: string
  /** Lines of the comment at the head. */
  readonly head: readonly string[]
}

/** `name` is its file's, below the folder. */
export type StackFile = { readonly name: string; readonly content: string }

const loopback = '127.0.0.1'
const wan = 'wan'
/** The user of the image. */
const owner = { uid: '1000', gid: '1000', mode: 0o400 } as const

/** The stack file, and the files of its secrets; `secrets` gives tokens and keys of a lab with the services of `layout`. */
export function stackOf(
  given: Layout,
  secrets: LabSecrets,
  { image, folder, head }: StackOptions,
): { readonly text: string; readonly files: readonly StackFile[] } {
  const layout = nameless(given)
  const kept = configFiles(layout, secrets)
    .filter(({ service }) => service !== layout.lab.service)
    .map((file) => stackFile(file, layout))
  const databases = layout.appliances.filter(({ appliance }) => appliance.role === 'database')
  const stack = {
    version: '3.8',
    services: servicesOf(layout, image, (service) => mounted(kept.filter((file) => file.service === service))),
    networks: Object.fromEntries(networksOf(layout).map((name) => [name, { driver: 'overlay', internal: true }])),
    volumes: Object.fromEntries(databases.map(({ service }) => [`data-${service}`, {}])),
    secrets: Object.fromEntries(
      kept.map(({ secret, file, isTemplate }) => [
        secret,
        { file: `${folder}/${file}`, ...(isTemplate ? { template_driver: 'golang' } : {}) },
      ]),
    ),
  }
  return {
    text: `${head.map((line) => `# ${line}\n`).join('')}${stringify(stack, { aliasDuplicateObjects: false, lineWidth: 120 })}`,
    files: kept.map(({ file, content }) => ({ name: file, content })),
  }
}

type Mounted = ReturnType<typeof mounted>

function servicesOf(layout: Layout, image: string, secretsOf: (service: string) => Mounted) {
  const { toxiproxy, appliances, agents } = layout
  const proxies = {
    image: toxiproxyImage,
    command: ['-host=0.0.0.0', `-config=${configFolder}/toxiproxy.json`],
    networks: networksOf(layout),
    // Its image has a user of its own, and nothing in its file is secret.
    secrets: secretsOf(toxiproxy.service).map((secret) => ({ ...secret, mode: 0o444 })),
    ...lasting(1, []),
  }
  const applianceServices = appliances.map(({ service, appliance }) => ({
    [service]: {
      image,
      command: ['/app/appliance.js', '--config', `${configFolder}/config.json`],
      networks: {
        [siteNetwork(appliance.site)]: { aliases: [inSite(service)] },
        [wan]: { aliases: [onWan(service)] },
      },
      secrets: secretsOf(service),
      ...(appliance.role === 'database' ? { volumes: [`data-${service}:${dataFolder}`] } : {}),
      ...lasting(1, [`node.labels.${dataCenterLabel(appliance)} == true`]),
    },
  }))
  const agentServices = agents.map(({ service, agents: replicas, isFleet, through }) => ({
    [service]: {
      image,
      command: ['/app/agent.js', '--config', `${configFolder}/config.json`],
      networks: [siteNetwork(through)],
      secrets: secretsOf(service),
      tmpfs: [dataFolder],
      ...lasting(isFleet ? 1 : replicas.length, []),
    },
  }))
  return Object.assign({ [toxiproxy.service]: proxies }, ...applianceServices, ...agentServices) as object
}

function networksOf({ appliances, agents }: Layout): string[] {
  const sites = [...appliances.map(({ appliance }) => appliance.site), ...agents.map(({ through }) => through)]
  return [...new Set([wan, ...sites.map(siteNetwork)])]
}

function mounted(files: readonly { readonly secret: string; readonly name: string }[]) {
  return files.map(({ secret, name }) => ({ source: secret, target: `${configFolder}/${name}`, ...owner }))
}

/** The label that a node carries for each data center whose appliances may run there. */
export function dataCenterLabel({ dataCenter, site }: Appliance): string {
  return `data-center.${slug(dataCenter ?? site)}`
}

function lasting(replicas: number, constraints: readonly string[]) {
  return {
    init: true,
    read_only: true,
    cap_drop: ['ALL'],
    stop_grace_period: '5s',
    deploy: {
      // Names lead to the tasks themselves: a link is one connection to one appliance.
      endpoint_mode: 'dnsrr',
      replicas,
      ...(constraints.length === 0 ? {} : { placement: { constraints } }),
      restart_policy: { condition: 'any', delay: '1s' },
      resources: { limits: { memory: '384M', cpus: '1.0' } },
    },
  }
}

/** The layout without one fixed address: names instead, declared networks, and a service of replicas for each site. */
function nameless(layout: Layout): Layout {
  const appliances = layout.appliances.map((one) => ({
    ...one,
    service: slug(one.service),
    door: { ...one.door, host: loopback },
    connectTo: byName(layout, one.connectTo),
  }))
  const links = layout.links.map((link) => {
    const to = layout.appliances.find(({ appliance }) => appliance.id === link.name.to)
    assert(to !== undefined, 'a link leads to an appliance of the lab')
    const isInSite = link.upstream.host === to.networks[0]?.address
    const host = (isInSite ? inSite : onWan)(slug(to.service))
    return { ...link, upstream: { host, port: link.upstream.port } }
  })
  return { ...layout, appliances, links, agents: replicated(layout) }
}

function byName({ toxiproxy }: Layout, connectTo: LayoutAgents['connectTo']): LayoutAgents['connectTo'] {
  return connectTo.map(({ from, to }) => ({ from, to: to.replace(/^.*:(?=\d+$)/u, `${toxiproxy.service}:`) }))
}

/** Workstations of one site are replicas of one service; a fleet is one process as everywhere. */
function replicated(layout: Layout): LayoutAgents[] {
  const { topology, workstations, fleets } = layout.enterprise
  const declared = new Map(
    [
      ...workstations.map((workstation) => groupOfWorkstation(topology, workstation)),
      ...fleets.map((fleet) => groupOfFleet(topology, fleet)),
    ].flatMap(({ agents }) => agents.map((agent) => [agent.id, agent] as const)),
  )
  const services = new Map<string, LayoutAgents>()
  for (const one of layout.agents) {
    const service = one.isFleet ? slug(one.service) : `agents-${slug(one.through ?? 'no-site')}`
    const agents = one.agents.map((agent) => declared.get(agent.id) ?? agent)
    const known = services.get(service)
    services.set(service, {
      ...one,
      service,
      agents: [...(known?.agents ?? []), ...agents],
      linkSites: [...(known?.linkSites ?? []), ...one.linkSites],
      door: { ...one.door, host: loopback },
      connectTo: byName(layout, one.connectTo),
    })
  }
  return [...services.values()]
}

/** A secret cannot be changed, so that its name holds what it holds. */
function stackFile({ service, name, content }: ConfigFile, { agents }: Layout) {
  const isTemplate = name === 'config.json' && agents.some((one) => one.service === service && !one.isFleet)
  const text = isTemplate ? slotTemplate(content) : content
  const digest = createHash('sha256').update(text).digest('hex').slice(0, 8)
  const secret = `${service.slice(0, 30)}-${name.replace(/\..*$/u, '')}-${digest}`
  return { service, name, secret, file: `${service}.${name}`, content: text, isTemplate }
}

/** Every replica reads the same template; its slot says which workstation it is. */
function slotTemplate(content: string): string {
  const { agents, ...config } = JSON.parse(content) as AgentConfig
  const chosen = agents
    .map((agent, index) => `{{if eq .Task.Slot "${index + 1}"}}${JSON.stringify(agent)}{{end}}`)
    .join('')
  const text = JSON.stringify({ ...config, agents: [] }, null, 2)
  return `${text.replace('"agents": []', () => `"agents": [${chosen}]`)}\n`
}

function siteNetwork(site: SiteId | null): string {
  return site === null ? 'no-site' : `site-${slug(site)}`
}

function inSite(service: string): string {
  return `${service}-in-site`
}

function onWan(service: string): string {
  return `${service}-on-wan`
}

/** What a swarm takes for a name. */
function slug(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/gu, '-')
    .replaceAll(/^-|-$/gu, '')
}
