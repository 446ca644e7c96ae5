/** The content of an offline store, as it is checked when a file is read back. */
import { Type } from 'typebox'
import { AuditRecordSchema, PolicySchema } from '#shared/wire/agent-link.schema.ts'

const strict = { additionalProperties: false } as const
const Text = Type.String({ minLength: 1 })

const OfflineUser = Type.Object(
  {
    user: Text,
    credential: Type.Union([Type.Null(), Type.Object({ verifier: Text, version: Type.Integer() }, strict)]),
    policy: PolicySchema,
    onlineAtMs: Type.Number(),
    failuresAtMs: Type.Array(Type.Number()),
    lockedUntilMs: Type.Number(),
  },
  strict,
)

export const OfflineDataSchema = Type.Object(
  {
    seenMs: Type.Number(),
    users: Type.Array(OfflineUser),
    audit: Type.Object(
      {
        incarnation: Text,
        nextSeq: Type.Integer({ minimum: 1 }),
        records: Type.Array(AuditRecordSchema),
        dropped: Type.Optional(Type.Object({ count: Type.Integer({ minimum: 1 }), user: Text }, strict)),
      },
      strict,
    ),
  },
  strict,
)
