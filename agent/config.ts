/**
 * What an agent process is started with: `--config FILE`, `--leash`, and what a person at a keyboard wants otherwise than
 * the file has it (`--connect-to`, `--address`, `--route`). A mistake is told with its place, what was found there and
 * what would be right; a secret is never repeated.
 */
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { parseAddress, parseRouteDestination } from '#shared/address.ts'
import { type AgentConfig, AgentConfigSchema } from '#shared/config.schema.ts'
import { type AgentProfile, agentProfiles } from '#shared/profile.ts'
import { type Result, fail, ok } from '#shared/result.ts'
import { problemFinder } from '#shared/wire/codec.ts'
import { parseHostPort } from './shell/connect-table.ts'

export type AgentStart = {
  readonly config: AgentConfig
  /** PEM text of `config.caFile`. */
  readonly ca: string
  /** Exit when standard input ends. */
  readonly leash: boolean
}

const usage = `node agent/main.ts --config FILE [--leash]
  --connect-to HOST:PORT:HOST:PORT   dials of the first go to the second; may be repeated
  --address ADDRESS, --route ADDRESS/LENGTH
                                     the workstation's network, instead of this machine's; may be repeated`

const options = {
  config: { type: 'string' },
  leash: { type: 'boolean', default: false },
  'connect-to': { type: 'string', multiple: true, default: [] },
  address: { type: 'string', multiple: true, default: [] },
  route: { type: 'string', multiple: true, default: [] },
} satisfies NonNullable<Parameters<typeof parseArgs>[0]>['options']

type Flags = ReturnType<typeof parseArgs<{ options: typeof options }>>['values']
/** A place in the file and what is wrong with what stands there. */
type Mistake = { readonly field: string; readonly problem: string }

const problemOf = problemFinder(AgentConfigSchema)

/** Reads the command line (without the program's name) and its file. The error is for the person who wrote them. */
export function readAgentConfig(argv: readonly string[]): Result<AgentStart, string> {
  const flags = readFlags(argv)
  if (!flags.ok) return fail(`${flags.error}\n${usage}`)
  const file = flags.value.config
  if (file === undefined) return fail(`--config is missing\n${usage}`)

  const parsed = readJson(file)
  if (!parsed.ok) return fail(`${file}: ${parsed.error}`)
  const problem = problemOf(parsed.value)
  if (problem !== null) {
    return fail(told(file, parsed.value, { field: problem.path, problem: problem.problem }))
  }
  const written = parsed.value as AgentConfig
  const mistake = firstMistake(written)
  if (mistake !== undefined) return fail(told(file, written, mistake))
  const config = withFlags(written, flags.value)
  if (!config.ok) return config

  const ca = readText(written.caFile)
  if (!ca.ok) return fail(`${file}: /caFile: ${ca.error}; it must name the certificate of the enterprise's authority`)
  return ok({ config: config.value, ca: ca.value, leash: flags.value.leash })
}

function readFlags(argv: readonly string[]): Result<Flags, string> {
  try {
    return ok(parseArgs({ args: [...argv], options, strict: true, allowPositionals: false }).values)
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error))
  }
}

/** What the schema cannot say. */
function firstMistake(config: AgentConfig): Mistake | undefined {
  const seen = new Set<string>()
  return [
    ...config.connectTo.flatMap(({ from, to }, index) => [
      ...hostPortMistakes(`/connectTo/${index}/from`, from),
      ...hostPortMistakes(`/connectTo/${index}/to`, to),
    ]),
    ...Object.entries(config.resolve).flatMap(([host, address]) => addressMistakes(`/resolve/${host}`, address)),
    ...config.agents.flatMap((agent, index) => {
      const at = `/agents/${index}`
      const again = seen.has(agent.id) ? [{ field: `${at}/id`, problem: 'must differ from the other agents' }] : []
      seen.add(agent.id)
      return [
        ...again,
        ...hostPortMistakes(`${at}/primServer`, agent.primServer),
        ...agent.altServers.flatMap((server, alt) => hostPortMistakes(`${at}/altServers/${alt}`, server)),
        ...profileMistakes(`${at}/profile`, agent.profile ?? 'windows'),
        ...networkMistakes(`${at}/network`, agent.network ?? { addresses: [], routes: [] }),
      ]
    }),
  ][0]
}

