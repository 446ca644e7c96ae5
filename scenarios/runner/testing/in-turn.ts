/** Runs what it is given, at most `atOnce` at a time; the others wait in order. */
export function inTurn(atOnce: number): <Value>(act: () => Promise<Value>) => Promise<Value> {
  const waiting: (() => void)[] = []
  let running = 0
  return async (act) => {
    if (running === atOnce) await new Promise<void>((go) => waiting.push(go))
    else running += 1
    try {
      return await act()
    } finally {
      const next = waiting.shift()
      if (next === undefined) running -= 1
      else next()
    }
  }
}

/** Most of a scenario is waiting, so two labs share the machine; more of them would make its processes late. */
export const labsAtOnce = 2
