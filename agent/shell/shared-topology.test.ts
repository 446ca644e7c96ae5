import { expect, test } from 'vitest'
import { type Topology } from '#shared/topology/model.ts'
import { sampleTopology } from '#shared/topology/sample.contract.ts'
import { topologySharing } from './shared-topology.ts'

const topology = (changes: Partial<Topology> = {}): Topology => ({
  ...sampleTopology([{ id: 'ward', appliances: ['ward-1', 'ward-2'], ranges: ['10.1.0.0/16'] }]),
  ...changes,
})

test('equal topologies are one object, whatever order their fields are in', () => {
  const share = topologySharing()
  const first = topology()
  expect(share(first)).toBe(first)
  expect(share(topology())).toBe(first)
  expect(share(Object.fromEntries(Object.entries(topology()).toReversed()) as typeof first)).toBe(first)
})

test('another epoch, or the same epoch with other content, stays what it is', () => {
  const share = topologySharing()
  const first = share(topology())
  const conflicting = topology({ enterprise: 'Another' })
  expect(share(conflicting)).toBe(conflicting)
  const newer = topology({ epoch: first.epoch + 1 })
  expect(share(newer)).toBe(newer)
  expect(share(topology({ epoch: first.epoch + 1 }))).toBe(newer)
  const older = topology()
  expect(share(older)).toBe(older)
})
