/**
 * The shape of an enterprise file, section by section; docs/ENTERPRISE-FILE.md tells what it means. Descriptions are
 * what a person is told to write. A property that accepts anything and has no description is one that we refuse on
 * purpose, by a code of its own (ST10, planned settings).
 */
import { type Static, Type } from 'typebox'
import { wireLimits } from '#shared/wire/limits.ts'

const strict = { additionalProperties: false } as const

const text = { minLength: 1, maxLength: wireLimits.nameLengthMax }
const Text = Type.String(text)
const SiteReference = Type.String({ ...text, description: 'the id or name of a site' })
const Host = Type.String({ ...text, description: 'a DNS name or an address' })
const Server = Type.String({ ...text, description: 'HOST or HOST:PORT of an appliance' })
const Password = Type.String({ minLength: 1, maxLength: wireLimits.passwordLengthMax })
const Duration = Type.String({ minLength: 1, description: 'a duration with its unit, such as "10 min" or "400 ms"' })
const Port = Type.Integer({ minimum: 1, maximum: 65_535 })
const Switch = Type.Union([Type.Literal('on'), Type.Literal('off'), Type.Literal(true), Type.Literal(false)])
const Texts = Type.Array(Text)
const refused = Type.Optional(Type.Unknown())
/** Read by a schema of its own, which one depending on what stands there. */
const later = (description: string) => Type.Unknown({ description })
const items = (description: string, maxItems?: number) =>
  Type.Array(later(description), maxItems === undefined ? {} : { maxItems })

/** Agents in one process, people of one generated list. */
const countMax = 20_000
const Count = Type.Integer({ minimum: 1, maximum: countMax })

export const EnterpriseFile = Type.Object(
  {
    enterprise: Text,
    generation: Type.Optional(Type.Union([Type.Literal('G4'), Type.Literal('G3')])),
    settings: Type.Optional(later('a mapping of settings')),
    hashCost: Type.Optional(Type.Union([Type.Literal('product'), Type.Literal('minimum')])),
    sites: items('a site', wireLimits.sitesMax),
    appliances: items('an appliance', wireLimits.appliancesMax),
    userPolicies: Type.Optional(items('a user policy')),
    computerPolicies: Type.Optional(items('a computer policy')),
    people: Type.Optional(items('a person')),
    generatedPeople: Type.Optional(later('a mapping with count, prefix and password')),
    workstations: Type.Optional(items('a workstation')),
    fleets: Type.Optional(items('a fleet')),
  },
  strict,
)

export const SettingsFile = Type.Object(
  {
    wire: Type.Optional(Type.Union([Type.Literal('normal'), Type.Literal('fast'), Type.Literal('pie-default')])),
    timeScale: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 100_000 })),
    enrolment: Type.Optional(Type.Union([Type.Literal('off'), Type.Literal('demanded')])),
    pinWindow: Type.Optional(Duration),
    refreshInterval: Type.Optional(Duration),
    offlineRetryInterval: Type.Optional(Duration),
    offlineRetryJitter: Type.Optional(Switch),
    seamlessFailover: Type.Optional(Switch),
    connectTimeout: Type.Optional(Duration),
    requestTimeout: Type.Optional(Duration),
    heartbeat: Type.Optional(Duration),
    replicationWait: Type.Optional(Duration),
    failoverSiteTimeout: Type.Optional(Duration),
    connectStagger: refused,
    agentProfile: refused,
  },
  strict,
)

export const SiteFile = Type.Object(
  {
    id: Type.Optional(Text),
    name: Text,
    type: Type.Optional(Type.Union([Type.Literal('active'), Type.Literal('hot-standby')])),
    ranges: Type.Optional(Type.Array(Text, { maxItems: wireLimits.rangesPerSiteMax })),
    failover: Type.Optional(later('`disabled` or a mapping with primary and secondary')),
    externalServers: refused,
  },
  strict,
)

export const FailoverFile = Type.Object(
  { primary: Type.Optional(SiteReference), secondary: Type.Optional(SiteReference) },
  strict,
)

export const ApplianceFile = Type.Object(
  {
    id: Type.Optional(Text),
    host: Host,
    site: SiteReference,
    role: Type.Optional(Type.Union([Type.Literal('database'), Type.Literal('service')])),
    port: Type.Optional(Port),
    address: Type.Optional(Text),
    dataCenter: Type.Optional(Text),
    capacity: Type.Optional(
      Type.Object(
        {
          sessions: Type.Optional(Type.Integer({ minimum: 1 })),
          loginsPerSecond: Type.Optional(Type.Number({ exclusiveMinimum: 0 })),
        },
        strict,
      ),
    ),
    affinityLock: Type.Optional(Text),
    failover: refused,
  },
  strict,
)

const ComingOnline = Type.Object(
  {
    mode: Type.Union([Type.Literal('grace'), Type.Literal('always')]),
    minutes: Type.Optional(Type.Number({ minimum: 0 })),
  },
  strict,
)
const Minutes = Type.Number({ minimum: 0 })

export const UserPolicyFile = Type.Object(
  {
    id: Text,
    challengeComingOnline: Type.Optional(ComingOnline),
    challengeInactivityMinutes: Type.Optional(Minutes),
    challengeIntervalMinutes: Type.Optional(Minutes),
    offlineAuthentication: Type.Optional(
      Type.Object({ allowed: Switch, days: Type.Optional(Type.Number({ exclusiveMinimum: 0 })) }, strict),
    ),
    lockout: Type.Optional(
      Type.Object(
        {
          failures: Type.Integer({ minimum: 1 }),
          withinMinutes: Type.Number({ exclusiveMinimum: 0 }),
          lockedMinutes: Type.Number({ exclusiveMinimum: 0 }),
        },
        strict,
      ),
    ),
  },
  strict,
)

export const ComputerPolicyFile = Type.Object(
  {
    id: Text,
    challengeComingOnline: Type.Optional(ComingOnline),
    challengeIntervalMinutes: Type.Optional(Minutes),
    offlineAuthentication: Type.Optional(Type.Union([Type.Literal('forbidden')])),
  },
  strict,
)

export const PersonFile = Type.Object(
  { user: Text, name: Type.Optional(Text), password: Password, policy: Type.Optional(Text) },
  strict,
)

export const GeneratedPeopleFile = Type.Object(
  { count: Count, prefix: Text, password: Password, policy: Type.Optional(Text) },
  strict,
)

export const WorkstationFile = Type.Object(
  {
    id: Text,
    address: Type.Optional(Text),
    addresses: Type.Optional(Texts),
    routes: Type.Optional(Texts),
    primServer: Server,
    altServers: Type.Optional(Type.Array(Server)),
    profile: Type.Optional(Text),
    computerPolicy: Type.Optional(Text),
  },
  strict,
)

export const FleetFile = Type.Object(
  {
    id: Text,
    count: Count,
    addresses: Text,
    primServer: Server,
    altServers: Type.Optional(Type.Array(Server)),
    profile: Type.Optional(Text),
  },
  strict,
)

export type EnterpriseFile = Static<typeof EnterpriseFile>
export type SettingsFile = Static<typeof SettingsFile>
export type SiteFile = Static<typeof SiteFile>
export type ApplianceFile = Static<typeof ApplianceFile>
export type ComingOnlineFile = Static<typeof ComingOnline>
export type UserPolicyFile = Static<typeof UserPolicyFile>
export type ComputerPolicyFile = Static<typeof ComputerPolicyFile>
export type PersonFile = Static<typeof PersonFile>
export type WorkstationFile = Static<typeof WorkstationFile>
export type FleetFile = Static<typeof FleetFile>
