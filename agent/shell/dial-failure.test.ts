import { describe, expect, test } from 'vitest'
import { dialProblem } from './dial-failure.ts'

describe('errors of a dial', () => {
  test.each([
    ['ECONNREFUSED', 'refused'],
    ['EHOSTUNREACH', 'refused'],
    ['ECONNRESET', 'reset'],
    ['EPIPE', 'reset'],
    ['ETIMEDOUT', 'timed-out'],
    ['ENOTFOUND', 'no-address'],
    ['EAI_AGAIN', 'no-address'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'tls-failed'],
    ['SELF_SIGNED_CERT_IN_CHAIN', 'tls-failed'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'tls-failed'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'tls-failed'],
    ['CERT_HAS_EXPIRED', 'tls-failed'],
    ['ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', 'tls-failed'],
    ['EPROTO', 'tls-failed'],
    ['WS_ERR_INVALID_OPCODE', 'reset'],
    ['EMFILE', 'reset'],
  ])('[SP6] %s is %s', (code, reason) => {
    expect(dialProblem(Object.assign(new Error('x'), { code }))).toEqual({ reason, detail: code })
  })

  test('[SP6] several addresses fail as the first of them did', () => {
    const first = Object.assign(new Error('x'), { code: 'ECONNREFUSED' })
    expect(dialProblem(new AggregateError([first], ''))).toEqual({ reason: 'refused', detail: 'ECONNREFUSED' })
  })

  test('[SP6] an error without a code is a reset and keeps its text', () => {
    expect(dialProblem(new Error('Unexpected server response: 404'))).toEqual({
      reason: 'reset',
      detail: 'Unexpected server response: 404',
    })
  })
})
