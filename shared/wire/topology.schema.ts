/** The topology as it travels; the type `Topology` of `#shared/topology/model.ts` is its meaning. */
import { Type } from 'typebox'
import { type Topology } from '#shared/topology/model.ts'
import { wireLimits } from '#shared/wire/limits.ts'

const Name = Type.String({ minLength: 1, maxLength: wireLimits.nameLengthMax })
const strict = { additionalProperties: false } as const
/** A duration of nothing would be a busy loop somewhere. */
const Ms = Type.Number({ exclusiveMinimum: 0 })

const Site = Type.Object(
  {
    id: Name,
    name: Name,
    type: Type.Union([Type.Literal('active'), Type.Literal('hot-standby')]),
    ranges: Type.Array(Type.Object({ start: Name, end: Name }, strict), { maxItems: wireLimits.rangesPerSiteMax }),
    failover: Type.Object({ primary: Type.Optional(Name), secondary: Type.Optional(Name) }, strict),
  },
  strict,
)

const Appliance = Type.Object(
  {
    id: Name,
    site: Name,
    role: Type.Union([Type.Literal('database'), Type.Literal('service')]),
    host: Name,
    port: Type.Integer({ minimum: 1, maximum: 65_535 }),
    address: Type.Optional(Name),
    dataCenter: Type.Optional(Name),
    capacity: Type.Optional(
      Type.Object({ sessions: Type.Optional(Type.Number()), loginsPerSecond: Type.Optional(Type.Number()) }, strict),
    ),
    affinityLock: Type.Optional(Name),
  },
  strict,
)

const Settings = Type.Object(
  {
    pinWindowMs: Ms,
    refreshIntervalMs: Ms,
    offlineRetryIntervalMs: Ms,
    offlineRetryJitter: Type.Boolean(),
    failoverSiteTimeoutMs: Ms,
    seamlessFailover: Type.Boolean(),
    connectTimeoutMs: Ms,
    requestTimeoutMs: Ms,
    heartbeatMs: Ms,
    heartbeatsMissedMax: Type.Integer({ minimum: 1 }),
    heartbeatSlackMs: Ms,
    replicationWaitMs: Ms,
    timeScale: Type.Number({ exclusiveMinimum: 0 }),
    enrolment: Type.Union([Type.Literal('off'), Type.Literal('demanded')]),
  },
  strict,
)

export const TopologyShape = Type.Object(
  {
    epoch: Type.Integer({ minimum: 1 }),
    enterprise: Name,
    generation: Type.Union([Type.Literal('G4'), Type.Literal('G3')]),
    sites: Type.Array(Site, { maxItems: wireLimits.sitesMax }),
    appliances: Type.Array(Appliance, { maxItems: wireLimits.appliancesMax }),
    settings: Settings,
  },
  strict,
)

/** Checked as `TopologyShape`, read as the model's `Topology`, whose ids are branded. */
export const TopologySchema = Type.Unsafe<Topology>(TopologyShape)
