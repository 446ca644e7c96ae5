/** The control door on loopback (docs/PROTOCOL.md): health and metrics for anybody, the rest for the bearer of the token. */
import { type FastifyInstance } from 'fastify'
import { type Registry } from 'prom-client'
import { type Static, Type } from 'typebox'
import { addAdministration, type AdministrationOptions } from './control-administration.ts'
import { checkEdit } from '../core/edit-check.ts'
import { type EditAnswer } from '../core/events.ts'
import { type ApplianceConfig } from '#shared/config.schema.ts'
import { createDoor, type Refused } from '#shared/door/door.ts'
import { refuse } from '#shared/door/refusal.ts'
import { type Topology } from '#shared/topology/model.ts'
import { problemFinder } from '#shared/wire/codec.ts'
import { wireLimits } from '#shared/wire/limits.ts'
import { TopologySchema } from '#shared/wire/topology.schema.ts'

export type ControlOptions = Omit<AdministrationOptions, 'onRequest'> & {
  /** Of the configuration. */
  readonly control: ApplianceConfig['control']
  readonly metrics: Registry
  readonly refused: (refused: Refused) => void
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
export async function createControl(options: ControlOptions): Promise<FastifyInstance> {
  const { machine, control, refused } = options
  const { app, limited } = await createDoor({
    ...control,
    open,
    bodyBytesMax: wireLimits.applianceMessageBytesMax,
    refused,
  })
  const onRequest = limited(control.changesPerMinute ?? wireLimits.doorChangesPerMinuteMax)

  addViews(app, options)
  addAdministration(app, { ...options, onRequest })
  app.post('/topology', { onRequest }, async ({ body }, reply) => {
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
  addProcess(app, options)
  return app
}

/** Acts on the process itself, which are possible at any time and in any number. */
function addProcess(app: FastifyInstance, { machine, limitStore, administer, stop }: ControlOptions): void {
  app.post('/store/limit', async ({ body }, reply) => {
    if (limitStore === null) return refuse(reply, 409, 'no-store-file', 'its store is no file')
    if (machine.status().role !== 'database') {
      return refuse(reply, 409, 'not-a-database', 'records are kept on database appliances')
    }
    const shape = findLimitProblem(body)
    if (shape !== null) return refuse(reply, 400, 'malformed', `${shape.path} ${shape.problem}`.trim())
    const { pages } = body as Static<typeof StoreLimit>
    // The record of it is to find room, whichever way the limit moves.
    limitStore(null)
    await administer({ op: 'limit-store', pages })
    limitStore(pages)
    return reply.send({})
  })
  app.post('/stop', (_request, reply) => {
    stop()
    return reply.code(202).send({})
  })
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
