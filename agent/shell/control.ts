/**
 * The control door of an agent process: HTTP on loopback as docs/PROTOCOL.md has it, over the narrow `AgentDoor`. Every
 * call but `/health` carries the token of the configuration. A watcher that does not read is cut before it fills the
 * memory.
 */
import { type AddressInfo } from 'node:net'
import { type FastifyInstance } from 'fastify'
import { type Static, Type } from 'typebox'
import { type Command, type CommandAnswer } from '../core/events.ts'
import { type AgentConfig } from '#shared/config.schema.ts'
import { type AgentStatus, type Decision, type Purpose } from '#shared/decision.ts'
import { createDoor, type Refused } from '#shared/door/door.ts'
import { Refusal } from '#shared/door/refusal.ts'
import { AgentId, SessionId, UserName } from '#shared/ids.ts'
import { type Result, fail, ok } from '#shared/result.ts'
import { wireLimits } from '#shared/wire/limits.ts'

/** One line of `/watch`. `at` is Unix time in ms. */
export type WatchLine = { readonly at: number } & (
  | { readonly type: 'status'; readonly status: AgentStatus }
  | { readonly type: 'decision'; readonly decision: Decision }
  | { readonly type: 'pass.began'; readonly agent: AgentId; readonly number: number; readonly purpose: Purpose }
)

/** What the door asks of the agents behind it. An unknown id gets `undefined`. */
export interface AgentDoor {
  statuses(): readonly AgentStatus[]
  status(id: AgentId): AgentStatus | undefined
  decisions(id: AgentId): readonly Decision[] | undefined
  command(id: AgentId, command: (call: number) => Command): Promise<CommandAnswer> | undefined
  /** Tells a status of each agent at once, then every change. Answers how to stop it. */
  watch(listener: (line: WatchLine) => void): () => void
  /** Begins to stop the process. */
  stop(): void
}

export type ControlDoor = { readonly port: number; close(): Promise<void> }

const loopback = '127.0.0.1'
const bodyBytesMax = 16 * 1024

const Name = Type.String({ minLength: 1, maxLength: wireLimits.nameLengthMax })
const Password = Type.String({ minLength: 1, maxLength: wireLimits.passwordLengthMax })
const strict = { additionalProperties: false }
const LoginBody = Type.Object({ user: Name, password: Password }, strict)
const UnlockBody = Type.Object({ user: Type.Optional(Name), password: Password }, strict)

type AgentParams = { readonly Params: { readonly id: string } }
type SessionParams = { readonly Params: { readonly id: string; readonly session: string } }

/** Opens the door at `host`, loopback where none is given; the problem is why the port could not be had. */
export async function openControl(
  door: AgentDoor,
  options: AgentConfig['control'] & { readonly refused: (refused: Refused) => void },
): Promise<Result<ControlDoor, string>> {
  const { app } = await createDoor({ ...options, open: ['/health'], bodyBytesMax })
  addReadings(app, door)
  addCommands(app, door)
  addWatch(app, door)
  try {
    await app.listen({ host: options.host ?? loopback, port: options.port })
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error))
  }
  const { port } = app.server.address() as AddressInfo
  return ok({ port, close: () => app.close() })
}

function addReadings(app: FastifyInstance, door: AgentDoor): void {
  app.get('/health', () => ({ ready: true, agents: door.statuses().length }))
  app.get('/agents', () => door.statuses())
  app.get<AgentParams>('/agents/:id/status', ({ params }) => known(door.status(AgentId(params.id)), params.id))
  app.get<AgentParams>('/agents/:id/decisions', ({ params }) => known(door.decisions(AgentId(params.id)), params.id))
}

function addCommands(app: FastifyInstance, door: AgentDoor): void {
  const ask = async (id: string, command: (call: number) => Command): Promise<CommandAnswer> =>
    known(await door.command(AgentId(id), command), id)

  app.post<AgentParams & { Body: Static<typeof LoginBody> }>(
    '/agents/:id/login',
    { schema: { body: LoginBody } },
    ({ params, body }) =>
      ask(params.id, (call) => ({ type: 'login', call, user: UserName(body.user), password: body.password })),
  )
  app.post<SessionParams & { Body: Static<typeof UnlockBody> }>(
    '/agents/:id/sessions/:session/unlock',
    { schema: { body: UnlockBody } },
    ({ params, body }) => {
      const user = body.user === undefined ? undefined : UserName(body.user)
      const session = SessionId(params.session)
      return ask(params.id, (call) => ({ type: 'unlock', call, session, user, password: body.password }))
    },
  )
  for (const type of ['lock', 'logout', 'activity'] as const) {
    app.post<SessionParams>(`/agents/:id/sessions/:session/${type}`, ({ params }) =>
      ask(params.id, (call) => ({ type, call, session: SessionId(params.session) })),
    )
  }
  app.post('/stop', (_, reply) => {
    reply.raw.once('close', () => door.stop())
    return reply.code(202).send({ state: 'stopping' })
  })
}

function addWatch(app: FastifyInstance, door: AgentDoor): void {
  app.get('/watch', (_, reply) => {
    reply.hijack()
    const stream = reply.raw
    stream.writeHead(200, { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' })
    stream.flushHeaders()
    stream.on('error', () => {})
    const leave = door.watch((line) => {
      stream.write(`${JSON.stringify(line)}\n`)
      if (stream.writableLength > wireLimits.bufferedBytesMax) stream.destroy()
    })
    stream.once('close', leave)
  })
}

function known<Value>(value: Value | undefined, id: string): Value {
  if (value === undefined) throw new Refusal(404, 'unknown-agent', `no agent "${id}" in this process`)
  return value
}
