/**
 * Messages between appliances (WebSocket path `/peer`). The dialler speaks first with its hello, and the other
 * answers `welcome` or `unavailable`. A database dials its peer to push its own log (so there are two links between two
 * databases, one each way); a service appliance dials its affinity database to ask for records (SV1).
 */
import { type Static, Type } from 'typebox'
import { AuditRecordSchema, PauseCauseSchema, PolicySchema, PublicKeySchema } from '#shared/wire/agent-link.schema.ts'
import { EnterpriseRecordSchema, MadeSchema, StampSchema } from '#shared/wire/enterprise-data.schema.ts'
import { wireLimits } from '#shared/wire/limits.ts'
import { TopologySchema } from '#shared/wire/topology.schema.ts'

const Name = Type.String({ minLength: 1, maxLength: wireLimits.nameLengthMax })
const Request = Type.Integer({ minimum: 1 })
const Count = Type.Integer({ minimum: 0 })
/** Lower-case hex of a ticket's SHA-256; the ticket itself never leaves the appliance that made it and the agent. */
const TicketHash = Type.String({ minLength: 64, maxLength: 64 })
const ContentHash = Type.String({ minLength: 16, maxLength: 16 })
const strict = { additionalProperties: false } as const

const SessionRecord = Type.Object(
  {
    session: Name,
    user: Name,
    agent: Name,
    /** The appliance that serves it. */
    appliance: Name,
    state: Type.Union([
      Type.Literal('active'),
      Type.Literal('locked'),
      Type.Literal('paused'),
      /** Final. */
      Type.Literal('ended'),
    ]),
    /** The challenge that is open while the state is `paused` (CH3). */
    paused: Type.Optional(PauseCauseSchema),
    /** One for each login accepted under this session id, sorted. */
    tickets: Type.Array(TicketHash),
    stamp: StampSchema,
    made: MadeSchema,
  },
  strict,
)

/**
 * An audit record as the databases keep it (AU1). `source`, `incarnation` and `seq` are its identity: an agent, its queue
 * and the number there; or an appliance, its log or its run, and the number there.
 */
const StoredAudit = Type.Object(
  {
    by: Type.Union([Type.Literal('agent'), Type.Literal('appliance')]),
    source: Name,
    incarnation: Name,
    seq: Request,
    /** Unix ms by the clock of the source. */
    atMs: Type.Number({ minimum: 0 }),
    kind: Type.Union([
      AuditRecordSchema.properties.kind,
      Type.Literal('topology-edited'),
      Type.Literal('appliance-removed'),
      Type.Literal('user-edited'),
      Type.Literal('user-deleted'),
      Type.Literal('policy-edited'),
      /** A user was locked out. */
      Type.Literal('lockout'),
      Type.Literal('enrolment-issued'),
      Type.Literal('enrolled'),
      /** Acts on one database, at its control door (SC2). */
      Type.Literal('store-limited'),
      Type.Literal('stopped'),
    ]),
    user: Type.Optional(Name),
    agent: Type.Optional(Name),
    session: Type.Optional(Name),
    /** The appliance that served. */
    appliance: Type.Optional(Name),
    detail: Type.Optional(Type.String({ maxLength: wireLimits.nameLengthMax })),
  },
  strict,
)

/** What is replicated. Two versions of a session or of enterprise data are merged; an audit record never changes. */
const StoredRecord = Type.Union([
  Type.Object({ kind: Type.Literal('session'), value: SessionRecord }, strict),
  Type.Object({ kind: Type.Literal('audit'), value: StoredAudit }, strict),
  Type.Object({ kind: Type.Literal('data'), value: EnterpriseRecordSchema }, strict),
])

/** A change of the sender's own log, numbered from 1 without gaps. */
const Change = Type.Object({ position: Request, record: StoredRecord }, strict)

