/**
 * The configuration files of the two programs. The lab writes them; a person may too. `agent/main.ts --config FILE` and
 * `appliance/main.ts --config FILE` read them at start.
 */
import { type Static, Type } from 'typebox'
import { type AgentProfile } from '#shared/profile.ts'
import { PolicySchema } from '#shared/wire/agent-link.schema.ts'
import { wireLimits } from '#shared/wire/limits.ts'
import { TopologySchema, TopologyShape } from '#shared/wire/topology.schema.ts'

const strict = { additionalProperties: false } as const
const Port = Type.Integer({ minimum: 1, maximum: 65_535 })
const Text = Type.String({ minLength: 1 })

/** curl's convention: a dial to `from` (`HOST:PORT`) goes to `to` (`HOST:PORT`); URL, name and certificate stay. */
const ConnectTo = Type.Object({ from: Text, to: Text }, strict)

const PerMinute = Type.Integer({ minimum: 1 })

/**
 * HTTP door of one process; every call but `/health` and `/metrics` carries `Authorization: Bearer TOKEN`. `host` is the
 * address at which it listens, loopback where none is stated; containers state their own.
 */
const Control = Type.Object(
  {
    host: Type.Optional(Text),
    port: Port,
    token: Type.String({ minLength: wireLimits.doorTokenLengthMin }),
    /** From one address; absent: the product's (docs/PROTOCOL.md). */
    wrongTokensPerMinute: Type.Optional(PerMinute),
  },
  strict,
)
const ApplianceControl = Type.Object(
  {
    ...Control.properties,
    /** Of users, policies, enrolments and the topology together; absent: the product's. */
    changesPerMinute: Type.Optional(PerMinute),
  },
  strict,
)

const UserPolicy = Type.Object({ id: Text, ...PolicySchema.properties }, strict)
const ComputerPolicy = Type.Object(
  {
    id: Text,
    challengeComingOnline: Type.Optional(PolicySchema.properties.challengeComingOnline),
    challengeIntervalMinutes: Type.Optional(PolicySchema.properties.challengeIntervalMinutes),
    offlineAuthentication: Type.Optional(Type.Literal('forbidden')),
  },
  strict,
)

/** Its words are checked where the file is read, which tells them to a person. */
const Profile = Type.Unsafe<AgentProfile>(Text)

const Settings = TopologyShape.properties.settings

export const AgentConfigSchema = Type.Object(
  {
    seed: Text,
    control: Control,
    /** PEM file of the enterprise's certificate authority. */
    caFile: Text,
    /** Folder of the topology cache (BT3) and the offline store (OF4); absent: nothing survives a restart. */
    cacheFolder: Type.Optional(Text),
    /** Cost of offline verifiers; absent: that of the product. Fleets and labs measure something else. */
    offlineHashCost: Type.Optional(Type.Union([Type.Literal('product'), Type.Literal('minimum')])),
    connectTo: Type.Array(ConnectTo),
    /** Host name to address, asked before DNS. */
    resolve: Type.Record(Text, Text),
    /** In force until a topology brings the enterprise's own. */
    settings: Settings,
    /** One workstation, or a fleet of them in this process. */
    agents: Type.Array(
      Type.Object(
        {
          id: Text,
          primServer: Text,
          altServers: Type.Array(Text),
          /** What kind of agent it is (FB4); absent: `windows`. */
          profile: Type.Optional(Profile),
          /** One-time token of the enterprise, worthless once it is used; with it the agent has a key and proves who it is. */
          enrolmentToken: Type.Optional(Text),
          /** Declared addresses and routes (`--address`, `--route`); absent: read from this machine. */
          network: Type.Optional(Type.Object({ addresses: Type.Array(Text), routes: Type.Array(Text) }, strict)),
        },
        strict,
      ),
      { minItems: 1 },
    ),
  },
  strict,
)

export const ApplianceConfigSchema = Type.Object(
  {
    seed: Text,
    /** This appliance's id in the topology. Its role is stated there. */
    id: Text,
    listen: Type.Object({ host: Text, port: Port }, strict),
    control: ApplianceControl,
    caFile: Text,
    certificateFile: Text,
    keyFile: Text,
    connectTo: Type.Array(ConnectTo),
    /** The first topology, as loaded from the enterprise file. */
    topology: TopologySchema,
    /** Database role: the file that it keeps its records in; absent: nothing survives its process. */
    storeFile: Type.Optional(Text),
    /** Largest size of that file, in pages of 4096 bytes; absent: the disk's. */
    storePagesMax: Type.Optional(Type.Integer({ minimum: 1 })),
    /** Passwords that an agent, or whoever names one user, may try at once and a minute; absent: the product's (docs/PROTOCOL.md). */
    loginRate: Type.Optional(
      Type.Object({ burst: Type.Integer({ minimum: 1 }), perMinute: Type.Integer({ minimum: 1 }) }, strict),
    ),
    /** Database role: the people with argon2id verifiers in PHC form. Empty on a service appliance. */
    people: Type.Array(
      Type.Object(
        { user: Text, verifier: Text, version: Type.Integer(), disabled: Type.Boolean(), policy: Text },
        strict,
      ),
    ),
    /** Database role: user and computer policies, and which agent has which computer policy. */
    policies: Type.Object(
      {
        users: Type.Array(UserPolicy),
        computers: Type.Array(ComputerPolicy),
        computerPolicyOf: Type.Record(Text, Text),
      },
      strict,
    ),
  },
  strict,
)

export type AgentConfig = Static<typeof AgentConfigSchema>
export type ApplianceConfig = Static<typeof ApplianceConfigSchema>
