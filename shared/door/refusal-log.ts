/**
 * Refused callers in the log: the first at once, those of the next minute together, so that nobody fills the log by
 * knocking. Every refusal is in one of the lines.
 */
import { type Refused } from './door.ts'

export type RefusalLine = {
  readonly text: string
  /** How many by code, and the first few addresses that they came from. */
  readonly data: { readonly refused: Readonly<Record<string, number>>; readonly addresses: readonly string[] }
}

export interface RefusalLog {
  add(refused: Refused): void
  /** Tells what waits, at the end of a process. */
  flush(): void
}

const addressesToldMax = 5
const minuteMs = 60_000

export function refusalLog(tell: (line: RefusalLine) => void): RefusalLog {
  const codes = new Map<string, number>()
  const addresses = new Set<string>()
  let timer: NodeJS.Timeout | null = null

  const flush = (): void => {
    if (codes.size === 0) return
    const counts = [...codes].map(([code, count]) => `${code} ${count}`).join(', ')
    const from = [...addresses].join(', ')
    const text = `the control door refused callers: ${counts}; from ${from}`
    tell({ text, data: { refused: Object.fromEntries(codes), addresses: [...addresses] } })
    codes.clear()
    addresses.clear()
  }
  const minuteOver = (): void => {
    timer = codes.size === 0 ? null : setTimeout(minuteOver, minuteMs).unref()
    flush()
  }

  return {
    add({ code, address }) {
      codes.set(code, (codes.get(code) ?? 0) + 1)
      if (addresses.size < addressesToldMax) addresses.add(address)
      if (timer !== null) return
      timer = setTimeout(minuteOver, minuteMs).unref()
      flush()
    },
    flush,
  }
}
