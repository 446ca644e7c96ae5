/**
 * The fabric over Toxiproxy's HTTP API, whichever server speaks it. Proxy names carry the prefix of the run, so that a
 * server shared with others keeps theirs: only proxies of this run are changed and, at the end, deleted.
 */
import { type Proxy, Toxiproxy } from 'toxiproxy-node-client'
import { LabFailed } from '../outcome.ts'
import { isPortFree } from '../ports.ts'
import { type Fabric, type Upstream } from './fabric.ts'
import { call, statusOf } from './toxiproxy-call.ts'
import { type Addresses, addressesOf, ToxiproxyLink } from './toxiproxy-link.ts'

const validName = /^[A-Za-z0-9][A-Za-z0-9._-]*$/
const conflict = 409
const loopback = '127.0.0.1'

export type ToxiproxyFabricOptions = {
  readonly kind: Fabric['kind']
  readonly description: string
  /** `http://127.0.0.1:8474`, without a slash at its end. */
  readonly url: string
  /** Where the server listens for connections; this machine's loopback where nothing is stated. */
  readonly listenHost?: string
  readonly prefix: string
  /** Ends a server of our own, and all proxies with it; absent for a shared server. */
  readonly stopServer?: (() => Promise<void>) | undefined
}

type Opening = { readonly listenPort: number; readonly link: Promise<ToxiproxyLink> }

export function toxiproxyFabric(options: ToxiproxyFabricOptions): Fabric {
  const { kind, description, url, prefix, stopServer, listenHost = loopback } = options
  const client = new Toxiproxy(url)
  const openings = new Map<string, Opening>()
  let disposed: Promise<void> | undefined

  const openLink = async (name: string, listenPort: number, upstream: Upstream): Promise<ToxiproxyLink> => {
    const addresses = addressesOf(listenHost, listenPort, upstream)
    const proxy = await createProxy(client, `${prefix}-${name}`, listenPort, addresses)
    return new ToxiproxyLink(name, listenPort, addresses, proxy)
  }
  /** Does `work` on every link, on all of them even when one fails; then rejects with the first failure. */
  const onEveryLink = async (work: (link: ToxiproxyLink) => Promise<void>): Promise<void> => {
    const opened = await Promise.allSettled([...openings.values()].map(({ link }) => link))
    const links = opened.flatMap((opening) => (opening.status === 'fulfilled' ? [opening.value] : []))
    const outcomes = await Promise.allSettled(links.map(work))
    const failed = outcomes.find((outcome) => outcome.status === 'rejected')
    if (failed !== undefined) throw failed.reason
  }

  return {
    kind,
    description,
    async link(name, listenPort, upstream) {
      requireLinkName(name)
      if (openings.has(name)) throw new LabFailed(`link ${name} exists already`)
      const [holder] = [...openings].find(([, opening]) => opening.listenPort === listenPort) ?? []
      if (holder !== undefined)
        throw new LabFailed(`link ${name} cannot listen at port ${listenPort}: link ${holder} does`)
      const link = openLink(name, listenPort, upstream)
      openings.set(name, { listenPort, link })
      try {
        return await link
      } catch (error) {
        openings.delete(name)
        throw error
      }
    },
    reset: () => onEveryLink((link) => link.heal()),
    async [Symbol.asyncDispose]() {
      disposed ??= stopServer === undefined ? onEveryLink((link) => link.remove()) : stopServer()
      await disposed
    },
  }
}

/** Replaces a proxy of that name, left over from a run that died. */
async function createProxy(client: Toxiproxy, name: string, listenPort: number, addresses: Addresses): Promise<Proxy> {
  const what = `proxy ${name} at port ${listenPort}`
  const create = () => call(what, client.createProxy({ name, ...addresses, enabled: true }))
  try {
    return await create()
  } catch (error) {
    if (statusOf(error) === conflict) {
      const leftover = await call(what, client.get(name))
      await call(what, leftover.remove())
      return await create()
    }
    // The client drops the server's own words.
    if (!addresses.listen.startsWith(loopback) || (await isPortFree(listenPort))) throw error
    throw new LabFailed(`${what}: the port is taken by another program`, { cause: error })
  }
}

/** Throws `LabFailed` unless `name` may be (part of) the name of a proxy. */
export function requireLinkName(name: string): void {
  if (!validName.test(name))
    throw new LabFailed(`${JSON.stringify(name)} is no name of a link: letters, digits, '.', '_', '-'`)
}
