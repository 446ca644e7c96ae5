import { mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { enqueue } from '../core/audit-queue.ts'
import { type OfflineData, offlineUsersMax, withOfflineUser } from '../core/offline-data.ts'
import { AgentId } from '#shared/ids.ts'
import { defaultUserPolicy, effectivePolicy } from '#shared/policy/policy.ts'
import { type LogLine } from './log.ts'
import { offlineStore } from './offline-store.ts'

const agent = AgentId('ward/7')
const other = AgentId('ward/8')
const policy = effectivePolicy(defaultUserPolicy, undefined)

let folder = ''
let lines: LogLine[] = []
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'offline-'))
  lines = []
})
afterEach(() => rmSync(folder, { recursive: true }))

const opened = () => offlineStore(folder, (line) => lines.push(line))
const fileOf = (id: AgentId, kind: string) => path.join(folder, `${encodeURIComponent(id)}.${kind}`)

/** What a day leaves behind. */
function lived(data: OfflineData): OfflineData {
  const known = {
    user: 'alice',
    credential: { verifier: '$argon2id$secret', version: 2 },
    policy,
    onlineAtMs: 5,
    failuresAtMs: [6, 7],
    lockedUntilMs: 8,
  }
  const audit = enqueue(data.audit, { atMs: 9, kind: 'lock', user: 'alice', session: 's-1', detail: 'by hand' })
  return { ...withOfflineUser(data, known), audit: { ...audit, dropped: { count: 3, user: 'bob' } }, seenMs: 10 }
}

describe('[OF4] the offline store', () => {
  test('survives a restart, for each agent its own', () => {
    const store = opened()
    const data = lived(store.load(agent))
    store.save(agent, data)
    store.save(other, store.load(other))
    expect(opened().load(agent)).toEqual(data)
    expect(opened().load(other).users).toEqual([])
    expect(lines).toEqual([])
  })

  test('[OF5] goes on under its incarnation, and a new one has another', () => {
    const store = opened()
    const data = store.load(agent)
    store.save(agent, data)
    expect(opened().load(agent).audit.incarnation).toBe(data.audit.incarnation)
    expect(store.load(other).audit.incarnation).not.toBe(data.audit.incarnation)
  })

  test('is no text on the disk, readable by its owner only, and differs from write to write', () => {
    const store = opened()
    const data = lived(store.load(agent))
    store.save(agent, data)
    const first = readFileSync(fileOf(agent, 'offline'))
    store.save(agent, data)
    expect(readFileSync(fileOf(agent, 'offline')).equals(first)).toBe(false)
    for (const word of ['alice', 'argon2id', 'lock', data.audit.incarnation]) expect(first.includes(word)).toBe(false)
    for (const kind of ['offline', 'enrolment']) expect(statSync(fileOf(agent, kind)).mode & 0o777).toBe(0o600)
  })

  test.each<[string, (file: string) => void]>([
    ['cut short', (file) => writeFileSync(file, readFileSync(file).subarray(0, 60))],
    ['empty', (file) => writeFileSync(file, '')],
    ['changed in one bit', (file) => flipBit(file, -1)],
    ['changed in its tag', (file) => flipBit(file, 30)],
    ['of another format', (file) => flipBit(file, 0)],
    ['a folder', (file) => (rmSync(file), mkdirSync(file))],
  ])('that is %s is discarded with a warning', (_, damage) => {
    const store = opened()
    const data = lived(store.load(agent))
    store.save(agent, data)
    damage(fileOf(agent, 'offline'))
    const found = opened().load(agent)
    expect(found).toMatchObject({ users: [], seenMs: 0, audit: { nextSeq: 1, records: [] } })
    expect(found.audit.incarnation).not.toBe(data.audit.incarnation)
    expect(lines).toMatchObject([{ agent, level: 'warn', rules: ['OF4'] }])
    expect(readdirSync(folder)).toEqual([`${encodeURIComponent(agent)}.enrolment`])
  })

  test('of another agent is discarded, even with its enrolment', () => {
    const store = opened()
    store.save(other, lived(store.load(other)))
    renameSync(fileOf(other, 'offline'), fileOf(agent, 'offline'))
    renameSync(fileOf(other, 'enrolment'), fileOf(agent, 'enrolment'))
    expect(opened().load(agent).users).toEqual([])
    expect(lines).toMatchObject([{ agent, data: { problem: 'damaged, or of another enrolment' } }])
  })

  test('without its enrolment is worth nothing', () => {
    const store = opened()
    store.save(agent, lived(store.load(agent)))
    rmSync(fileOf(agent, 'enrolment'))
    expect(opened().load(agent).users).toEqual([])
    expect(lines).toHaveLength(1)
  })

  test('is enrolled anew when the enrolment is damaged', () => {
    writeFileSync(fileOf(agent, 'enrolment'), 'short')
    const store = opened()
    const data = lived(store.load(agent))
    store.save(agent, data)
    expect(lines).toMatchObject([{ data: { problem: 'the enrolment file is damaged' } }])
    expect(opened().load(agent)).toEqual(data)
  })

  test('keeps the last good content when a write was cut short', () => {
    const store = opened()
    const data = lived(store.load(agent))
    store.save(agent, data)
    writeFileSync(`${fileOf(agent, 'offline')}.next`, 'half')
    expect(opened().load(agent)).toEqual(data)
    expect(lines).toEqual([])
  })

  test('that cannot be written is told once, and again after it was well', () => {
    const store = opened()
    const data = lived(store.load(agent))
    const next = `${fileOf(agent, 'offline')}.next`
    mkdirSync(next)
    store.save(agent, data)
    store.save(agent, data)
    expect(lines).toMatchObject([{ level: 'warn', text: 'the offline data could not be written' }])
    rmSync(next, { recursive: true })
    store.save(agent, data)
    mkdirSync(next)
    store.save(agent, data)
    expect(lines).toHaveLength(2)
  })

  test('without a folder keeps nothing', () => {
    const store = offlineStore(undefined, (line) => lines.push(line))
    store.save(agent, lived(store.load(agent)))
    expect(store.load(agent).users).toEqual([])
  })
})

test('[OF4] who has been away longest makes room', () => {
  let data = offlineStore(undefined, () => {}).load(agent)
  const known = { credential: null, policy, onlineAtMs: 0, failuresAtMs: [], lockedUntilMs: 0 }
  for (let number = 0; number <= offlineUsersMax; number += 1)
    data = withOfflineUser(data, { user: `u${number}`, ...known })
  expect(data.users).toHaveLength(offlineUsersMax)
  expect(data.users[0]?.user).toBe('u1')
})

function flipBit(file: string, at: number): void {
  const content = readFileSync(file)
  const index = at < 0 ? content.length + at : at
  content[index] = (content[index] ?? 0) ^ 1
  writeFileSync(file, content)
}
