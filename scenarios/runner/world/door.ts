/**
 * The control door of one process (docs/PROTOCOL.md), from the lab's side: loopback HTTP with a bearer token, and the
 * `/watch` stream of an agent process.
 */
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { type ReadableStream } from 'node:stream/web'

export type DoorAnswer = { readonly status: number; readonly body: unknown }

export interface Door {
  readonly port: number
  readonly token: string
  /** One call; throws when nobody answers within `withinMs`. */
  call(method: 'GET' | 'POST', path: string, body?: unknown, withinMs?: number): Promise<DoorAnswer>
  /** Reads `GET /watch` until the process ends or `signal` aborts; either way it just returns. */
  watch(onLine: (line: string) => void, signal: AbortSignal): Promise<void>
}

/** A login that stays busy fails by itself after 30 s (LO6); a door is given more. */
const callWithinMs = 40_000

export function openDoor(port: number, token: string): Door {
  const base = `http://127.0.0.1:${port}`
  const headers = { authorization: `Bearer ${token}` }
  return {
    port,
    token,
    async call(method, path, body, withinMs = callWithinMs) {
      const payload =
        body === undefined
          ? { headers }
          : { headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify(body) }
      const response = await fetch(`${base}${path}`, { method, ...payload, signal: AbortSignal.timeout(withinMs) })
      const text = await response.text()
      return { status: response.status, body: text === '' ? null : JSON.parse(text) }
    },
    async watch(onLine, signal) {
      try {
        const response = await fetch(`${base}/watch`, { headers, signal })
        if (response.body === null) return
        const lines = createInterface({ input: Readable.fromWeb(response.body as ReadableStream<Uint8Array>) })
        for await (const line of lines) onLine(line)
      } catch {
        // The stream ends with its process, by any way; who ended it is known to the supervisor.
      }
    },
  }
}