/** What a front asks of its records. Asking the same again changes nothing more. */
const Ask = Type.Union([
  /** `agent`: whose computer policy applies (CH5). */
  Type.Object({ op: Type.Literal('find-user'), user: Name, agent: Name }, strict),
  Type.Object(
    {
      op: Type.Literal('open-session'),
      session: Name,
      user: Name,
      agent: Name,
      ticketHash: TicketHash,
      appliance: Name,
    },
    strict,
  ),
  /** A session whose user proved identity at its agent, without any appliance (OF6); asked again it stays as it was asked. */
  Type.Object(
    {
      op: Type.Literal('adopt-session'),
      session: Name,
      user: Name,
      agent: Name,
      ticketHash: TicketHash,
      appliance: Name,
      state: Type.Union([Type.Literal('active'), Type.Literal('locked'), Type.Literal('ended')]),
      paused: Type.Optional(PauseCauseSchema),
    },
    strict,
  ),
  Type.Object(
    {
      op: Type.Literal('change-session'),
      change: Type.Union([
        Type.Literal('lock'),
        Type.Literal('unlock'),
        Type.Literal('end'),
        /** Resumed at `appliance`; the state stays, unless it comes with `paused`. */
        Type.Literal('serve'),
        Type.Literal('pause'),
      ]),
      paused: Type.Optional(PauseCauseSchema),
      session: Name,
      agent: Name,
      ticketHash: TicketHash,
      appliance: Name,
      /** Of an unlock: whose password was verified. */
      user: Type.Optional(Name),
    },
    strict,
  ),
  /** The key by which that agent is known. */
  Type.Object({ op: Type.Literal('find-agent'), agent: Name }, strict),
  /** The key, whose owner the agent is, becomes its own if the token is good; asked again it stays so. */
  Type.Object(
    {
      op: Type.Literal('enrol-agent'),
      agent: Name,
      tokenHash: TicketHash,
      publicKey: PublicKeySchema,
      appliance: Name,
    },
    strict,
  ),
  /** Audit records of an agent's queue, in order (OF5). */
  Type.Object(
    {
      op: Type.Literal('keep-audit'),
      agent: Name,
      records: Type.Array(AuditRecordSchema, { minItems: 1, maxItems: wireLimits.auditRecordsMax }),
    },
    strict,
  ),
  /** `appliance` denied an agent's request. `incarnation` names its run and `seq` numbers its denials (AU1). */
  Type.Object(
    {
      op: Type.Literal('record-denial'),
      appliance: Name,
      incarnation: Name,
      seq: Request,
      atMs: Type.Number({ minimum: 0 }),
      agent: Name,
      user: Type.Optional(Name),
      session: Type.Optional(Name),
      detail: Name,
      /** A wrong password of `user`: counts toward lockout. */
      counts: Type.Optional(Type.Boolean()),
    },
    strict,
  ),
])

const UnavailableReason = Type.Union([
  Type.Literal('no-database'),
  Type.Literal('stopping'),
  Type.Literal('catching-up'),
  Type.Literal('removed'),
])

const Answer = Type.Union([
  /** For an unknown user: a verifier of somebody else, so that verifying takes as long, and `known: false`. */
  Type.Object(
    {
      outcome: Type.Literal('user'),
      verifier: Type.String(),
      known: Type.Boolean(),
      disabled: Type.Boolean(),
      /** By too many wrong passwords: not to be let in whatever is typed. */
      lockedOut: Type.Boolean(),
      policy: PolicySchema,
      /** Of the credential; 0 for an unknown user. */
      version: Count,
    },
    strict,
  ),
  Type.Object(
    {
      outcome: Type.Literal('session'),
      user: Name,
      state: Type.Union([
        Type.Literal('active'),
        Type.Literal('locked'),
        Type.Literal('paused'),
        Type.Literal('ended'),
      ]),
      paused: Type.Optional(PauseCauseSchema),
      replicated: Type.Union([Type.Literal('both'), Type.Literal('one')]),
    },
    strict,
  ),
  Type.Object(
    {
      outcome: Type.Literal('refused'),
      reason: Type.Union([
        Type.Literal('wrong-user'),
        Type.Literal('unknown-session'),
        Type.Literal('session-ended'),
        /** The user was locked out while the password was looked at. */
        Type.Literal('locked-out'),
      ]),
    },
    strict,
  ),
  /** Everything up to `seq` of that queue is kept. */
  Type.Object({ outcome: Type.Literal('audited'), incarnation: Name, seq: Count }, strict),
  /** `lockedOut`: the user already was, when a denial that counts came. */
  Type.Object({ outcome: Type.Literal('recorded'), lockedOut: Type.Boolean() }, strict),
  Type.Object({ outcome: Type.Literal('agent'), publicKey: Type.Optional(PublicKeySchema) }, strict),
  Type.Object({ outcome: Type.Literal('enrolled') }, strict),
  Type.Object({ outcome: Type.Literal('not-enrolled') }, strict),
  Type.Object({ outcome: Type.Literal('unavailable'), reason: UnavailableReason }, strict),
])

