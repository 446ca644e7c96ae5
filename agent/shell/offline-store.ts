/**
 * The offline data of each agent survive a restart (OF3–OF5): a file an agent, AES-256-GCM under the key of the agent's
 * own enrolment, replaced whole. What cannot be opened is discarded and said: a file that is damaged, or another agent's.
 *
 * The enrolment file is made at the first start, readable by its owner only. Its secret seals the data, and the key by
 * which the enterprise knows the agent is made from it too (`agent-identity.ts`).
 */
import { createCipheriv, createDecipheriv, randomBytes, randomUUID } from 'node:crypto'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { emptyOfflineData, type OfflineData } from '../core/offline-data.ts'
import { type AgentId } from '#shared/ids.ts'
import { fail, ok, type Result } from '#shared/result.ts'
import { problemFinder } from '#shared/wire/codec.ts'
import { type Log } from './log.ts'
import { OfflineDataSchema } from './offline-data.schema.ts'
import { replaceFile } from './replace-file.ts'

export interface OfflineStore {
  /** Of the agent's enrolment file, the same as long as that is there; without a folder, as long as the process is. */
  secret(agent: AgentId): Buffer
  /** What is kept of this agent; nothing, under a new incarnation, where there is none. */
  load(agent: AgentId): OfflineData
  /** Returns when the data are on the disk. A disk that fails is told as a warning, and the agent works on in memory. */
  save(agent: AgentId, data: OfflineData): void
}

const algorithm = 'aes-256-gcm'
const keyBytes = 32
const ivBytes = 12
const tagBytes = 16
const ownerOnly = 0o600
/** First bytes of a file, so that another format is told from a damaged one. */
const magic = Buffer.from('agent-offline-1\n')

const problemOf = problemFinder(OfflineDataSchema)

/** Keeps files in `folder`; with none, nothing survives. */
export function offlineStore(folder: string | undefined, log: Log): OfflineStore {
  const fresh = (): OfflineData => emptyOfflineData(randomUUID())
  if (folder === undefined) return { secret: () => randomBytes(keyBytes), load: fresh, save: () => {} }
  mkdirSync(folder, { recursive: true })
  const keys = new Map<AgentId, Buffer>()
  const failing = new Set<AgentId>()
  const warn = (agent: AgentId, text: string, problem: string): void => {
    log({ agent, kind: 'offline-store', level: 'warn', rules: ['OF4'], text, data: { problem } })
  }
  const keyOf = (agent: AgentId): Buffer => {
    const key = keys.get(agent) ?? enrolmentSecret(folder, agent, (problem) => warn(agent, 'enrolled anew', problem))
    keys.set(agent, key)
    return key
  }
  return {
    secret: keyOf,
    load(agent) {
      const file = fileOf(folder, agent, 'offline')
      const content = readContent(file)
      if (content === undefined) return fresh()
      const data = opened(content, keyOf(agent), agent)
      if (data.ok) return data.value
      warn(agent, 'the offline data cannot be opened and were discarded', data.error)
      rmSync(file, { force: true, recursive: true })
      return fresh()
    },
    save(agent, data) {
      try {
        replaceFile(fileOf(folder, agent, 'offline'), sealed(data, keyOf(agent), agent), ownerOnly)
        failing.delete(agent)
      } catch (error) {
        if (!failing.has(agent)) warn(agent, 'the offline data could not be written', String(error))
        failing.add(agent)
      }
    },
  }
}

/** `magic`, initialisation vector, authentication tag, ciphertext. The agent's id is authenticated with it. */
function sealed(data: OfflineData, key: Buffer, agent: AgentId): Buffer {
  const iv = randomBytes(ivBytes)
  const cipher = createCipheriv(algorithm, key, iv).setAAD(Buffer.from(agent))
  const ciphertext = Buffer.concat([cipher.update(JSON.stringify(data)), cipher.final()])
  return Buffer.concat([magic, iv, cipher.getAuthTag(), ciphertext])
}

function opened(content: Buffer, key: Buffer, agent: AgentId): Result<OfflineData, string> {
  const body = content.subarray(magic.length)
  if (!content.subarray(0, magic.length).equals(magic) || body.length < ivBytes + tagBytes) {
    return fail('no offline store of this version')
  }
  const decipher = createDecipheriv(algorithm, key, body.subarray(0, ivBytes), { authTagLength: tagBytes })
  decipher.setAAD(Buffer.from(agent)).setAuthTag(body.subarray(ivBytes, ivBytes + tagBytes))
  try {
    const text = Buffer.concat([decipher.update(body.subarray(ivBytes + tagBytes)), decipher.final()]).toString()
    const value: unknown = JSON.parse(text)
    const problem = problemOf(value)
    return problem === null ? ok(value as OfflineData) : fail(`${problem.path} ${problem.problem}`.trim())
  } catch {
    return fail('damaged, or of another enrolment')
  }
}

/** The secret in the agent's enrolment file; one that is not there or damaged is made anew. */
function enrolmentSecret(folder: string, agent: AgentId, onDamage: (problem: string) => void): Buffer {
  const file = fileOf(folder, agent, 'enrolment')
  const held = readContent(file)
  if (held?.length === keyBytes) return held
  if (held !== undefined) onDamage('the enrolment file is damaged')
  rmSync(file, { force: true, recursive: true })
  const key = randomBytes(keyBytes)
  replaceFile(file, key, ownerOnly)
  return key
}

/** Empty where the file is there and cannot be read. */
function readContent(file: string): Buffer | undefined {
  try {
    return readFileSync(file)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? undefined : Buffer.alloc(0)
  }
}

function fileOf(folder: string, agent: AgentId, kind: 'offline' | 'enrolment'): string {
  return path.join(folder, `${encodeURIComponent(agent)}.${kind}`)
}
