/** How every control door refuses (docs/PROTOCOL.md): `{"error": {"code", "text"}}`, with nothing of what was sent. */
import { type FastifyReply } from 'fastify'

export class Refusal extends Error {
  readonly statusCode: number
  readonly code: string
  /** Whole seconds after which it may be tried again. */
  readonly retryAfterS: number | undefined

  constructor(statusCode: number, code: string, text: string, retryAfterS?: number) {
    super(text)
    this.statusCode = statusCode
    this.code = code
    this.retryAfterS = retryAfterS
  }
}

export function refuse(reply: FastifyReply, status: number, code: string, text: string): FastifyReply {
  return reply.code(status).send({ error: { code, text } })
}