const Versions = Type.Object({ min: Type.Integer(), max: Type.Integer() }, strict)

export const PeerMessageSchema = Type.Union([
  /** A service appliance comes to work through this database. */
  Type.Object({ type: Type.Literal('hello.service'), versions: Versions, appliance: Name, epoch: Count }, strict),
  /** A database comes to push its log, which ends at `position` now. A store that lost its past has a new `log` name. */
  Type.Object(
    {
      type: Type.Literal('hello.database'),
      versions: Versions,
      appliance: Name,
      epoch: Count,
      log: Name,
      position: Count,
    },
    strict,
  ),
  /** `held`: how far the answering database has the dialler's log; 0 for nothing of it. */
  Type.Object(
    { type: Type.Literal('welcome'), version: Type.Integer(), appliance: Name, epoch: Count, held: Count },
    strict,
  ),
  Type.Object({ type: Type.Literal('unavailable'), reason: UnavailableReason }, strict),
  /** In order, each position one more than the last. */
  Type.Object(
    {
      type: Type.Literal('changes'),
      changes: Type.Array(Change, { minItems: 1, maxItems: wireLimits.replicationBatchMax }),
    },
    strict,
  ),
  /** All records, where the log does not reach back: part by part, each answered; `position` counts once `last` is in. */
  Type.Object(
    {
      type: Type.Literal('snapshot'),
      records: Type.Array(StoredRecord, { maxItems: wireLimits.replicationBatchMax }),
      last: Type.Boolean(),
      position: Count,
    },
    strict,
  ),
  Type.Object({ type: Type.Literal('snapshot.taken') }, strict),
  /** Everything up to `position` of the dialler's log is committed here. */
  Type.Object({ type: Type.Literal('acknowledged'), position: Count }, strict),
  /**
   * The dialler's log ends at `position` and is acknowledged, it holds the other's `log` up to `held`, and `hash` is that of
   * all its records (RP7). Answered only by a database that is exactly as far in both.
   */
  Type.Object({ type: Type.Literal('compare'), position: Count, log: Name, held: Count, hash: ContentHash }, strict),
  Type.Object({ type: Type.Literal('compared'), asked: ContentHash, hash: ContentHash }, strict),
  Type.Object({ type: Type.Literal('asked'), request: Request, ask: Ask }, strict),
  Type.Object({ type: Type.Literal('answered'), request: Request, answer: Answer }, strict),
  /** The session that the receiving service appliance served is served elsewhere now, or has ended. */
  Type.Object({ type: Type.Literal('session.left'), session: Name }, strict),
  /** The sender holds a newer epoch than the receiver has named (BT4, BT8). */
  Type.Object({ type: Type.Literal('topology.changed'), topology: TopologySchema }, strict),
  /** An edit: takes effect once the other database has it. */
  Type.Object({ type: Type.Literal('topology.proposed'), request: Request, topology: TopologySchema }, strict),
  Type.Object({ type: Type.Literal('topology.taken'), request: Request }, strict),
  Type.Object({ type: Type.Literal('topology.refused'), request: Request, epoch: Count }, strict),
])

export type PeerMessage = Static<typeof PeerMessageSchema>
export type Stamp = Static<typeof StampSchema>
export type SessionRecord = Static<typeof SessionRecord>
export type StoredAudit = Static<typeof StoredAudit>
export type StoredRecord = Static<typeof StoredRecord>
export type Change = Static<typeof Change>
export type Ask = Static<typeof Ask>
export type Answer = Static<typeof Answer>
