/** How every control door of an appliance refuses (docs/PROTOCOL.md). */
import { type FastifyReply } from 'fastify'

export function refuse(reply: FastifyReply, status: number, code: string, text: string): FastifyReply {
  return reply.code(status).send({ error: { code, text } })
}
