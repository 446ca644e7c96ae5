/**
 * Collects the history of a run. Each event is written at once, so that a run that is killed still leaves what it saw;
 * at the end the file is written anew in order of time, since sockets are read from the taps only then.
 */
import { createWriteStream, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { type HistoryEvent } from './history.ts'

export type HistoryListener = (event: HistoryEvent) => void

export interface HistoryRecorder {
  record(event: HistoryEvent): void
  /** Calls `listener` for every event from now on. */
  listen(listener: HistoryListener): void
  /** In order of time. */
  events(): readonly HistoryEvent[]
  /** Writes the history in order of time. Nothing can be recorded afterwards; late events are dropped. */
  close(): Promise<void>
}

/** Records to `file`, one JSON line an event. */
export function recordHistory(file: string): HistoryRecorder {
  const stream = createWriteStream(file, { flags: 'a' })
  const events: HistoryEvent[] = []
  const listeners: HistoryListener[] = []
  let closed = false
  const inOrder = (): readonly HistoryEvent[] => events.toSorted((a, b) => a.at - b.at)
  return {
    record(event) {
      if (closed) return
      events.push(event)
      stream.write(`${JSON.stringify(event)}\n`)
      for (const listener of listeners) listener(event)
    },
    listen: (listener) => void listeners.push(listener),
    events: inOrder,
    async close() {
      if (closed) return
      closed = true
      stream.end()
      await once(stream, 'close')
      writeFileSync(
        file,
        inOrder()
          .map((event) => `${JSON.stringify(event)}\n`)
          .join(''),
      )
    },
  }
}
