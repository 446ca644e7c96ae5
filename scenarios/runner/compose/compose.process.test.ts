/** The lab as containers on a real engine. Skipped by name where none answers; with `REQUIRE_ENGINE=1` that fails. */
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { projectRoot } from '../run-folder.ts'
import { ComposeProject, docker, isWithoutEngine } from '../testing/engine.ts'
import { readVersions } from '../versions.ts'

const skipped = await isWithoutEngine()
const image = `failover-lab:${readVersions()['failover-lab']}`
const buildMs = 400_000
const testMs = 300_000
const healthyWithinMs = 60_000

describe.skipIf(skipped)('on an engine', () => {
  beforeAll(async () => {
    await docker('build', '--network', 'host', '-t', image, '.')
  }, buildMs)

  test(
    '[HS1] the default lab is healthy within a minute, its agents read real interfaces, and nothing of it stays',
    async () => {
      const project = new ComposeProject(`failover-lab-test-${process.pid}`, join(projectRoot, 'docker-compose.yml'))
      await using up = project
      const beganMs = Date.now()
      await up.compose('up', '--wait')
      expect(Date.now() - beganMs).toBeLessThan(healthyWithinMs)

      expect(await up.compose('exec', '-T', 'dal-ws-1', 'door', 'status')).toContain(
        'dal-ws-1: online, home dallas: 172.16.9.20 is in 172.16.8.0-172.16.10.255',
      )
      expect(await up.compose('exec', '-T', 'chi-ws-2', 'door', 'status')).toContain(
        'home chicago: 172.16.11.126 is in 172.16.11.0-172.16.11.127',
      )
      // The network of the gap's workstation ends where Chicago's range does, so no route of it touches one (HS2).
      expect(await up.compose('exec', '-T', 'gap-ws-1', 'door', 'status')).toContain('no home site')
      const config = JSON.parse(await up.compose('exec', '-T', 'dal-ws-1', 'cat', '/config/config.json')) as object
      expect(config).not.toHaveProperty(['agents', 0, 'network'])
      expect(await up.compose('logs', 'lab')).toMatch(/dal1 serves/u)

      await up.compose('down', '-v')
      expect(await up.remains()).toEqual([])
    },
    testMs,
  )
})
