/** The part of the control door that administers users, user policies and enrolments of agents (docs/PROTOCOL.md), on database appliances. */
import { type FastifyReply } from 'fastify'
import { type Static, Type } from 'typebox'
import { listUsers } from '../core/administration.ts'
import { type ApplianceMachine } from '../core/appliance.ts'
import { type Administration, type AdministrationAnswer } from '../core/events.ts'
import { hashPassword } from './hash.ts'
import { makeTicket } from './tickets.ts'
import { type Door } from '#shared/door/door.ts'
import { refuse } from '#shared/door/refusal.ts'
import { PolicySchema } from '#shared/wire/agent-link.schema.ts'
import { problemFinder } from '#shared/wire/codec.ts'
import { wireLimits } from '#shared/wire/limits.ts'

export type AdministrationOptions = {
  readonly machine: ApplianceMachine
  readonly administer: (act: Administration) => Promise<AdministrationAnswer>
  /** Runs before every change. */
  readonly onRequest: ReturnType<Door['limited']>
}

const strict = { additionalProperties: false } as const
const Name = Type.String({ minLength: 1, maxLength: wireLimits.nameLengthMax })
const UserEdit = Type.Partial(
  Type.Object(
    {
      password: Type.String({ minLength: 1, maxLength: wireLimits.passwordLengthMax }),
      disabled: Type.Boolean(),
      locked: Type.Literal(false),
      policy: Name,
    },
    strict,
  ),
  { ...strict, minProperties: 1 },
)
const Minutes = Type.Number({ exclusiveMinimum: 0 })
const Lockout = Type.Object(
  { failures: Type.Integer({ minimum: 1 }), withinMinutes: Minutes, lockedMinutes: Minutes },
  strict,
)
const PolicyEdit = Type.Partial(Type.Object({ ...PolicySchema.properties, lockout: Lockout }, strict), {
  ...strict,
  minProperties: 1,
})
const Enrolment = Type.Object({ agent: Name }, strict)
const findEnrolment = problemFinder(Enrolment)
const findName = problemFinder(Name)
const findUserEdit = problemFinder(UserEdit)
const findPolicyEdit = problemFinder(PolicyEdit)

type Named = { Params: { name: string } }

export function addAdministration(app: Door['app'], { machine, administer, onRequest }: AdministrationOptions): void {
  const answer = async (reply: FastifyReply, act: Administration): Promise<FastifyReply> => {
    const answered = await administer(act)
    if (answered.ok) return reply.send({ replicated: answered.replicated })
    return refuse(reply, answered.code === 'unknown-user' ? 404 : 400, answered.code, answered.text)
  }
  /** `true`: may be tried; else it is refused. */
  const mayEdit = (
    reply: FastifyReply,
    name: string,
    body: unknown,
    find: ReturnType<typeof problemFinder>,
  ): boolean => {
    const { role, state, reason } = machine.status()
    const shape = findName(name) ?? find(body)
    if (role !== 'database') refuseRole(reply)
    else if (state !== 'serving') void refuse(reply, 409, 'unavailable', `this database is unavailable: ${reason}`)
    else if (shape !== null) void refuse(reply, 400, 'malformed', `${shape.path} ${shape.problem}`.trim())
    else return true
    return false
  }

  app.get('/users', (_request, reply) => {
    const { database } = machine
    return database === null ? refuseRole(reply) : reply.send([...listUsers(database)])
  })
  app.post<Named>('/users/:name', { onRequest }, async ({ params, body }, reply) => {
    if (!mayEdit(reply, params.name, body, findUserEdit)) return reply
    const { password, ...fields } = body as Static<typeof UserEdit>
    const verifier = password === undefined ? {} : { verifier: await hashPassword(password) }
    return await answer(reply, { op: 'set-user', user: params.name, ...fields, ...verifier })
  })
  app.delete<Named>('/users/:name', { onRequest }, async ({ params }, reply) => {
    if (!mayEdit(reply, params.name, null, () => null)) return reply
    return await answer(reply, { op: 'delete-user', user: params.name })
  })
  app.post<Named>('/policies/:name', { onRequest }, async ({ params, body }, reply) => {
    if (!mayEdit(reply, params.name, body, findPolicyEdit)) return reply
    return await answer(reply, { op: 'set-policy', policy: params.name, fields: body as Static<typeof PolicyEdit> })
  })
  app.post('/enrolments', { onRequest }, async ({ body }, reply) => {
    if (!mayEdit(reply, 'any', body, findEnrolment)) return reply
    const { ticket: token, hash: tokenHash } = makeTicket()
    const { agent } = body as Static<typeof Enrolment>
    const answered = await administer({ op: 'issue-enrolment', agent, tokenHash })
    if (!answered.ok) return refuse(reply, 409, answered.code, answered.text)
    return reply.code(201).send({ token, replicated: answered.replicated })
  })
}

function refuseRole(reply: FastifyReply): FastifyReply {
  return refuse(reply, 409, 'not-a-database', 'users, policies and enrolments are kept on database appliances')
}
