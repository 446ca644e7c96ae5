/** What every program of the bench does: it reads its one argument, speaks JSON lines, and ends with its standard input. */
import { createInterface } from 'node:readline'

/** The program's argument. */
export function given(): unknown {
  return JSON.parse(process.argv[2] ?? 'null')
}

export function tell(line: { readonly kind: string; readonly [field: string]: unknown }): void {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}

/** Calls `take` with each line of standard input, and ends the process when there are no more. */
export function listen(take: (line: unknown) => void): void {
  createInterface({ input: process.stdin })
    .on('line', (text) => take(JSON.parse(text)))
    .on('close', () => process.exit(0))
}
