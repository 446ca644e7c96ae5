/**
 * Messages between an agent and an appliance (WebSocket path `/agent`). The first message each way is the hello: the
 * agent's `hello`, then `welcome`, `unavailable` or `busy`. A request has an id and exactly one answer, or a lost link.
 */
import { type Static, Type } from 'typebox'
import { wireLimits } from '#shared/wire/limits.ts'
import { TopologySchema } from '#shared/wire/topology.schema.ts'

const Name = Type.String({ minLength: 1, maxLength: wireLimits.nameLengthMax })
const Secret = Type.String({ minLength: 1, maxLength: wireLimits.passwordLengthMax })
const Request = Type.Integer({ minimum: 1 })
const Epoch = Type.Integer({ minimum: 0 })
const Version = Type.Integer({ minimum: 0 })
const Replicated = Type.Union([Type.Literal('both'), Type.Literal('one')])
const strict = { additionalProperties: false } as const

/** base64url of an Ed25519 public key as SPKI. */
export const PublicKeySchema = Type.String({ minLength: 59, maxLength: 59 })
/** base64url of an Ed25519 signature. */
const Proof = Type.String({ minLength: 86, maxLength: 86 })

/** Why a session is paused (CH3). */
export const PauseCauseSchema = Type.Union([
  Type.Literal('coming-online'),
  Type.Literal('inactivity'),
  Type.Literal('interval'),
])

const Minutes = Type.Number({ minimum: 0 })

/** The user policy with the computer policy over it (CH5), as an agent downloads it (CH6). */
export const PolicySchema = Type.Object(
  {
    challengeComingOnline: Type.Union([
      Type.Object({ mode: Type.Literal('grace'), minutes: Minutes }, strict),
      Type.Object({ mode: Type.Literal('always') }, strict),
    ]),
    challengeInactivityMinutes: Minutes,
    challengeIntervalMinutes: Minutes,
    offlineAuthentication: Type.Object({ allowed: Type.Boolean(), days: Type.Number({ minimum: 0 }) }, strict),
    lockout: Type.Object({ failures: Type.Integer(), withinMinutes: Minutes, lockedMinutes: Minutes }, strict),
  },
  strict,
)

/**
 * An audit record of an agent (OF5, AU1). `incarnation` names the agent's queue, `seq` numbers it from 1 without gaps:
 * together with the agent they are the record's identity, so that it is kept once however often it is uploaded.
 */
export const AuditRecordSchema = Type.Object(
  {
    incarnation: Name,
    seq: Type.Integer({ minimum: 1 }),
    /** Unix ms by the agent's clock. */
    atMs: Type.Number({ minimum: 0 }),
    kind: Type.Union([
      Type.Literal('login'),
      Type.Literal('offline-login'),
      Type.Literal('denied'),
      Type.Literal('lock'),
      Type.Literal('unlock'),
      Type.Literal('logout'),
      Type.Literal('failover'),
      Type.Literal('challenge'),
      /** So many found no room in the agent's queue; the user is that of the first. */
      Type.Literal('dropped'),
    ]),
    user: Name,
    session: Type.Optional(Name),
    detail: Type.Optional(Type.String({ maxLength: wireLimits.nameLengthMax })),
  },
  strict,
)

export const AgentMessageSchema = Type.Union([
  Type.Object(
    {
      type: Type.Literal('hello'),
      versions: Type.Object({ min: Type.Integer(), max: Type.Integer() }, strict),
      agent: Name,
      /** Newest topology epoch that the agent holds; 0 for none. */
      epoch: Epoch,
      /** Present when the agent comes to resume: an appliance removed from the topology serves its own sessions on (BT6). */
      sessions: Type.Optional(Type.Array(Name, { maxItems: 1_000 })),
      /** Signature with the agent's key over what only the two ends of this TLS connection know (SC4, `agent-proof.ts`). */
      proof: Type.Optional(Proof),
      /** With a one-time token of the enterprise the key becomes the agent's. */
      enrol: Type.Optional(Type.Object({ token: Name, publicKey: PublicKeySchema }, strict)),
    },
    strict,
  ),
  /** Retried under the same `session`: an appliance that knows the session already answers as the first time. */
  Type.Object({ type: Type.Literal('login'), request: Request, session: Name, user: Name, password: Secret }, strict),
  /** With `pause` the session comes online under a challenge, or was paused while no appliance was reached (LO4, CH3). */
  Type.Object(
    {
      type: Type.Literal('resume'),
      request: Request,
      session: Name,
      ticket: Name,
      pause: Type.Optional(PauseCauseSchema),
    },
    strict,
  ),
  /**
   * A session whose user proved identity at the agent without an appliance is to be served here (OF6). `policy` is the one
   * that the agent went by; `ended` when it has ended there already.
   */
  Type.Object(
    {
      type: Type.Literal('resume-offline'),
      request: Request,
      session: Name,
      user: Name,
      /** Unix ms by the agent's clock. */
      startedAtMs: Type.Number({ minimum: 0 }),
      policy: PolicySchema,
      state: Type.Union([Type.Literal('active'), Type.Literal('locked'), Type.Literal('ended')]),
      pause: Type.Optional(PauseCauseSchema),
    },
    strict,
  ),
  /** A challenge of a session that is served here (CH3). */
  Type.Object(
    { type: Type.Literal('pause'), request: Request, session: Name, ticket: Name, cause: PauseCauseSchema },
    strict,
  ),
  Type.Object({ type: Type.Literal('lock'), request: Request, session: Name, ticket: Name }, strict),
  /** Also the answer to a challenge: whoever may not answer it ends the session (CH4). */
  Type.Object(
    { type: Type.Literal('unlock'), request: Request, session: Name, ticket: Name, user: Name, password: Secret },
    strict,
  ),
  Type.Object({ type: Type.Literal('logout'), request: Request, session: Name, ticket: Name }, strict),
  /** In order of `seq`, all of one incarnation (OF5). */
  Type.Object(
    {
      type: Type.Literal('audit'),
      request: Request,
      records: Type.Array(AuditRecordSchema, { minItems: 1, maxItems: wireLimits.auditRecordsMax }),
    },
    strict,
  ),
  Type.Object({ type: Type.Literal('topology.get'), request: Request }, strict),
  /** Every `refreshInterval`: is there a newer topology than `epoch`? */
  Type.Object({ type: Type.Literal('refresh'), request: Request, epoch: Epoch }, strict),
])

