/**
 * The last good topology of each agent survives a restart (BT3): a file an agent, replaced by a rename once its bytes
 * are on the disk. What cannot be read or is no topology is discarded with a warning, and bootstrap runs again.
 */
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { type AgentId } from '#shared/ids.ts'
import { type Topology } from '#shared/topology/model.ts'
import { problemFinder } from '#shared/wire/codec.ts'
import { TopologySchema } from '#shared/wire/topology.schema.ts'
import { type Log } from './log.ts'
import { replaceFile } from './replace-file.ts'

export interface TopologyCache {
  /** The topology that this agent had in use, or none. */
  load(agent: AgentId): Topology | undefined
  /** Returns when the topology is on the disk. A disk that fails is told as a warning, and the agent works on. */
  save(agent: AgentId, topology: Topology): void
}

const problemOf = problemFinder(TopologySchema)

/** Keeps files in `folder`; with none, nothing survives. */
export function topologyCache(folder: string | undefined, log: Log): TopologyCache {
  if (folder === undefined) return { load: () => undefined, save: () => {} }
  mkdirSync(folder, { recursive: true })
  const warn = (agent: AgentId, text: string, problem: string): void => {
    log({ agent, kind: 'topology-cache', level: 'warn', rules: ['BT3'], text, data: { problem } })
  }
  return {
    load(agent) {
      const file = fileOf(folder, agent)
      const text = readText(file)
      if (text === undefined) return undefined
      const parsed = parse(text)
      if (parsed.problem === undefined) return parsed.topology
      warn(agent, 'the cached topology is damaged and was discarded', parsed.problem)
      rmSync(file, { force: true, recursive: true })
      return undefined
    },
    save(agent, topology) {
      try {
        replaceFile(fileOf(folder, agent), Buffer.from(JSON.stringify(topology)))
      } catch (error) {
        warn(agent, 'the topology could not be written to the cache', String(error))
      }
    },
  }
}

type Parsed =
  | { readonly problem: undefined; readonly topology: Topology }
  | { readonly problem: string; readonly topology?: undefined }

function parse(text: string): Parsed {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return { problem: 'not JSON' }
  }
  const problem = problemOf(value)
  return problem === null
    ? { problem: undefined, topology: value as Topology }
    : { problem: `${problem.path} ${problem.problem}`.trim() }
}

/** Text of the file, empty where it is there and cannot be read. */
function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? undefined : ''
  }
}

function fileOf(folder: string, agent: AgentId): string {
  return path.join(folder, `${encodeURIComponent(agent)}.topology.json`)
}
