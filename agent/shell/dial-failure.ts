/** How a socket's error is told to the core: one of the few ways in which a candidate is unavailable (SP6). */
import { type DialFailure } from '../core/events.ts'

export type DialProblem = { readonly reason: DialFailure; readonly detail: string }

const byCode: Readonly<Record<string, DialFailure>> = {
  ECONNREFUSED: 'refused',
  // No way to the host: like a refusal, nothing was reached and nothing can have happened.
  EHOSTUNREACH: 'refused',
  EHOSTDOWN: 'refused',
  ENETUNREACH: 'refused',
  EADDRNOTAVAIL: 'refused',
  ECONNRESET: 'reset',
  EPIPE: 'reset',
  ETIMEDOUT: 'timed-out',
  ENOTFOUND: 'no-address',
  EAI_AGAIN: 'no-address',
  EAI_FAIL: 'no-address',
  EAI_NODATA: 'no-address',
  ENODATA: 'no-address',
  EPROTO: 'tls-failed',
}

/** Codes of OpenSSL's protocol errors and of the verdicts on a certificate, as Node names them. */
const tlsCode = /^ERR_SSL_|^ERR_TLS_|CERT|^UNABLE_TO_|CRL|^HOSTNAME_MISMATCH$|^INVALID_(?:CA|PURPOSE)$/u

/** The failure behind an error of a dial. The detail is the error's code, or its text where it has none. */
export function dialProblem(error: Error & { readonly code?: string }): DialProblem {
  const code = error.code ?? firstCode(error)
  if (code === undefined) return { reason: 'reset', detail: error.message }
  const reason = byCode[code] ?? (tlsCode.test(code) ? 'tls-failed' : 'reset')
  return { reason, detail: code }
}

/** A name with several addresses fails with one error that holds theirs. */
function firstCode(error: Error): string | undefined {
  if (!(error instanceof AggregateError)) return undefined
  const [first] = error.errors as readonly { code?: string }[]
  return first?.code
}
