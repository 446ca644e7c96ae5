/** Timers by key on real time; arming one anew voids the earlier. */

export interface TimerTable {
  set(key: string, number: number, afterMs: number): void
  clear(key: string): void
  clearAll(): void
}

export function timerTable(fired: (key: string, number: number) => void): TimerTable {
  const handles = new Map<string, NodeJS.Timeout>()
  const clear = (key: string): void => {
    clearTimeout(handles.get(key))
    handles.delete(key)
  }
  return {
    set(key, number, afterMs) {
      clear(key)
      const fire = (): void => {
        handles.delete(key)
        fired(key, number)
      }
      handles.set(key, setTimeout(fire, afterMs))
    },
    clear,
    clearAll() {
      for (const key of handles.keys()) clear(key)
    },
  }
}
