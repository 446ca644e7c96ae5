/** A database of a bench: started, killed and asked for its figures by hand; nothing else looks at it meanwhile. */
import { type Appliance } from '#shared/topology/model.ts'
import { type ApplianceHome } from '../world/home.ts'
import { type Child } from '../world/child.ts'
import { type Door } from '../world/door.ts'
import { LabFailed } from '../outcome.ts'

export interface LabAppliance {
  readonly appliance: Appliance
  readonly door: Door
  /** Where it listens for links. */
  readonly port: number
  readonly files: ApplianceHome['files']
  readonly pid: number
  /** Starts it, again with what it has kept; returns when it listens. */
  start(): Promise<void>
  /** SIGKILL; returns when it has ended. */
  kill(): Promise<void>
  /** As its administrator would stop it; returns when it has ended. */
  stop(): Promise<void>
  /** Whether it serves, and all its peers are connected and in step. */
  isInStep(): Promise<boolean>
  /** The number on the line of its metrics page that begins with `line`; 0 where there is none. */
  metric(line: string): Promise<number>
}

export type LabApplianceParts = Pick<LabAppliance, 'appliance' | 'door' | 'port' | 'files'> & {
  /** Starts its process and returns when it is ready. */
  readonly launch: () => Promise<Child>
}

/** The part of `GET /status` that is read here (docs/PROTOCOL.md). */
type Status = {
  readonly state: string
  readonly peers: readonly { readonly connected: boolean; readonly inStep: boolean }[]
}

/** It has no process before `start`. */
export function labAppliance({ launch, ...given }: LabApplianceParts): LabAppliance {
  const { appliance, door } = given
  let child: Child | undefined
  const running = (): Child => {
    if (child?.isRunning !== true) throw new LabFailed(`${appliance.id} does not run`)
    return child
  }
  return {
    ...given,
    get pid() {
      return running().pid
    },
    async start() {
      child = await launch()
    },
    async kill() {
      const leaving = running()
      leaving.expectEnd()
      leaving.kill()
      await leaving.ended
    },
    async stop() {
      const leaving = running()
      leaving.expectEnd()
      await door.call('POST', '/stop')
      await leaving.ended
    },
    async isInStep() {
      const { body } = await door.call('GET', '/status')
      const { state, peers } = body as Status
      return state === 'serving' && peers.every(({ connected, inStep }) => connected && inStep)
    },
    async metric(line) {
      const response = await fetch(`http://127.0.0.1:${door.port}/metrics`, { signal: AbortSignal.timeout(10_000) })
      const text = await response.text()
      return Number(
        text
          .split('\n')
          .find((one) => one.startsWith(`${line} `))
          ?.slice(line.length) ?? 0,
      )
    },
  }
}
