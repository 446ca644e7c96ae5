/** `failover-lab down`: ends what an earlier `up` of this user left running. */
import { setTimeout as delay } from 'node:timers/promises'
import { exitCodes } from '../outcome.ts'
import { announcedLabs, forgetLab, isRunning, type UpState } from '../up-state.ts'

/** Containers take longer to go than processes do. */
const endsWithinMs = 60_000
const lookEveryMs = 50

type Ended = {
  readonly lab: string
  readonly pid: number
  readonly outcome: 'ended' | 'was gone already' | 'does not end'
}

export async function downCommand(options: { readonly json?: true | undefined }): Promise<number> {
  const labs = await Promise.all(announcedLabs().map(endLab))
  const exitCode = labs.some(({ outcome }) => outcome === 'does not end') ? exitCodes.failed : exitCodes.pass
  if (options.json === true) process.stdout.write(`${JSON.stringify({ labs, exitCode }, null, 2)}\n`)
  else if (labs.length === 0) process.stdout.write('no lab is up\n')
  else
    process.stdout.write(`${labs.map(({ lab, pid, outcome }) => `${lab} (process ${pid}): ${outcome}`).join('\n')}\n`)
  return exitCode
}

async function endLab(state: UpState): Promise<Ended> {
  const { lab, pid } = state
  if (!(await isRunning(state))) {
    forgetLab(state)
    return { lab, pid, outcome: 'was gone already' }
  }
  process.kill(pid, 'SIGTERM')
  const deadline = performance.now() + endsWithinMs
  while (isAlive(pid)) {
    if (performance.now() > deadline) return { lab, pid, outcome: 'does not end' }
    await delay(lookEveryMs)
  }
  forgetLab(state)
  return { lab, pid, outcome: 'ended' }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