function profileMistakes(field: string, profile: AgentProfile): Mistake[] {
  return agentProfiles.includes(profile) ? [] : [{ field, problem: `must be one of ${agentProfiles.join(', ')}` }]
}

type Network = { readonly addresses: readonly string[]; readonly routes: readonly string[] }

function networkMistakes(at: string, network: Network): Mistake[] {
  return [
    ...network.addresses.flatMap((address, index) => addressMistakes(`${at}/addresses/${index}`, address)),
    ...network.routes.flatMap((route, index) => {
      const parsed = parseRouteDestination(route)
      return parsed.ok ? [] : [{ field: `${at}/routes/${index}`, problem: `must be ADDRESS/LENGTH: ${parsed.error}` }]
    }),
  ]
}

function hostPortMistakes(field: string, text: string): Mistake[] {
  const parsed = parseHostPort(text)
  return parsed.ok ? [] : [{ field, problem: `must be HOST:PORT: ${parsed.error}` }]
}

function addressMistakes(field: string, text: string): Mistake[] {
  const parsed = parseAddress(text)
  return parsed.ok ? [] : [{ field, problem: `must be an IP address: ${parsed.error}` }]
}

/** The configuration with what the command line says otherwise. */
function withFlags(config: AgentConfig, flags: Flags): Result<AgentConfig, string> {
  const connectTo = [...config.connectTo]
  for (const text of flags['connect-to']) {
    const entry = parseConnectTo(text)
    if (entry === undefined) return fail(`--connect-to ${text}: must be HOST:PORT:HOST:PORT`)
    connectTo.push(entry)
  }
  const network = { addresses: flags.address, routes: flags.route }
  if (network.addresses.length + network.routes.length === 0) return ok({ ...config, connectTo })

  const [agent, ...others] = config.agents
  if (agent === undefined || others.length > 0) {
    return fail('--address and --route: the configuration has several agents; write their networks into it')
  }
  const [mistake] = networkMistakes('', network)
  if (mistake !== undefined) return fail(`--address, --route: ${mistake.problem}`)
  return ok({ ...config, connectTo, agents: [{ ...agent, network }] })
}

/** curl's form; IPv6 hosts stand in brackets. */
function parseConnectTo(text: string): { from: string; to: string } | undefined {
  const host = String.raw`(?:\[[^\]]+\]|[^:[\]]+)`
  const [, from, to] = new RegExp(`^(${host}:\\d+):(${host}:\\d+)$`, 'u').exec(text) ?? []
  if (from === undefined || to === undefined) return undefined
  return parseHostPort(from).ok && parseHostPort(to).ok ? { from, to } : undefined
}

function told(file: string, config: unknown, { field, problem }: Mistake): string {
  return `${file}: ${field === '' ? '/' : field} is ${found(config, field)}; it ${problem}`
}

/** What stands at a JSON pointer, told in a few characters. */
function found(config: unknown, pointer: string): string {
  let value = config
  for (const name of pointer.split('/').slice(1)) {
    value = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined
  }
  if (Array.isArray(value)) return `a list of ${value.length}`
  if (typeof value === 'object' && value !== null) return 'an object'
  if (pointer.endsWith('/token')) return 'a secret'
  return JSON.stringify(value)?.slice(0, 80) ?? 'absent'
}

function readJson(file: string): Result<unknown, string> {
  const text = readText(file)
  if (!text.ok) return text
  try {
    return ok(JSON.parse(text.value) as unknown)
  } catch (error) {
    // The parser's text quotes the file, which holds a token.
    const [place] = /line \d+ column \d+/u.exec(String(error)) ?? []
    return fail(
      `not JSON${place === undefined ? '' : ` at ${place}`}; it must be what shared/config.schema.ts describes`,
    )
  }
}

function readText(file: string): Result<string, string> {
  try {
    return ok(readFileSync(file, 'utf8'))
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error))
  }
}
