import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { AgentId, ApplianceId, SiteId } from '#shared/ids.ts'
import { normalSettings } from '#shared/policy/settings.ts'
import { type Topology } from '#shared/topology/model.ts'
import { type LogLine } from './log.ts'
import { topologyCache } from './topology-cache.ts'

const agent = AgentId('ward/7')
const file = 'ward%2F7.topology.json'
const topology: Topology = {
  epoch: 3,
  enterprise: 'Hospital',
  generation: 'G4',
  sites: [{ id: SiteId('chicago'), name: 'Chicago', type: 'active', ranges: [], failover: {} }],
  appliances: [
    { id: ApplianceId('chicago-1'), site: SiteId('chicago'), role: 'database', host: 'chicago-1.example', port: 443 },
  ],
  settings: normalSettings,
}

let folder = ''
let lines: LogLine[] = []
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'cache-'))
  lines = []
})
afterEach(() => rmSync(folder, { recursive: true }))

const opened = () => topologyCache(folder, (line) => lines.push(line))

describe('topology cache', () => {
  test('[BT3] what was in use survives a restart, for each agent its own', () => {
    const cache = opened()
    expect(cache.load(agent)).toBeUndefined()
    cache.save(agent, { ...topology, epoch: 2 })
    cache.save(agent, topology)
    cache.save(AgentId('ward/8'), { ...topology, epoch: 9 })
    expect(opened().load(agent)).toEqual(topology)
    expect(opened().load(AgentId('ward/8'))?.epoch).toBe(9)
    expect(lines).toEqual([])
  })

  test.each([
    ['cut short', JSON.stringify(topology).slice(0, 100), 'not JSON'],
    ['empty', '', 'not JSON'],
    ['no topology', JSON.stringify({ ...topology, epoch: 'three' }), '/epoch must be integer'],
  ])('[BT3] a file that is %s is discarded with a warning', (_, text, problem) => {
    writeFileSync(path.join(folder, file), text)
    expect(opened().load(agent)).toBeUndefined()
    expect(lines).toMatchObject([{ agent, level: 'warn', rules: ['BT3'], data: { problem } }])
    expect(readdirSync(folder)).toEqual([])
    expect(opened().load(agent)).toBeUndefined()
    expect(lines).toHaveLength(1)
  })

  test('[BT3] a write that was cut short leaves the last good topology', () => {
    opened().save(agent, topology)
    writeFileSync(path.join(folder, `${file}.next`), '{"epoch":')
    expect(opened().load(agent)).toEqual(topology)
    opened().save(agent, { ...topology, epoch: 4 })
    expect(opened().load(agent)?.epoch).toBe(4)
    expect(readdirSync(folder)).toEqual([file])
  })

  test('[BT3] a disk that fails leaves the last good topology and a warning', () => {
    const cache = opened()
    cache.save(agent, topology)
    mkdirSync(path.join(folder, `${file}.next`))
    cache.save(agent, { ...topology, epoch: 4 })
    expect(lines).toMatchObject([{ agent, level: 'warn', rules: ['BT3'] }])
    expect(JSON.parse(readFileSync(path.join(folder, file), 'utf8'))).toEqual(topology)
  })

  test('without a folder nothing is kept', () => {
    const cache = topologyCache(undefined, () => {})
    cache.save(agent, topology)
    expect(cache.load(agent)).toBeUndefined()
  })
})
