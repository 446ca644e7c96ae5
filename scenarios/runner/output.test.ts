import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { buffer } from 'node:stream/consumers'
import { expect, it } from 'vitest'

/** More than a pipe holds. */
const bytes = 1_000_000
const writer = `
  import { flushed } from ${JSON.stringify(new URL('output.ts', import.meta.url).href)}
  process.stdout.write('x'.repeat(${bytes}))
  process.stderr.write('written')
  await flushed(process.stdout)
  process.exit(0)`

it('a document that is longer than a pipe holds reaches a slow reader in full', async () => {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', writer], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  await once(child.stderr, 'data')
  expect((await buffer(child.stdout)).length).toBe(bytes)
})

it('a reader that has gone is waited for no longer', async () => {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', writer], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  child.stdout.destroy()
  await once(child, 'close')
  expect(child.exitCode).not.toBeNull()
})
