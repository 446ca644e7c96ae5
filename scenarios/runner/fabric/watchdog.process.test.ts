/** The watchdog and the program it owns end together, whichever ends first and however. */
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { type Readable, type Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { isRunning } from './process-tree.ts'

type Watchdog = ChildProcessByStdio<Writable, Readable, Readable>

const watchdogFile = fileURLToPath(new URL('watchdog.ts', import.meta.url))
const saysPid = 'console.log(process.pid); setInterval(() => {}, 1000);'
const stubborn = `process.on('SIGTERM', () => console.log('not me')); ${saysPid}`

function watch(...command: readonly string[]): Watchdog {
  return spawn(process.execPath, [watchdogFile, ...command], { stdio: ['pipe', 'pipe', 'pipe'] })
}

/** Starts a Node program under a watchdog and waits for the pid that it prints. */
async function watchProgram(source: string): Promise<{ watchdog: Watchdog; pid: number }> {
  const watchdog = watch(process.execPath, '-e', source)
  const [line] = (await once(createInterface({ input: watchdog.stdout }), 'line')) as [string]
  return { watchdog, pid: Number(line) }
}

const endings: readonly (readonly [string, (watchdog: Watchdog) => unknown])[] = [
  ['its leash ends', (watchdog) => watchdog.stdin.end()],
  ['it is told to stop', (watchdog) => watchdog.kill('SIGTERM')],
  ['its terminal is gone', (watchdog) => watchdog.kill('SIGHUP')],
]

it.each(endings)('ends its program when %s', async (_title, end) => {
  const { watchdog, pid } = await watchProgram(saysPid)
  expect(isRunning(pid)).toBe(true)
  end(watchdog)
  // 128 + SIGTERM
  expect(await once(watchdog, 'exit')).toEqual([143, null])
  expect(isRunning(pid)).toBe(false)
})

it('kills a program that will not stop', async () => {
  const { watchdog, pid } = await watchProgram(stubborn)
  watchdog.stdin.end()
  // 128 + SIGKILL
  expect(await once(watchdog, 'exit')).toEqual([137, null])
  expect(isRunning(pid)).toBe(false)
})

it('stays when the keyboard interrupts', async () => {
  const { watchdog, pid } = await watchProgram(`process.on('SIGINT', () => console.log('heard')); ${saysPid}`)
  watchdog.kill('SIGINT')
  process.kill(pid, 'SIGINT')
  const [line] = (await once(createInterface({ input: watchdog.stdout }), 'line')) as [string]
  expect(line).toBe('heard')
  expect([watchdog.exitCode, isRunning(pid)]).toEqual([null, true])
  watchdog.stdin.end()
  await once(watchdog, 'exit')
})

it('ends as its program does and hands on what it prints', async () => {
  const watchdog = watch(process.execPath, '-e', 'console.log("out"); console.error("err"); process.exit(3)')
  const exited = once(watchdog, 'exit')
  expect(await Promise.all([text(watchdog.stdout), text(watchdog.stderr)])).toEqual(['out\n', 'err\n'])
  expect(await exited).toEqual([3, null])
})

it('says which program cannot be started', async () => {
  const watchdog = watch('no-such-program-anywhere')
  const exited = once(watchdog, 'exit')
  expect(await text(watchdog.stderr)).toContain('no-such-program-anywhere could not be started')
  expect(await exited).toEqual([127, null])
})
