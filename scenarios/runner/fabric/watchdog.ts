/**
 * `node watchdog.ts COMMAND ARGS…`: owns a program that does not watch a leash itself. The program is ended when the
 * watchdog's standard input ends (the process that started it is gone, however it ended) or when the watchdog is told to
 * stop; the watchdog ends with the program and as it did. What the program prints goes where the watchdog's output goes.
 */
import { spawn } from 'node:child_process'
import { constants } from 'node:os'

/** How long the program has between SIGTERM and SIGKILL. */
const stopMaxMs = 2_000
const usageExit = 64
const notStartedExit = 127
const signalledExit = 128

const [command, ...commandArguments] = process.argv.slice(2)
if (command === undefined) {
  process.stderr.write('watchdog: usage: watchdog.ts COMMAND ARGS…\n')
  process.exit(usageExit)
}

const program = spawn(command, commandArguments, { stdio: ['ignore', 'inherit', 'inherit'] })
let killTimer: NodeJS.Timeout | undefined

function stop(): void {
  if (killTimer !== undefined) return
  killTimer = setTimeout(() => program.kill('SIGKILL'), stopMaxMs)
  program.kill('SIGTERM')
}

program.once('error', (error) => {
  process.stderr.write(`watchdog: ${command} could not be started: ${error.message}\n`)
  process.exit(notStartedExit)
})
program.once('exit', (code, signal) => {
  process.exit(code ?? signalledExit + (signal === null ? 0 : constants.signals[signal]))
})
process.stdin.on('close', stop).resume()
process.on('SIGTERM', stop)
process.on('SIGHUP', stop)
// Ctrl-C reaches the whole group; the owner decides when the program goes.
process.on('SIGINT', () => {})
