/**
 * Enterprise data as the databases keep and exchange it (RP1): users, policies, enrollments. A record is known by its kind
 * and key. Each field carries its own stamp, because the merge goes field by field (RP5).
 */
import { type Static, type TSchema, Type } from 'typebox'
import { PolicySchema, PublicKeySchema } from '#shared/wire/agent-link.schema.ts'
import { wireLimits } from '#shared/wire/limits.ts'

const Name = Type.String({ minLength: 1, maxLength: wireLimits.nameLengthMax })
const Count = Type.Integer({ minimum: 0 })
const strict = { additionalProperties: false } as const

/** Hybrid logical time of a change: wall clock of the origin that never steps back, a counter within it, the origin. */
export const StampSchema = Type.Object({ wallMs: Count, counter: Count, origin: Name }, strict)

/** How many changes of a record each database has made: tells a later version from one made apart (RP8). */
export const MadeSchema = Type.Record(Name, Type.Integer({ minimum: 1 }))

/** `change`: the how manieth of its origin at this record; 0 for what the configuration says. */
const changed = { stamp: StampSchema, change: Count }
const field = <Value extends TSchema>(value: Value) => Type.Optional(Type.Object({ value, ...changed }, strict))
const body = { key: Name, deleted: Type.Optional(Type.Object(changed, strict)), made: MadeSchema }

/** argon2id in PHC form; `version` grows with every change (OF4). One field, so that the two never part. */
const Credential = Type.Object({ verifier: Type.String({ minLength: 1, maxLength: 512 }), version: Count }, strict)

const { challengeComingOnline, challengeInactivityMinutes, challengeIntervalMinutes } = PolicySchema.properties
const { offlineAuthentication, lockout } = PolicySchema.properties

/** One field, so that a token and its being used never part. */
const Token = Type.Object({ hash: Type.String({ minLength: 64, maxLength: 64 }), used: Type.Boolean() }, strict)

export const EnterpriseRecordSchema = Type.Union([
  /** Keyed by name. */
  Type.Object(
    {
      kind: Type.Literal('user'),
      ...body,
      fields: Type.Object(
        {
          credential: field(Credential),
          disabled: field(Type.Boolean()),
          /** Id of the user policy. */
          policy: field(Name),
          /** Unix ms; locked out until then, by too many wrong passwords. */
          lockedUntilMs: field(Count),
        },
        strict,
      ),
    },
    strict,
  ),
  Type.Object(
    {
      kind: Type.Literal('user-policy'),
      ...body,
      fields: Type.Object(
        {
          challengeComingOnline: field(challengeComingOnline),
          challengeInactivityMinutes: field(challengeInactivityMinutes),
          challengeIntervalMinutes: field(challengeIntervalMinutes),
          offlineAuthentication: field(offlineAuthentication),
          lockout: field(lockout),
        },
        strict,
      ),
    },
    strict,
  ),
  /** A field that is not set leaves the user policy as it is (CH5). */
  Type.Object(
    {
      kind: Type.Literal('computer-policy'),
      ...body,
      fields: Type.Object(
        {
          challengeComingOnline: field(challengeComingOnline),
          challengeIntervalMinutes: field(challengeIntervalMinutes),
          offlineAuthentication: field(Type.Literal('forbidden')),
        },
        strict,
      ),
    },
    strict,
  ),
  /** Keyed by agent. `policy` is the id of its computer policy. */
  Type.Object(
    { kind: Type.Literal('computer'), ...body, fields: Type.Object({ policy: field(Name) }, strict) },
    strict,
  ),
  /** Keyed by agent. The key by which it is known, and the SHA-256 of the one-time token that it was given last (SC4). */
  Type.Object(
    {
      kind: Type.Literal('enrolment'),
      ...body,
      fields: Type.Object({ publicKey: field(PublicKeySchema), token: field(Token) }, strict),
    },
    strict,
  ),
])

export type EnterpriseRecord = Static<typeof EnterpriseRecordSchema>
export type EnterpriseKind = EnterpriseRecord['kind']
export type RecordOf<Kind extends EnterpriseKind> = Extract<EnterpriseRecord, { kind: Kind }>
/** Fields of a kind with their plain values. */
export type ValuesOf<Kind extends EnterpriseKind> = {
  readonly [Name in keyof RecordOf<Kind>['fields']]?: NonNullable<RecordOf<Kind>['fields'][Name]> extends {
    value: infer Value
  }
    ? Value
    : never
}
/** A change of one record: what its fields become, or `null` to delete it. */
export type DataChange = {
  [Kind in EnterpriseKind]: { readonly kind: Kind; readonly key: string; readonly fields: ValuesOf<Kind> | null }
}[EnterpriseKind]
