/** Who is turned away at every call of every control door, whatever else the request carries (SC2). */
export type Stranger = {
  readonly who: string
  readonly headers: Readonly<Record<string, string>>
  readonly status: number
  readonly code: string
}

/** Of a door that is called at `own`, `HOST:PORT`. */
export function strangersAt(own: string, token: string): readonly Stranger[] {
  const authorization = `Bearer ${token}`
  const without = (who: string, headers: Stranger['headers'] = {}): Stranger => ({
    who,
    headers: { host: own, ...headers },
    status: 401,
    code: 'unauthorized',
  })
  const foreign = (who: string, headers: Stranger['headers'], code = 'foreign-site'): Stranger => ({
    who,
    headers: { host: own, authorization, ...headers },
    status: 403,
    code,
  })
  return [
    without('no token'),
    without('an empty token', { authorization: 'Bearer ' }),
    without('a wrong token', { authorization: 'Bearer sesame' }),
    without('a wrong token of the same length', { authorization: `Bearer ${'x'.repeat(token.length)}` }),
    without('a longer token', { authorization: `${authorization}!` }),
    without('another scheme', { authorization: `Basic ${token}` }),
    without('the token alone', { authorization: token }),
    without('a page of the door itself, without the token', {
      origin: `http://${own}`,
      'sec-fetch-site': 'same-origin',
    }),
    foreign('the token, from a page of another site', {
      origin: 'http://evil.example',
      'sec-fetch-site': 'cross-site',
    }),
    foreign('the token, with a foreign Origin alone', { origin: 'http://evil.example' }),
    foreign('the token, from another port of this machine', { origin: `http://${own.replace(/:\d+$/u, ':1')}` }),
    foreign('the token, from a page that hides where it is from', { origin: 'null' }),
    foreign('the token, from a cross-site page that sends no Origin', { 'sec-fetch-site': 'cross-site' }),
    foreign('the token, from a page of the same site alone', { 'sec-fetch-site': 'same-site' }),
    foreign(
      'the token, under a name that leads here',
      { host: 'evil.example', origin: 'http://evil.example', 'sec-fetch-site': 'same-origin' },
      'foreign-host',
    ),
  ]
}
