/**
 * The links of a lab. Each has a fault proxy of its own: from the agents of a site to each endpoint, and from each
 * appliance to each other one. A fault names the links it holds by a question; a link under several faults shows the
 * latest of them, and is healed when the last is lifted.
 */
import { type AgentConfig } from '#shared/config.schema.ts'
import { type ApplianceId, type Endpoint, type SiteId } from '#shared/ids.ts'
import { type Fabric, type FaultProxy, faultText, type LinkFault, type Upstream } from '../fabric/fabric.ts'
import { type HistoryEvent } from '../history.ts'
import { type HistoryRecorder } from '../history-recorder.ts'
import { wallMs } from '../wall-clock.ts'
import { type PlannedEndpoint } from './endpoints.ts'

export type LinkName =
  | { readonly kind: 'agents'; readonly from: SiteId | null; readonly to: ApplianceId; readonly endpoint: Endpoint }
  | { readonly kind: 'peers'; readonly from: ApplianceId; readonly to: ApplianceId }

export type ConnectTo = AgentConfig['connectTo']

/** Where an endpoint is dialled: the port of its fault proxy. */
type Dialled = { readonly names: readonly string[]; readonly to: ApplianceId | null; readonly port: number }
/** The host of the fault proxies of links to an appliance, as the one who dials them sees it. */
type ProxyHost = (to: ApplianceId | null) => string
type Link = { readonly name: LinkName; readonly proxy: FaultProxy; shown: ActiveFault | undefined }
type ActiveFault = { readonly holds: (link: LinkName) => boolean; readonly fault: LinkFault }

export type LinksOptions = {
  readonly fabric: Fabric
  readonly endpoints: readonly PlannedEndpoint[]
  readonly upstreamOf: (link: LinkName) => Upstream
  /** Ports at which fault proxies may listen. */
  readonly proxyPorts: (count: number) => Promise<readonly number[]>
  readonly recorder: HistoryRecorder
}

export class Links {
  readonly #options: LinksOptions
  readonly #links: Link[] = []
  readonly #faults: ActiveFault[] = []
  readonly #endpointOfPort = new Map<number, Endpoint>()
  readonly #groups = new Map<SiteId | null, Promise<readonly Dialled[]>>()

  constructor(options: LinksOptions) {
    this.#options = options
  }

  /** Where agents whose home is `from` really dial; makes the links at the first call. */
  async agentTable(from: SiteId | null, proxyHost: ProxyHost): Promise<ConnectTo> {
    const known = this.#groups.get(from) ?? this.#makeGroup(from)
    this.#groups.set(from, known)
    return tableOf(await known, proxyHost)
  }

  /** Where the appliance `from` really dials its peers. */
  async peerTable(from: ApplianceId, proxyHost: ProxyHost): Promise<ConnectTo> {
    const others = this.#options.endpoints.filter(({ appliance }) => appliance !== from)
    const dialled = await this.#open(others, ({ appliance }) =>
      appliance === null ? null : { kind: 'peers', from, to: appliance },
    )
    return tableOf(dialled, proxyHost)
  }

  /** The endpoint behind a port that an agent dialled. */
  endpointAt(port: number): Endpoint | undefined {
    return this.#endpointOfPort.get(port)
  }

  /** Whether `name` (`host:port`) can be dialled without leaving the machine. */
  isPlanned(name: string): boolean {
    return this.#options.endpoints.some(({ names }) => names.includes(name))
  }

  /** Puts `fault` on every link that `holds` says yes to, those made later included, until disposed. */
  async fault(holds: (link: LinkName) => boolean, fault: LinkFault): Promise<AsyncDisposable> {
    const active: ActiveFault = { holds, fault }
    this.#faults.push(active)
    await this.#showAll(holds)
    return {
      [Symbol.asyncDispose]: async () => {
        const index = this.#faults.indexOf(active)
        if (index === -1) return
        this.#faults.splice(index, 1)
        await this.#showAll(holds)
      },
    }
  }

  async #makeGroup(from: SiteId | null): Promise<readonly Dialled[]> {
    return await this.#open(this.#options.endpoints, ({ appliance, endpoint }, port) => {
      this.#endpointOfPort.set(port, endpoint)
      return appliance === null ? null : { kind: 'agents', from, to: appliance, endpoint }
    })
  }

  /** Where `nameOf` names no link, nothing listens: refused. */
  async #open(
    endpoints: readonly PlannedEndpoint[],
    nameOf: (planned: PlannedEndpoint, port: number) => LinkName | null,
  ): Promise<readonly Dialled[]> {
    const ports = await this.#options.proxyPorts(endpoints.length)
    return await Promise.all(
      endpoints.map(async (planned, index) => {
        const port = ports[index] as number
        const name = nameOf(planned, port)
        if (name !== null) await this.#openLink(name, port)
        return { names: planned.names, to: planned.appliance, port }
      }),
    )
  }

  async #openLink(name: LinkName, port: number): Promise<void> {
    const from = name.kind === 'agents' ? `agents-of-${name.from ?? 'no-site'}` : name.from
    const proxy = await this.#options.fabric.link(`${from}--${name.to}`, port, this.#options.upstreamOf(name))
    const link: Link = { name, proxy, shown: undefined }
    this.#links.push(link)
    await this.#show(link)
  }

  async #showAll(holds: (link: LinkName) => boolean): Promise<void> {
    await Promise.all(this.#links.filter(({ name }) => holds(name)).map(async (link) => await this.#show(link)))
  }

  /** Applies the latest fault that holds the link, or heals it. One fault in the place of another is still one cut. */
  async #show(link: Link): Promise<void> {
    const { name, proxy, shown } = link
    const fault = this.#faults.findLast(({ holds }) => holds(name))
    if (fault === shown) return
    link.shown = fault
    if (fault === undefined) {
      await proxy.heal()
      this.#record(name, (place) => ({ at: wallMs(), type: 'link.healed', ...place }))
      return
    }
    const text = faultText(fault.fault)
    if (shown === undefined) this.#record(name, (place) => ({ at: wallMs(), type: 'link.cut', ...place, fault: text }))
    await proxy.apply(fault.fault)
  }

  #record(name: LinkName, event: (place: { from: SiteId | null; endpoint: Endpoint }) => HistoryEvent): void {
    if (name.kind === 'agents') this.#options.recorder.record(event({ from: name.from, endpoint: name.endpoint }))
  }
}

function tableOf(dialled: readonly Dialled[], proxyHost: ProxyHost): ConnectTo {
  return dialled.flatMap(({ names, to, port }) => names.map((from) => ({ from, to: `${proxyHost(to)}:${port}` })))
}
