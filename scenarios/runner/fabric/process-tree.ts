/** Which processes live and whose children they are, for tests that nothing is left behind. Reads `/proc`, else asks `ps`. */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

type Entry = { readonly pid: number; readonly parent: number; readonly dead: boolean }

/** Whether the process runs. One that is dead and not yet collected does not. */
export function isRunning(pid: number): boolean {
  return entries().some((entry) => entry.pid === pid && !entry.dead)
}

/** Children, their children and so on. */
export function descendantsOf(pid: number): number[] {
  const all = entries()
  const below = (parent: number): number[] =>
    all.filter((entry) => entry.parent === parent && !entry.dead).flatMap((entry) => [entry.pid, ...below(entry.pid)])
  return below(pid)
}

function entries(): Entry[] {
  if (process.platform === 'linux')
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .flatMap(entryOf)
  const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,stat='], { encoding: 'utf8' }).trim().split('\n')
  return lines.map((line) => {
    const [pid, parent, state] = line.trim().split(/\s+/)
    return { pid: Number(pid), parent: Number(parent), dead: state?.startsWith('Z') ?? true }
  })
}

function entryOf(name: string): Entry[] {
  try {
    // The command stands in parentheses and may hold anything; the state and the parent follow.
    const line = readFileSync(`/proc/${name}/stat`, 'utf8')
    const [state, parent] = line.slice(line.lastIndexOf(')') + 2).split(' ')
    return [{ pid: Number(name), parent: Number(parent), dead: state === 'Z' || state === 'X' }]
  } catch {
    // It ended meanwhile.
    return []
  }
}
