/**
 * Whether a browser made a request for another site than the door's own (SC2): a page may be anybody's, and so may the
 * name under which it reached a loopback address (DNS rebinding). It needs no token to be wrong, so that it stands where
 * a token has leaked. Programs send none of these headers but `Host`.
 */
import { parseAddress } from '#shared/address.ts'

export type RequestHeaders = {
  readonly host?: string | undefined
  readonly origin?: string | undefined
  readonly 'sec-fetch-site'?: string | string[] | undefined
}
export type Foreign = { readonly code: 'foreign-host' | 'foreign-site'; readonly text: string }

/** `HOST` or `HOST:PORT`, nothing else that a URL may hold. */
const hostForm = /^(?:\[(?<ipv6>[\d.:a-f]+)\]|(?<other>[\w.-]+))(?::\d{1,5})?$/iu
/** A page of the door's own, and a person's own typing. */
const ownSites: readonly unknown[] = [undefined, 'same-origin', 'none']

/**
 * Why the request is another site's, `null` when it is not. An address literal and `localhost` cannot be another
 * site's name; `ownName` is what the door's configuration calls it besides. Repeats nothing of what was sent.
 */
export function foreignness(headers: RequestHeaders, ownName?: string): Foreign | null {
  const { host = '', origin } = headers
  if (!isOwnHost(host, ownName)) {
    const text = 'call the door by an address or as localhost: under another name it may be a page of another site'
    return { code: 'foreign-host', text }
  }
  const isForeign =
    (origin !== undefined && origin.toLowerCase() !== `http://${host.toLowerCase()}`) ||
    !ownSites.includes(headers['sec-fetch-site'])
  return isForeign ? { code: 'foreign-site', text: 'a page of another site may not call this door' } : null
}

function isOwnHost(host: string, ownName: string | undefined): boolean {
  const { ipv6, other } = hostForm.exec(host)?.groups ?? {}
  const name = (ipv6 ?? other ?? '').toLowerCase()
  return name === 'localhost' || (name !== '' && name === ownName?.toLowerCase()) || parseAddress(name).ok
}
