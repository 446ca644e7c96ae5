/**
 * A process of the lab in a container that stands created. `docker start --attach` is what holds it here: that program
 * prints what the process prints and ends as it ends, so that a container is seen as a child is.
 */
import { spawn } from 'node:child_process'
import { follow } from '../child.ts'
import { type OnDeath, type RunningProcess } from '../home.ts'
import { docker } from './docker.ts'

export type ContainerSpec = {
  /** In the words of the lab. */
  readonly name: string
  /** In those of the engine. */
  readonly container: string
  readonly logFile: string
  readonly onDeath: OnDeath
}

const actWithinMs = 20_000

/** Starts the container. A name that the engine does not know ends it at once, with the engine's own words. */
export function startContainer({ name, container, logFile, onDeath }: ContainerSpec): RunningProcess {
  // A group of its own: Ctrl-C is the runner's to answer.
  const attached = spawn('docker', ['start', '--attach', container], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const followed = follow(attached, { name, logFile, onDeath })
  let paused = false
  const act = async (verb: 'kill' | 'pause' | 'unpause'): Promise<void> =>
    void (await docker([verb, container], actWithinMs))
  const end = async (): Promise<void> => {
    if (paused) await act('unpause').catch(() => {})
    // It may have ended meanwhile; whether it did is what `ended` tells.
    await act('kill').catch(() => {})
  }
  return Object.assign(followed, {
    kill: () => void end(),
    async pause() {
      await act('pause')
      paused = true
    },
    async resume() {
      await act('unpause')
      paused = false
    },
    letGo: () => void end(),
  })
}
