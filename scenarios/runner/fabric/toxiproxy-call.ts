/** Calls of `toxiproxy-node-client`, which has no timeout of its own and keeps only the status of a failure. */
import { LabFailed } from '../outcome.ts'

/** A server on loopback answers within a few ms, a wedged one never. */
const callMaxMs = 5_000

/** The answer of `answer`; rejects with `LabFailed` that says `what` could not be done, also when none comes in time. */
export async function call<Answer>(what: string, answer: Promise<Answer>): Promise<Answer> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(`no answer within ${callMaxMs} ms`)), callMaxMs)
  try {
    return await Promise.race([answer, late])
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error)
    throw new LabFailed(`fault proxy server: ${what}: ${text}`, { cause: error })
  } finally {
    clearTimeout(timer)
  }
}

/** The HTTP status in a failure of `call`, if the server answered at all. */
export function statusOf(error: unknown): number | undefined {
  const cause = error instanceof LabFailed ? error.cause : undefined
  const status = cause instanceof Error ? /status code (\d+)$/.exec(cause.message)?.[1] : undefined
  return status === undefined ? undefined : Number(status)
}
