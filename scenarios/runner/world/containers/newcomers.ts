/**
 * Workstations that start after the lab was laid out. Each gets a container on the wide area network, where it meets
 * Toxiproxy, and on the network of the doors, where its own port is published; its agent is told its network.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { assert } from '#shared/assert.ts'
import { AgentId } from '#shared/ids.ts'
import { stringify } from 'yaml'
import { configFolder, dataFolder } from '../../compose/compose-file.ts'
import { type Layout, type LayoutAgents } from '../../compose/layout.ts'
import { type LayoutNetwork } from '../../compose/places.ts'
import { LabFailed } from '../../outcome.ts'
import { freePorts } from '../../ports.ts'
import { type AgentGroup } from '../agent-groups.ts'
import { tapVariable } from '../socket-tap.ts'
import { type Project } from './project.ts'

const doorPort = 8080
/** Hosts of a /24 that the layout leaves free: it counts appliances from below, its own containers from above. */
const firstHost = 160
const newcomersMax = 80

export class Newcomers {
  readonly #layout: Layout
  readonly #project: Project
  #count = 0

  constructor(layout: Layout, project: Project) {
    this.#layout = layout
    this.#project = project
  }

  /** Creates the container of one more workstation. */
  async add({ name, agents, through, linkSites }: AgentGroup): Promise<LayoutAgents> {
    if (this.#count >= newcomersMax)
      throw new LabFailed(`--world compose: at most ${newcomersMax} workstations may come later`)
    const host = firstHost + this.#count
    this.#count += 1
    const [published] = await freePorts(1)
    assert(published !== undefined, 'a port was asked for')
    const [wan, doors] = (['wan', 'doors'] as const).map((kind) => this.#addressOn(kind, host))
    assert(wan !== undefined && doors !== undefined, 'a layout has both networks')
    const via = this.#layout.toxiproxy.networks.find(({ network }) => network === wan.network)?.address
    assert(via !== undefined, 'Toxiproxy is on the wide area network')
    const service = name
    this.#project.prepare(service)
    const file = join(this.#project.folder, `${service}.yml`)
    writeFileSync(file, stringify(this.#composeFile(service, published, [wan, doors])))
    await this.#project.create(file)
    return {
      service,
      agents,
      isFleet: false,
      through,
      linkSites: linkSites.map(([agent, site]) => [AgentId(agent), site] as const),
      networks: [wan, doors],
      routes: [],
      via,
      door: { host: '0.0.0.0', port: doorPort, published },
      connectTo: [],
    }
  }

  #composeFile(service: string, published: number, networks: readonly { network: string; address: string }[]) {
    const { folder, image, user } = this.#project
    return {
      services: {
        [service]: {
          image,
          user,
          init: true,
          restart: 'no',
          command: ['--import', '/app/socket-tap.js', '/app/agent.js', '--config', `${configFolder}/config.json`],
          environment: { [tapVariable]: `/taps/${service}.sockets.ndjson` },
          networks: Object.fromEntries(networks.map(({ network, address }) => [network, { ipv4_address: address }])),
          ports: [`127.0.0.1:${published}:${doorPort}`],
          volumes: [
            `${folder}/${service}:${configFolder}:ro`,
            `${this.#project.dataOf(service)}:${dataFolder}`,
            `${folder}/taps:/taps`,
          ],
          healthcheck: { disable: true },
          cap_drop: ['ALL'],
          security_opt: ['no-new-privileges:true'],
          read_only: true,
        },
      },
    }
  }

  #addressOn(kind: LayoutNetwork['kind'], host: number): { readonly network: string; readonly address: string } {
    const network = this.#layout.networks.find((one) => one.kind === kind)
    assert(network?.subnet.endsWith('.0/24') === true, "the networks that are no site's are a /24 each")
    return { network: network.name, address: network.subnet.replace('.0/24', `.${host}`) }
  }
}
