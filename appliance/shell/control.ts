/** The control door on loopback (docs/PROTOCOL.md): health and metrics for anybody, the rest for the bearer of the token. */
import { createHash, timingSafeEqual } from 'node:crypto'
import { fastify, type FastifyInstance, type FastifyReply } from 'fastify'
import { type Registry } from 'prom-client'
import { type Static, Type } from 'typebox'
import { addAdministration, type AdministrationOptions } from './control-administration.ts'
import { refuse } from './control-refuse.ts'
import { checkEdit } from '../core/edit-check.ts'
import { type EditAnswer } from '../core/events.ts'
import { type Topology } from '#shared/topology/model.ts'
import { problemFinder } from '#shared/wire/codec.ts'
import { wireLimits } from '#shared/wire/limits.ts'
import { TopologySchema } from '#shared/wire/topology.schema.ts'

export type ControlOptions = AdministrationOptions & {
  readonly token: string
  readonly metrics: Registry
  /** `null`: there is no file. */
  readonly limitStore: ((pagesMax: number | null) => void) | null
  readonly edit: (topology: Omit<Topology, 'epoch'>) => Promise<EditAnswer>
  readonly stop: () => void
}

/** Audit records in one answer. */
const auditPageMax = 1_000
const open: readonly string[] = ['/health', '/metrics']
const findProblem = problemFinder(Type.Omit(TopologySchema, ['epoch']))
const StoreLimit = Type.Object(
  { pages: Type.Union([Type.Integer({ minimum: 1 }), Type.Null()]) },
  { additionalProperties: false },
)
const findLimitProblem = problemFinder(StoreLimit)

/** The door's routes; the caller listens. */
export function createControl(options: ControlOptions): FastifyInstance {
  const app = fastify({
    bodyLimit: wireLimits.applianceMessageBytesMax,
    forceCloseConnections: true,
    frameworkErrors: (error, _request, reply) => void unreadable(error, reply),
  })
  const { machine } = options
  const expected = digest(`Bearer ${options.token}`)

  app.addHook('onRequest', async (request, reply) => {
    if (open.includes(request.url)) return
    // Digests have one length, so that the comparison tells nothing of the token's.
    const isRight = timingSafeEqual(digest(request.headers.authorization ?? ''), expected)
    if (!isRight) await refuse(reply, 401, 'unauthorized', 'the token is missing or wrong')
  })
  app.setNotFoundHandler((_request, reply) => refuse(reply, 404, 'not-found', 'no such call'))
  app.setErrorHandler((error: LibraryError, _request, reply) => {
    // What nobody meant to throw is a defect; it belongs to the process, not to the caller.
    if (error.statusCode === undefined) setImmediate(() => rethrow(error))
    return unreadable(error, reply)
  })

  addViews(app, options)
  addAdministration(app, options)
  app.post('/topology', async ({ body }, reply) => {
    if (machine.status().role !== 'database') {
      return refuse(reply, 409, 'not-a-database', 'the topology is edited on a database appliance')
    }
    const shape = findProblem(body)
    if (shape !== null) return refuse(reply, 400, 'malformed', `${shape.path} ${shape.problem}`.trim())
    const topology = body as Omit<Topology, 'epoch'>
    const problem = checkEdit(topology)
    if (problem !== null) return refuse(reply, 400, 'invalid', problem)
    const answer = await options.edit(topology)
    return answer.ok ? reply.send({ epoch: answer.epoch }) : refuse(reply, 409, answer.code, answer.text)
  })
  app.post('/store/limit', ({ body }, reply) => {
    if (options.limitStore === null) return refuse(reply, 409, 'no-store-file', 'its store is no file')
    const shape = findLimitProblem(body)
    if (shape !== null) return refuse(reply, 400, 'malformed', `${shape.path} ${shape.problem}`.trim())
    options.limitStore((body as Static<typeof StoreLimit>).pages)
    return reply.send({})
  })
  app.post('/stop', (_request, reply) => {
    options.stop()
    return reply.code(202).send({})
  })
  return app
}

type LibraryError = Error & { readonly statusCode?: number | undefined }

/** The texts are a library's and may repeat what was sent, a password included (SC2). */
function unreadable({ statusCode }: LibraryError, reply: FastifyReply): FastifyReply {
  return refuse(reply, statusCode ?? 500, 'bad-request', 'the request cannot be read')
}

function rethrow(error: Error): never {
  throw error
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

/** What can be looked at. */
function addViews(app: FastifyInstance, { machine, metrics }: ControlOptions): void {
  app.get('/health', (_request, reply) => {
    const { state, reason } = machine.status()
    return reply.code(state === 'serving' ? 200 : 503).send(state === 'serving' ? { state } : { state, reason })
  })
  app.get('/metrics', async (_request, reply) => {
    const text = await metrics.metrics()
    return reply.type(metrics.contentType).send(text)
  })
  app.get('/status', (_request, reply) => reply.send(machine.status()))
  app.get('/sessions', (_request, reply) => reply.send(machine.sessions()))
  app.get<{ Querystring: { after?: string } }>('/audit', ({ query }, reply) => {
    const after = Number(query.after ?? 0)
    if (!Number.isInteger(after) || after < 0) return refuse(reply, 400, 'malformed', 'after is a number from 0 on')
    const records = machine.database?.ledger.audit(after, auditPageMax)
    if (records === undefined)
      return refuse(reply, 409, 'not-a-database', 'audit records are kept on database appliances')
    return reply.send({ records, last: records.at(-1)?.index ?? after })
  })
  app.get('/merges', (_request, reply) => {
    const { database } = machine
    if (database === null) return refuse(reply, 409, 'not-a-database', 'merges are decided on database appliances')
    return reply.send([...database.ledger.merges, ...database.ledger.fieldMerges])
  })
}
