/**
 * What the control doors of agents and appliances have in common (SC2): HTTP, guarded before any of their own calls is
 * looked at. Who else may be at the door stands in `foreign.ts`; here are the token and the limits.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import { fastifyRateLimit } from '@fastify/rate-limit'
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify'
import { wireLimits } from '#shared/wire/limits.ts'
import { foreignness } from './foreign.ts'
import { Refusal, refuse } from './refusal.ts'

/** What the guard turned away, for the log and the metrics: never what the caller sent. */
export type Refused = { readonly code: string; readonly address: string }

export type DoorOptions = {
  readonly token: string
  /** Where it listens; a name there is one that it may be called by. */
  readonly host?: string | undefined
  readonly bodyBytesMax: number
  /** Paths that are for anybody. */
  readonly open: readonly string[]
  /** By address of the caller; absent: the product's. */
  readonly wrongTokensPerMinute?: number | undefined
  /** Each caller whom the guard turned away. */
  readonly refused: (refused: Refused) => void
}

export type Door = {
  /** Routes are still to be added, and the caller listens. */
  readonly app: FastifyInstance
  /** A hook for the routes that it limits, together: so many a minute, whoever calls. */
  readonly limited: (perMinute: number) => (request: FastifyRequest) => Promise<void>
}

const minuteMs = 60_000
/** Ids in a URL, each character of which may be three. */
const parameterLengthMax = wireLimits.nameLengthMax * 3
const unreadable = 'the request cannot be read'

export async function createDoor(options: DoorOptions): Promise<Door> {
  const app = fastify({
    logger: false,
    bodyLimit: options.bodyBytesMax,
    forceCloseConnections: true,
    // A URL that cannot be read comes here, past the guard and the handler of errors.
    frameworkErrors: (error, _request, reply) => void refuse(reply, error.statusCode ?? 400, 'bad-request', unreadable),
    routerOptions: { maxParamLength: parameterLengthMax },
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false } },
  })
  await app.register(fastifyRateLimit, { global: false })
  guard(app, options)
  tellErrors(app)
  return {
    app,
    limited(perMinute) {
      const look = app.createRateLimit({ max: perMinute, timeWindow: minuteMs, keyGenerator: () => 'all' })
      return async (request) => {
        const waitS = waitOf(await look(request))
        if (waitS === 0) return
        const text = `more than ${perMinute} changes a minute: nothing was changed; try again in ${waitS} s`
        throw turnedAway(options, request, new Refusal(429, 'too-many-changes', text, waitS))
      }
    },
  }
}

/** The right token is looked for first, and serves: callers of one machine share an address, a wrong one among them. */
function guard(app: FastifyInstance, options: DoorOptions): void {
  const { token, host, open, wrongTokensPerMinute = wireLimits.doorWrongTokensPerMinuteMax } = options
  const expected = digest(`Bearer ${token}`)
  const look = app.createRateLimit({ max: wrongTokensPerMinute, timeWindow: minuteMs })
  app.addHook('onRequest', async (request) => {
    const foreign = foreignness(request.headers, host)
    if (foreign !== null) throw turnedAway(options, request, new Refusal(403, foreign.code, foreign.text))
    if (open.includes(request.routeOptions.url ?? '')) return
    // Digests have one length, so that the comparison tells nothing of the token's.
    if (timingSafeEqual(digest(request.headers.authorization ?? ''), expected)) return
    const waitS = waitOf(await look(request))
    if (waitS === 0) {
      const text = 'the token is missing or wrong: give that of the configuration, Authorization: Bearer TOKEN'
      throw turnedAway(options, request, new Refusal(401, 'unauthorized', text))
    }
    const text = `too many wrong tokens from this address: try again in ${waitS} s, or with the right one`
    throw turnedAway(options, request, new Refusal(429, 'too-many-attempts', text, waitS))
  })
}

function turnedAway(options: DoorOptions, { ip }: FastifyRequest, refusal: Refusal): Refusal {
  options.refused({ code: refusal.code, address: ip })
  return refusal
}

type Look = Awaited<ReturnType<ReturnType<FastifyInstance['createRateLimit']>>>

/** Whole seconds until there is room; 0: there is. */
function waitOf(look: Look): number {
  return look.isAllowed || !look.isExceeded ? 0 : Math.max(1, look.ttlInSeconds)
}

type LibraryError = Error & { readonly statusCode?: number | undefined; readonly validation?: unknown }

function tellErrors(app: FastifyInstance): void {
  app.setNotFoundHandler((_request, reply) => refuse(reply, 404, 'not-found', 'no such call'))
  app.setErrorHandler((error: LibraryError, _request, reply): FastifyReply => {
    if (error instanceof Refusal) {
      if (error.retryAfterS !== undefined) void reply.header('retry-after', error.retryAfterS)
      return refuse(reply, error.statusCode, error.code, error.message)
    }
    // What nobody meant to throw is a defect; it belongs to the process, not to the caller.
    if (error.statusCode === undefined) setImmediate(() => rethrow(error))
    // Other texts are a library's and may repeat what was sent, a password included (SC2).
    const text = error.validation === undefined ? unreadable : error.message
    return refuse(reply, error.statusCode ?? 500, 'bad-request', text)
  })
}

function rethrow(error: Error): never {
  throw error
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