const Rejected = Type.Union([
  Type.Literal('bad-credential'),
  Type.Literal('locked-out'),
  Type.Literal('disabled'),
  Type.Literal('wrong-user'),
  Type.Literal('unknown-session'),
  Type.Literal('session-ended'),
])
const RefusedReason = Type.Union([
  /** It has no key that the enterprise knows, or shows none. */
  Type.Literal('not-enrolled'),
  /** Its token was used, replaced, or never given. */
  Type.Literal('bad-token'),
  /** The signature is not that of its key on this connection. */
  Type.Literal('bad-proof'),
])
const UnavailableReason = Type.Union([
  Type.Literal('no-database'),
  Type.Literal('stopping'),
  Type.Literal('catching-up'),
  Type.Literal('removed'),
])

export const ApplianceMessageSchema = Type.Union([
  Type.Object(
    { type: Type.Literal('welcome'), version: Type.Integer(), appliance: Name, site: Name, epoch: Epoch },
    strict,
  ),
  /** As a first message, or as the answer to a request: go on to the next candidate (SP6). */
  Type.Object(
    { type: Type.Literal('unavailable'), request: Type.Optional(Request), reason: UnavailableReason },
    strict,
  ),
  Type.Object(
    { type: Type.Literal('busy'), request: Type.Optional(Request), retryAfterMs: Type.Number({ minimum: 0 }) },
    strict,
  ),
  /** As a first message: the agent has not proven who it is. An answer, never a reason to go to another appliance (SP6). */
  Type.Object({ type: Type.Literal('refused'), reason: RefusedReason }, strict),
  Type.Object(
    {
      type: Type.Literal('login.accepted'),
      request: Request,
      session: Name,
      ticket: Name,
      policy: PolicySchema,
      /** Offline verifiers are computed anew only when it changes (OF4). */
      credentialVersion: Version,
      replicated: Replicated,
    },
    strict,
  ),
  Type.Object({ type: Type.Literal('rejected'), request: Request, reason: Rejected }, strict),
  Type.Object(
    {
      type: Type.Literal('resumed'),
      request: Request,
      session: Name,
      state: Type.Union([Type.Literal('active'), Type.Literal('locked'), Type.Literal('paused')]),
      paused: Type.Optional(PauseCauseSchema),
      replicated: Replicated,
    },
    strict,
  ),
  Type.Object({ type: Type.Literal('locked'), request: Request, replicated: Replicated }, strict),
  Type.Object(
    {
      type: Type.Literal('unlocked'),
      request: Request,
      policy: PolicySchema,
      credentialVersion: Version,
      replicated: Replicated,
    },
    strict,
  ),
  /** The answer to `resume-offline`, but for one that has ended: that is `logged-out` (OF6). */
  Type.Object(
    {
      type: Type.Literal('adopted'),
      request: Request,
      session: Name,
      ticket: Name,
      policy: PolicySchema,
      state: Type.Union([Type.Literal('active'), Type.Literal('locked'), Type.Literal('paused')]),
      paused: Type.Optional(PauseCauseSchema),
      replicated: Replicated,
    },
    strict,
  ),
  Type.Object({ type: Type.Literal('paused'), request: Request, replicated: Replicated }, strict),
  Type.Object({ type: Type.Literal('logged-out'), request: Request, replicated: Replicated }, strict),
  /** Every record up to `seq` of that incarnation is kept. The agent goes on after it, whatever it had sent. */
  Type.Object(
    { type: Type.Literal('audited'), request: Request, incarnation: Name, seq: Type.Integer({ minimum: 0 }) },
    strict,
  ),
  Type.Object({ type: Type.Literal('topology'), request: Request, topology: TopologySchema }, strict),
  /** The agent's epoch is the newest. */
  Type.Object({ type: Type.Literal('refreshed'), request: Request, epoch: Epoch }, strict),
  /** Pushed on the open link when the topology changes (BT4). */
  Type.Object({ type: Type.Literal('topology.changed'), topology: TopologySchema }, strict),
])

export type AgentMessage = Static<typeof AgentMessageSchema>
export type ApplianceMessage = Static<typeof ApplianceMessageSchema>
export type RefusedReason = Static<typeof RefusedReason>
export type UnavailableReason = Static<typeof UnavailableReason>
export type Replicated = Static<typeof Replicated>
export type PauseCause = Static<typeof PauseCauseSchema>
export type AuditRecord = Static<typeof AuditRecordSchema>
