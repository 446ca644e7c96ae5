import { describe, expect, it } from 'vitest'
import { fleetLoss } from './fleet-loss.ts'

describe('200 agents of one fleet, one of the two appliances of their site killed', () => {
  it('[LO1, LO3] every session resumes without a login, within twice a bare reconnect storm', async ({ signal }) => {
    const figures = await fleetLoss('fleet-loss', signal)
    expect(figures.agents).toBe(200)
    // Both appliances had a share, or nothing was shown.
    expect(figures.lost).toBeGreaterThan(60)
    expect(figures.lost).toBeLessThan(140)
    expect(figures.resumed).toBe(figures.lost)
    expect(figures.loginsNeeded).toBe(0)
    expect(figures.resumedMs.p99).toBeLessThanOrEqual(figures.detectionMs.p99 + 2 * figures.bareStormMs.p99)
  })
})
