/** The machine that a figure was taken on. */
import { cpus, loadavg, totalmem } from 'node:os'

export type Machine = {
  readonly cores: number
  readonly model: string
  readonly memoryGiB: number
  readonly node: string
  readonly platform: string
  /** Of the last minute, as the bench began: above 0.5 or so somebody else was at work, too. */
  readonly loadBefore: number
}

/** Asked before the first run. */
export function describeMachine(): Machine {
  const found = cpus()
  return {
    cores: found.length,
    model: found[0]?.model ?? 'unknown',
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
    loadBefore: loadavg()[0] ?? Number.NaN,
  }
}

export function machineText({ cores, model, memoryGiB, node, platform, loadBefore }: Machine): string {
  return `${cores} cores, ${model}, ${memoryGiB} GiB, ${platform}, Node ${node}, load ${loadBefore.toFixed(1)} before`
}
