/** Where the programs are, and what every child process of a run has in common. */
import { writeFileSync } from 'node:fs'
import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'

export const programs = {
  agent: fileURLToPath(new URL('../../../agent/main.ts', import.meta.url)),
  appliance: fileURLToPath(new URL('../../../appliance/main.ts', import.meta.url)),
  socketTap: new URL('socket-tap.ts', import.meta.url).href,
} as const

/** A fresh bearer token for one control door. It guards a door on loopback, so it is no part of the seed. */
export function doorToken(): string {
  return randomBytes(16).toString('hex')
}

/** Writes a file that only its owner reads: configurations hold tokens and verifiers. */
export function writePrivate(file: string, content: unknown): void {
  writeFileSync(file, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 })
}
