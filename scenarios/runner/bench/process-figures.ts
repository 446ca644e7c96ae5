/** What the kernel says of a process: processor time by thread, and resident memory. Linux only. */
import { readdirSync, readFileSync } from 'node:fs'

export type CpuTime = {
  /** Of all threads. */
  readonly ms: number
  /** Of libuv's workers alone: in these programs they hash passwords and do nothing else worth a figure. */
  readonly workersMs: number
}

const noCpu: CpuTime = { ms: 0, workersMs: 0 }

/** Processor time of a process so far; a thread that has ended is not in it. */
function cpuOf(pid: number): CpuTime {
  return readdirSync(`/proc/${pid}/task`).reduce((sum, thread) => {
    const folder = `/proc/${pid}/task/${thread}`
    // Nanoseconds on the processor, where /proc/PID/stat counts ticks of 10 ms.
    const ms = Number(readFileSync(`${folder}/schedstat`, 'utf8').split(' ')[0]) / 1e6
    const isWorker = readFileSync(`${folder}/comm`, 'utf8').startsWith('libuv-worker')
    return { ms: sum.ms + ms, workersMs: sum.workersMs + (isWorker ? ms : 0) }
  }, noCpu)
}

/** Processor time of several processes while `act` runs. */
export async function cpuDuring<Result>(
  pids: readonly number[],
  act: () => Promise<Result>,
): Promise<{ readonly result: Result; readonly cpu: readonly CpuTime[] }> {
  const before = pids.map(cpuOf)
  const result = await act()
  const cpu = pids.map((pid, index) => {
    const [now, then] = [cpuOf(pid), before[index] ?? noCpu]
    return { ms: now.ms - then.ms, workersMs: now.workersMs - then.workersMs }
  })
  return { result, cpu }
}

/** Resident memory of a process in KiB. */
export function rssKiB(pid: number): number {
  const line = /^VmRSS:\s+(\d+) kB$/mu.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  if (line === null) throw new Error(`process ${pid} has resident memory`)
  return Number(line[1])
}
