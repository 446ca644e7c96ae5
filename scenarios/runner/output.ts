/** Where a run speaks: lines for people, and on a terminal one line that is overwritten while something is waited for. */
import { type WriteStream } from 'node:tty'

export interface Output {
  line(text: string): void
  /** What is going on; shown on a terminal only, replaced by the next line. */
  progress(text: string): void
}

/** Lines to `stream`. With `--json` that is standard error, so that standard output holds one document and nothing else. */
export function outputTo(stream: NodeJS.WritableStream & Partial<Pick<WriteStream, 'isTTY' | 'columns'>>): Output {
  let shown = false
  const erase = (): void => {
    if (shown) stream.write('\r\u001B[K')
    shown = false
  }
  return {
    line(text) {
      erase()
      stream.write(`${text}\n`)
    },
    progress(text) {
      if (stream.isTTY !== true) return
      erase()
      stream.write(text.slice(0, (stream.columns ?? 80) - 1))
      shown = true
    },
  }
}

/** Resolves when all that was written to `stream` has been taken; what a slow reader of a pipe has not is lost at `exit`. */
export async function flushed(stream: NodeJS.WritableStream): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  // Also called, with an error, when the reader has gone.
  stream.write('', () => resolve())
  await promise
}
