/**
 * One link as a proxy of a Toxiproxy server. A change of fault takes several calls, so their order decides what a
 * connection made in between meets: new toxics come before old ones go, toxics before the proxy is enabled, and the proxy
 * is disabled before toxics go. Changes of one link take turns.
 */
import { type Proxy, type Toxic } from 'toxiproxy-node-client'
import { assert } from '#shared/assert.ts'
import { type FaultProxy, faultText, type LinkFault, type Upstream } from './fabric.ts'
import { call, statusOf } from './toxiproxy-call.ts'

type Attributes = Readonly<Record<string, number>>
type Poison = { readonly type: 'timeout' | 'reset_peer' | 'latency' | 'bandwidth'; readonly attributes: Attributes }

const streams = ['upstream', 'downstream'] as const
const notFound = 404

export class ToxiproxyLink implements FaultProxy {
  readonly name: string
  readonly listenPort: number
  readonly #proxy: Proxy
  readonly #addresses: Addresses
  readonly #toxics = new Map<string, Toxic<Attributes>>()
  #enabled = true
  #turn: Promise<void> = Promise.resolve()

  /** `proxy` is new: enabled and without toxics. */
  constructor(name: string, listenPort: number, addresses: Addresses, proxy: Proxy) {
    this.name = name
    this.listenPort = listenPort
    this.#proxy = proxy
    this.#addresses = addresses
  }

  apply(fault: LinkFault): Promise<void> {
    return this.#inTurn(() => (fault === 'refuse' ? this.#refuse() : this.#show(faultText(fault), poisonOf(fault))))
  }

  heal(): Promise<void> {
    return this.#inTurn(() => this.#show('heal', undefined))
  }

  /** Takes the proxy off the server and closes its connections. */
  remove(): Promise<void> {
    return this.#inTurn(() => ignoringMissing(this.#call('remove', this.#proxy.remove())))
  }

  async #refuse(): Promise<void> {
    await this.#enable('refuse', false)
    await this.#keepOnly('refuse', undefined)
  }

  async #show(doing: string, poison: Poison | undefined): Promise<void> {
    if (poison !== undefined) {
      for (const stream of streams) await this.#put(doing, stream, poison)
    }
    await this.#keepOnly(doing, poison)
    if (!this.#enabled) await this.#enable(doing, true)
  }

  async #put(doing: string, stream: (typeof streams)[number], { type, attributes }: Poison): Promise<void> {
    const body = { name: `${type}_${stream}`, stream, type, toxicity: 1, attributes } as const
    const existing = this.#toxics.get(body.name)
    const toxic = await this.#call(doing, existing === undefined ? this.#proxy.addToxic(body) : existing.update(body))
    this.#toxics.set(body.name, toxic)
  }

  async #keepOnly(doing: string, poison: Poison | undefined): Promise<void> {
    for (const [name, toxic] of this.#toxics) {
      if (toxic.type === poison?.type) continue
      await ignoringMissing(this.#call(doing, toxic.remove()))
      this.#toxics.delete(name)
    }
  }

  async #enable(doing: string, enabled: boolean): Promise<void> {
    await this.#call(doing, this.#proxy.update({ ...this.#addresses, enabled }))
    this.#enabled = enabled
  }

  #call<Answer>(doing: string, answer: Promise<Answer>): Promise<Answer> {
    return call(`link ${this.name}, ${doing}`, answer)
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(work)
    this.#turn = done.catch(() => {})
    return done
  }
}

/** As the API writes them. */
export type Addresses = { readonly listen: string; readonly upstream: string }

export function addressesOf(listenHost: string, listenPort: number, upstream: Upstream): Addresses {
  return { listen: `${listenHost}:${listenPort}`, upstream: `${upstream.host}:${upstream.port}` }
}

function poisonOf(fault: Exclude<LinkFault, 'refuse'>): Poison {
  if (fault === 'silence') return { type: 'timeout', attributes: { timeout: 0 } }
  if (fault === 'reset') return { type: 'reset_peer', attributes: { timeout: 0 } }
  if ('slow' in fault) {
    assert(Number.isInteger(fault.slow) && fault.slow >= 0, 'a link is slow by whole ms')
    return { type: 'latency', attributes: { latency: fault.slow, jitter: 0 } }
  }
  assert(Number.isInteger(fault.narrow) && fault.narrow >= 1, 'a narrow link passes whole KB a second, at least one')
  return { type: 'bandwidth', attributes: { rate: fault.narrow } }
}

/** Somebody else may have taken it away already. */
async function ignoringMissing(removal: Promise<void>): Promise<void> {
  try {
    await removal
  } catch (error) {
    if (statusOf(error) !== notFound) throw error
  }
}
