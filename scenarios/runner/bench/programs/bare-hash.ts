/** The baseline of logins: argon2 and nothing else. Verifies one password `count` times, so many in flight. */
import { verify } from '@node-rs/argon2'
import { type HashGiven, type HashRun } from '../program-lines.ts'
import { given, listen, tell } from './given.ts'

const { verifier, password } = given() as HashGiven

async function run({ count, inFlight }: HashRun): Promise<void> {
  const beganAt = performance.now()
  let begun = 0
  const work = async (): Promise<void> => {
    while (begun < count) {
      begun += 1
      if (!(await verify(verifier, password))) throw new Error('the password is right')
    }
  }
  await Promise.all(Array.from({ length: Math.min(inFlight, count) }, work))
  tell({ kind: 'ran', ms: performance.now() - beganAt })
}

listen((line) => void run(line as HashRun))
tell({ kind: 'ready' })
