/** `failover-lab` as a child process of a test, and what it leaves behind. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { descendantsOf, isRunning } from '../fabric/process-tree.ts'
import { findToxiproxy } from '../fabric/open-fabric.ts'
import { isPortFree } from '../ports.ts'
import { runFolders } from '../run-folder.ts'

const bin = fileURLToPath(new URL('../bin.js', import.meta.url))

/** A folder of one test; gone with `using`. */
export class TestFolder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), 'failover-lab-test-'))
  get runs(): string {
    return join(this.path, 'runs')
  }
  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true })
  }
}

export type Ended = { readonly code: number | null; readonly stdout: string; readonly stderr: string }

export class Cli {
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
  #stdout = ''
  #stderr = ''
  #listeners = new Set<() => void>()

  /** The relay serves, whatever is on the PATH, unless `environment` says otherwise. */
  constructor(folder: TestFolder, parameters: readonly string[], environment: NodeJS.ProcessEnv = {}) {
    const state = join(folder.path, 'state')
    const base = { ...process.env, TOXIPROXY_URL: '', FAILOVER_LAB_STATE: state, NO_COLOR: '1', ...environment }
    this.child = spawn(process.execPath, [bin, ...parameters], { env: base, stdio: ['ignore', 'pipe', 'pipe'] })
    const { promise, resolve } = Promise.withResolvers<Ended>()
    this.ended = promise
    this.child.stdout?.on('data', (chunk: Buffer) => this.#take('stdout', chunk))
    this.child.stderr?.on('data', (chunk: Buffer) => this.#take('stderr', chunk))
    this.child.once('close', (code) => resolve({ code, stdout: this.#stdout, stderr: this.#stderr }))
  }

  /** Resolves when `text` was printed; rejects when the program ends before. */
  async printed(text: string): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const look = (): void => {
      if (`${this.#stdout}${this.#stderr}`.includes(text)) resolve()
    }
    this.#listeners.add(look)
    look()
    void this.ended.then(() => reject(new Error(`ended before "${text}":\n${this.#stdout}${this.#stderr}`)))
    await promise
    this.#listeners.delete(look)
  }

  #take(stream: 'stdout' | 'stderr', chunk: Buffer): void {
    if (stream === 'stdout') this.#stdout += chunk.toString()
    else this.#stderr += chunk.toString()
    for (const look of this.#listeners) look()
  }
}

/** Runs `failover-lab` to its end. */
export async function runCli(
  folder: TestFolder,
  parameters: readonly string[],
  environment: NodeJS.ProcessEnv = {},
): Promise<Ended> {
  return await new Cli(folder, parameters, environment).ended
}

/** A PATH without `toxiproxy-server`, so that the relay serves. */
export async function pathWithoutToxiproxy(): Promise<string> {
  const kept: string[] = []
  for (const entry of (process.env['PATH'] ?? '').split(delimiter)) {
    if ((await findToxiproxy({ PATH: entry })) === undefined) kept.push(entry)
  }
  return kept.join(delimiter)
}

export type Belongings = { readonly processes: readonly number[]; readonly ports: readonly number[] }

/** Every process below `runner` and every port that the configurations of its newest run name. */
export function belongingsOf(runner: number, runs: string): Belongings {
  const folder = runFolders(runs).at(-1)
  const texts = (folder === undefined ? [] : readdirSync(folder))
    .filter((name) => name.endsWith('.config.json'))
    .map((name) => readFileSync(join(folder ?? '', name), 'utf8'))
  const named = texts.flatMap((text) => [...text.matchAll(/\b2\d{4}\b/gu)].map(([port]) => Number(port)))
  return { processes: descendantsOf(runner), ports: [...new Set(named)] }
}

/** What of `belongings` is still there after at most `withinMs`; looks again until nothing is. */
export async function leftAfter({ processes, ports }: Belongings, withinMs: number): Promise<Belongings> {
  const deadline = performance.now() + withinMs
  for (;;) {
    const left = {
      processes: processes.filter(isRunning),
      ports: await asyncFilter(ports, async (port) => !(await isPortFree(port))),
    }
    const isGone = left.processes.length === 0 && left.ports.length === 0
    if (isGone || performance.now() > deadline) return left
    await delay(100)
  }
}

async function asyncFilter<Item>(items: readonly Item[], keep: (item: Item) => Promise<boolean>): Promise<Item[]> {
  const kept: Item[] = []
  for (const item of items) if (await keep(item)) kept.push(item)
  return kept
}
