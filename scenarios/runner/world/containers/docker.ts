/** The container engine through its command line, each call with a bound. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { LabFailed } from '../../outcome.ts'

const run = promisify(execFile)
const outputMax = 16 * 1024 * 1024
const versionWithinMs = 15_000
const tailLines = 12

/**
 * `docker ARGUMENTS`; its standard output. Rejects with `LabFailed` and the end of what it said, and when `signal`
 * aborts.
 */
export async function docker(parameters: readonly string[], withinMs: number, signal?: AbortSignal): Promise<string> {
  const bounds = { timeout: withinMs, maxBuffer: outputMax, ...(signal === undefined ? {} : { signal }) }
  try {
    const { stdout } = await run('docker', [...parameters], bounds)
    return stdout
  } catch (error) {
    if (signal?.aborted === true) throw new LabFailed('interrupted', { cause: error })
    const { killed, stderr } = error as { killed?: boolean; stderr?: string }
    const said = killed === true ? `no answer within ${withinMs / 1000} s` : tail(stderr ?? String(error))
    throw new LabFailed(`docker ${parameters.slice(0, 2).join(' ')}: ${said}`, { cause: error })
  }
}

/** Rejects with what to install where no engine answers, or where it has no Compose of its own. */
export async function requireEngine(): Promise<string> {
  const engine = await docker(['version', '--format', '{{.Server.Version}}'], versionWithinMs).catch(
    (error: unknown) => {
      throw new LabFailed(
        `--world compose needs a container engine, and none answers (${(error as Error).message}). Install Docker Engine 20.10 or later (https://docs.docker.com/engine/install), start it, and see that \`docker version\` names a server; or run without --world compose.`,
      )
    },
  )
  await docker(['compose', 'version', '--short'], versionWithinMs).catch(() => {
    throw new LabFailed(
      'the container engine has no Compose: install the plugin docker-compose-plugin, 2.23 or later (https://docs.docker.com/compose/install), and see that `docker compose version` answers',
    )
  })
  return engine.trim()
}

function tail(text: string): string {
  return text.trim().split('\n').slice(-tailLines).join('\n')
}
