/**
 * Where the processes of a lab live: as children of the runner on loopback, or each in a container of its own. A
 * configuration names hosts, ports and files as the process itself sees them; the runner reaches the process by its
 * door's loopback port and by what `launch` returns. A *housing* holds the homes of one lab, and its fabric.
 */
import { type AgentConfig, type ApplianceConfig } from '#shared/config.schema.ts'
import { type ApplianceId } from '#shared/ids.ts'
import { type Fabric, type Upstream } from '../fabric/fabric.ts'
import { type LabFailed } from '../outcome.ts'
import { type AgentGroup } from './agent-groups.ts'
import { type LinkName } from './links.ts'

/** A running process of the lab, whatever holds it. */
export interface RunningProcess {
  /** Resolves with the process's `ready` line; rejects when it ends before that. */
  readonly ready: Promise<void>
  readonly isRunning: boolean
  /** Resolves when the process has ended. */
  readonly ended: Promise<void>
  /** From now on the end of this process is no surprise. */
  expectEnd(): void
  /** Ends it at once; `ended` tells when. */
  kill(): void
  /** It stands still, its sockets open, until `resume`. */
  pause(): Promise<void>
  resume(): Promise<void>
  /** The run is over: it ends, paused or not. */
  letGo(): void
}

/** Called when the process ends and nobody asked it to; `code` is its exit code, if it has one. */
export type OnDeath = (problem: LabFailed, code: number | null) => void

export interface Home {
  /** Where the process opens its control door. */
  readonly control: Omit<AgentConfig['control'], 'token'>
  /** The port on the runner's loopback that leads to it. */
  readonly doorPort: number
  /** The host by which the process reaches the fault proxy of a link to that appliance. */
  proxyHost(to: ApplianceId | null): string
  /** Writes the configuration, for the process alone to read; before each start the newest counts. */
  configure(config: object): void
  /** Starts the process with the configuration as written. */
  launch(onDeath: OnDeath): RunningProcess
}

export interface ApplianceHome extends Home {
  readonly listen: ApplianceConfig['listen']
  readonly files: Pick<ApplianceConfig, 'caFile' | 'certificateFile' | 'keyFile'>
  readonly storeFile: string
  /** Removes the store of a process that does not run; rejects with `LabFailed` where this housing cannot. */
  eraseStore(): Promise<void>
}

export interface AgentHome extends Home {
  readonly caFile: string
  readonly cacheFolder: string
  /** The host has the interfaces and routes of the enterprise: the agent reads them, and gets none declared. */
  readonly hasOwnNetwork: boolean
  /** What the socket tap of a single agent has told so far (`socket-tap.ts`). */
  tapText(): string
}

export interface Housing {
  readonly kind: WorldKind
  readonly fabric: Fabric
  /** Where a link leads to. */
  upstreamOf(link: LinkName): Upstream
  /** Ports at which fault proxies may listen. */
  proxyPorts(count: number): Promise<readonly number[]>
  /** The home of an appliance of the lab's first topology. */
  appliance(id: ApplianceId): ApplianceHome
  /** The home of an agent process: of a workstation or fleet of the lab, or of a workstation that comes later. */
  agents(group: AgentGroup): Promise<AgentHome>
}

/** What a report calls the world that a scenario ran in. */
export type WorldKind = 'processes' | 'compose'
