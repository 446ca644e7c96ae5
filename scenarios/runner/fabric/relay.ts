/**
 * The relay: a small TCP fault proxy for machines that have Node alone. It speaks Toxiproxy's HTTP API and models its
 * behaviour, with two differences: chance is seeded, and a half-closed connection stays half open.
 */
import { type ProxyInput } from './relay-body.ts'
import { RelayError } from './relay-error.ts'
import { RelayProxy } from './relay-proxy.ts'

export class Relay {
  readonly #seed: string
  readonly #proxies = new Map<string, RelayProxy>()

  constructor(seed: string) {
    this.#seed = seed
  }

  get proxies(): readonly RelayProxy[] {
    return [...this.#proxies.values()]
  }

  proxy(name: string): RelayProxy {
    const proxy = this.#proxies.get(name)
    if (proxy === undefined) throw new RelayError(404, 'proxy not found')
    return proxy
  }

  async create(input: ProxyInput): Promise<RelayProxy> {
    if (this.#proxies.has(input.name)) throw new RelayError(409, 'proxy already exists')
    const proxy = new RelayProxy(input.name, input, this.#seed)
    await proxy.update(input, input.enabled)
    this.#proxies.set(input.name, proxy)
    return proxy
  }

  /** A proxy that is there already and has the same addresses is left as it is, toxics included. */
  async createOrReplace(input: ProxyInput): Promise<RelayProxy> {
    const existing = this.#proxies.get(input.name)
    if (existing !== undefined && !existing.differs(input)) return existing
    if (existing !== undefined) await this.remove(input.name)
    return await this.create(input)
  }

  async remove(name: string): Promise<void> {
    await this.proxy(name).stop()
    this.#proxies.delete(name)
  }

  /** Enables every proxy and removes every toxic. */
  async reset(): Promise<void> {
    for (const proxy of this.proxies) {
      await proxy.update(proxy.view, true)
      proxy.removeToxics()
    }
  }
}
